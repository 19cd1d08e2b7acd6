"""Holds a PNG to its own word before a decoder sees it: how many pixels, and that its data unpacks to just those."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_SIGNATURE_BYTES = 8
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_INTERLACED_FILTERS = 7
_READ_BYTES = 256 * 1024


class PngError(ValueError):
    """It is not what its header says."""


def size(head: bytes) -> tuple[int, int]:
    """Width and height as the header says."""
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def check(file: BinaryIO) -> None:
    """Unpack its data piece by piece, keeping none of it.

    Raises:
        PngError: it unpacks to more than its pixels take, or cannot be unpacked.
    """
    file.seek(_SIGNATURE_BYTES)
    left = _unpacked_bytes(file.read(25))
    unpacking = zlib.decompressobj()
    try:
        for piece in _data(file):
            waiting = piece
            while waiting:
                left -= len(unpacking.decompress(waiting, _READ_BYTES))
                if left < 0:
                    raise PngError("its data unpacks to more than its pixels take")
                waiting = unpacking.unconsumed_tail
    except zlib.error as error:
        raise PngError(f"its data cannot be unpacked: {error}") from None


def _unpacked_bytes(header: bytes) -> int:
    """At most; each row has a byte for its filter, and an interlaced picture has some rows more."""
    length, kind, width, height, depth, colour, _, _, interlaced = struct.unpack(">I4sIIBBBBB", header[:21])
    if (length, kind) != (13, b"IHDR") or colour not in _CHANNELS:
        raise PngError("its header is none")
    row = (width * _CHANNELS[colour] * depth + 7) // 8 + 1
    return int(row * height + (interlaced and 2 * height + (width + _INTERLACED_FILTERS) * _INTERLACED_FILTERS))


def _data(file: BinaryIO) -> Iterator[bytes]:
    while len(header := file.read(8)) == 8:  # noqa: PLR2004 - length and kind
        length, kind = struct.unpack(">I4s", header)
        if kind == b"IEND":
            return
        if kind != b"IDAT":
            file.seek(length + 4, 1)
            continue
        while length:
            piece = file.read(min(length, _READ_BYTES))
            if not piece:
                raise PngError("it ends before its data does")
            length -= len(piece)
            yield piece
        file.seek(4, 1)
