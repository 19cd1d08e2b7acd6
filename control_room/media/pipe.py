"""Pictures between the media process and those that read or code for it: records over a pipe."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal

if TYPE_CHECKING:
    import asyncio

_HEADER = struct.Struct(">BIq")
_MOST_BYTES = 16 * 1024 * 1024
Kind = Literal["codec", "picture", "key", "end"]
_KINDS: tuple[Kind, ...] = ("codec", "picture", "key", "end")


class BrokenPipeRecordError(ValueError):
    """The other process writes what is no record."""


@dataclass(frozen=True, slots=True)
class Record:
    """`codec`: its name; `picture` and `key`: an access unit with start codes; `end`: why, one line."""

    kind: Kind
    data: bytes
    shown_ticks: int = 0
    """Of a picture, in 1/90000 s."""

    def encoded(self) -> bytes:
        return _HEADER.pack(_KINDS.index(self.kind), len(self.data), self.shown_ticks) + self.data


def read(file: BinaryIO) -> Record | None:
    """None: the other end has closed it. Raises BrokenPipeRecordError."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    kind, length, ticks = _read_header(header)
    data = file.read(length)
    return Record(kind, data, ticks) if len(data) == length else None


async def receive(reader: asyncio.StreamReader) -> Record:
    """Raises BrokenPipeRecordError, and IncompleteReadError where the other end has closed it."""
    kind, length, ticks = _read_header(await reader.readexactly(_HEADER.size))
    return Record(kind, await reader.readexactly(length), ticks)


def _read_header(header: bytes) -> tuple[Kind, int, int]:
    number, length, ticks = _HEADER.unpack(header)
    if number >= len(_KINDS) or length > _MOST_BYTES:
        raise BrokenPipeRecordError(f"a record of kind {number} and {length} bytes")
    return _KINDS[number], length, ticks
