"""Bytes of unknown encoding to text."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from vision.telemetry.reading import TEXT_BYTES_MAX, TelemetryError

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NUL_SHARE_WIDE = 0.3


def read(path: Path) -> str:
    """The whole file as text.

    Raises:
        TelemetryError: too large, or not to be read.
    """
    return decode(read_bytes(path, TEXT_BYTES_MAX))


def read_bytes(path: Path, bytes_max: int) -> bytes:
    """The whole file.

    Raises:
        TelemetryError: too large, or not to be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except OSError as error:
        raise TelemetryError(f"cannot be read: {error.strerror or error}") from None
    if len(content) > bytes_max:
        raise TelemetryError(f"larger than {bytes_max // 2**20} MiB")
    return content


def decode(content: bytes) -> str:
    """By its byte order mark, by the place of its zeros, as UTF-8, else as Windows' Latin letters. Never fails."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    wide = _wide_encoding(content[:4096])
    if wide:
        return content.decode(wide, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(content) - 4:  # cut within a letter
            return content[: error.start].decode("utf-8")
        return content.decode("cp1252", errors="replace")


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of western text is zero."""
    pairs = len(head) // 2
    if not pairs:
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd >= _NUL_SHARE_WIDE * pairs and even < odd / 4:
        return "utf-16-le"
    if even >= _NUL_SHARE_WIDE * pairs and odd < even / 4:
        return "utf-16-be"
    return None
