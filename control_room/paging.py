"""Cursors of lists that are given page by page: the key of a page's last row, as text that says nothing to people."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import ValidationError

from control_room import problems

if TYPE_CHECKING:
    from pydantic import TypeAdapter

K = TypeVar("K")


class BadCursorError(problems.UnprocessableError):
    """This cursor was not given by this list."""

    name = "bad-cursor"


class Cursor(Generic[K]):
    """Of a list that is ordered by a key of this type."""

    def __init__(self, key: TypeAdapter[K]) -> None:
        self._key = key

    def after(self, key: K) -> str:
        """The cursor of the page that begins after the row of this key."""
        return base64.urlsafe_b64encode(self._key.dump_json(key)).decode().rstrip("=")

    def read(self, text: str | None) -> K | None:
        """Raises `BadCursorError`; None for None."""
        if not text:
            return None
        try:
            padded = text + "=" * (-len(text) % 4)
            return self._key.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, ValidationError):
            raise BadCursorError from None
