"""Which addresses are fetched."""

from __future__ import annotations

from urllib.parse import urlsplit


def rtsp_address(address: str) -> str:
    """Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme not in {"rtsp", "rtsps"} or not parts.hostname or not address.isprintable() or " " in address:
        raise ValueError("an address that begins with rtsp:// or rtsps://")
    try:
        parts.port  # noqa: B018 - read, it is judged
    except ValueError:
        raise ValueError("a port of 0 to 65535 (a / in a password is written %2F)") from None
    return address
