"""The size of a JPEG still and its EXIF orientation, from its header."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES = 4 * 1024 * 1024
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_EXIF = 0xE1
_ORIENTATION = 0x0112
_TURNS = {1: 0, 6: 1, 3: 2, 8: 3}
"""EXIF orientation to quarters clockwise from what is stored to what is shown; mirrored ones are no camera's."""


@dataclass(frozen=True, slots=True)
class Header:
    stored_px: tuple[int, int]
    turn: int = 0

    @property
    def shown_px(self) -> tuple[int, int]:
        """As viewers, browsers and OpenCV show it."""
        width, height = self.stored_px
        return (height, width) if self.turn % 2 else (width, height)


def read_header(path: Path) -> Header:
    """Raise RefusedError."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a name that none can be
        why = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise RefusedError(f"the image cannot be read: {why}") from None
    if not head.startswith(b"\xff\xd8"):
        raise RefusedError("the image is no JPEG")
    turn, place = 0, 2
    try:
        while head[place] == 0xFF:  # noqa: PLR2004 - every marker begins so
            marker, length = head[place + 1], int.from_bytes(head[place + 2 : place + 4], "big")
            if marker in _START_OF_FRAME:
                height, width = struct.unpack_from(">HH", head, place + 5)
                return Header((int(width), int(height)), turn)
            if marker == _START_OF_SCAN:
                break
            if marker == _EXIF and head[place + 4 : place + 10] == b"Exif\0\0":
                turn = _orientation(head[place + 10 : place + 2 + length])
            place += 2 + length
    except (IndexError, struct.error):
        pass
    raise RefusedError("the image is a damaged JPEG")


def _orientation(tiff: bytes) -> int:
    """Quarters; 0 where it is not told or damaged."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(count):
            tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return _TURNS.get(value, 0)
    except struct.error:
        return 0
    return 0
