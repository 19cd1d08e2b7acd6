"""The boxes of an MP4 or MOV file: whether they fit into it, and whether they speak of other files.

ffmpeg follows a track's reference to another file only when told to; a file that has one is not taken at all, for the
next program that opens it may be less careful.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from control_room.probing.result import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf"})
_STILLS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})
_BOXES_MAX = 20_000
_DREF_BYTES_MAX = 64 * 1024
_SELF_CONTAINED = 1


class BoxError(Exception):
    """The file is not taken."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.refused = Refused(reason=reason, message=message)


class _Box(NamedTuple):
    type: bytes
    start: int
    """Of its content."""
    end: int


def check(file: BinaryIO, size_bytes: int) -> None:
    """Look through the structure.

    Raises:
        BoxError: truncated, or speaks of other files, or hides its structure.
    """
    seen = set()
    left = _BOXES_MAX
    waiting = [_Box(b"", 0, size_bytes)]
    while waiting:
        for box in _inside(file, waiting.pop(), size_bytes):
            left -= 1
            if left < 0:
                raise BoxError("limits", "too many boxes")
            seen.add(box.type)
            _look_at(file, box)
            if box.type in _PARENTS:
                waiting.append(box)
    if not {b"moov"} <= seen:
        raise BoxError("damaged", "no moov box: the recording was cut off, or it never ended")


def _inside(file: BinaryIO, parent: _Box, size_bytes: int) -> Iterator[_Box]:
    at = parent.start
    while at + 8 <= parent.end:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        start = at + 8
        if length == 1:
            wide = file.read(8)
            length = struct.unpack(">Q", wide)[0] if len(wide) == 8 else 0  # noqa: PLR2004 - eight bytes
            start += 8
        elif length == 0:
            length = parent.end - at
        if length < start - at or at + length > parent.end:
            where = "the file" if parent.end == size_bytes else "its parent"
            raise BoxError("damaged", f"a box of {length} bytes at {at} does not fit into {where}: truncated?")
        yield _Box(kind, start, at + length)
        at += length


def _look_at(file: BinaryIO, box: _Box) -> None:
    if box.type == b"cmov":
        raise BoxError("codec", "a compressed header")
    if box.type == b"rmra":
        raise BoxError("external", "a movie that only names other movies")
    file.seek(box.start)
    if box.type == b"ftyp" and file.read(4) in _STILLS:
        raise BoxError("unknown_kind", "a HEIF or AVIF picture")
    if box.type == b"dref":
        _check_references(file.read(min(box.end - box.start, _DREF_BYTES_MAX)))


def _check_references(content: bytes) -> None:
    at = 8
    while at + 12 <= len(content):
        length, kind, flags = struct.unpack(">I4sI", content[at : at + 12])
        if not flags & _SELF_CONTAINED:
            name = kind.decode("ascii", "replace")
            raise BoxError("external", f"a track whose data lies in another file ({name})")
        at += max(length, 12)
