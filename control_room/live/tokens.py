"""Words that open one thing for a while, made from the secret of live video, so that no table holds them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


def of_publication(secret: str, stream: str, publication_id: UUID) -> str:
    """What a device shows that was asked to send this stream."""
    return _sealed(secret, f"publish {stream} {publication_id}")


def is_of_publication(given: str, secret: str, stream: str, publication_id: UUID) -> bool:
    return hmac.compare_digest(given.encode(), of_publication(secret, stream, publication_id).encode())


def for_mediamtx(secret: str, action: str, path: str, until: datetime) -> str:
    """What the room shows MediaMTX for one offer that it has judged: MediaMTX asks the room back."""
    ends = int(until.timestamp())
    return f"{ends}.{_sealed(secret, f'{action} {path} {ends}')}"


def is_for_mediamtx(given: str, secret: str, action: str, path: str, now: datetime) -> bool:
    ends, _, sealed = given.partition(".")
    if not ends.isdecimal() or len(ends) > 12 or int(ends) < now.timestamp():  # noqa: PLR2004 - digits of a time
        return False
    return hmac.compare_digest(sealed.encode(), _sealed(secret, f"{action} {path} {ends}").encode())


def _sealed(secret: str, what: str) -> str:
    digest = hmac.new(secret.encode(), what.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
