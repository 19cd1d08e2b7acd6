"""RTMP's chunks put together to messages: bounded in every way, for who sends them is not known yet."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

MESSAGE_BYTES_MOST = 8 * 1024 * 1024
"""A key frame of 4K at a high rate has 2 MiB."""
COMMAND_BYTES_MOST = 64 * 1024
_CHUNK_BYTES_MOST = 16 * 1024 * 1024
_STREAMS_MOST = 8
_EXTENDED = b"\xff\xff\xff"
_WRAPS = 1 << 32
SET_CHUNK_SIZE, ABORT, AUDIO, VIDEO, DATA, COMMAND = 1, 2, 8, 9, 18, 20
_HEADER_BYTES = (11, 7, 3, 0)
"""By the form of a chunk: all, without the stream, the time only, nothing."""
_WHOLE, _GOES_ON = 0, 3
_HAVE_LENGTH = frozenset({0, 1})


class GarbageError(ValueError):
    """These bytes are not what a publisher sends; one line."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole one."""

    kind: int
    time_ms: int
    """32 bits, as it was sent: it may go round."""
    stream: int
    body: bytes


@dataclass(slots=True)
class _ChunkStream:
    time_ms: int = 0
    delta_ms: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    body: bytearray = field(default_factory=bytearray)

    def begin_or_go_on(self, form: int, stamp: int, header: bytearray, *, extended: bool) -> None:
        self.extended = extended
        if form in _HAVE_LENGTH:
            self.length, self.kind = int.from_bytes(header[3:6]), header[6]
        if form == _WHOLE:
            self.time_ms = self.delta_ms = stamp
            (self.stream,) = struct.unpack("<I", header[7:11])
        elif form != _GOES_ON:
            self.delta_ms = stamp
        if form != _WHOLE and not self.body:
            self.time_ms = (self.time_ms + self.delta_ms) % _WRAPS


class Chunks:
    """What has come of a connection after its handshake."""

    def __init__(self, message_bytes_most: int = COMMAND_BYTES_MOST) -> None:
        self.message_bytes_most = message_bytes_most
        """Small until the publisher has shown its key."""
        self._size = 128
        self._buffer = bytearray()
        self._streams: dict[int, _ChunkStream] = {}

    def feed(self, data: bytes) -> list[Message]:
        """What is whole now.

        Raises:
            GarbageError: nothing that follows can be understood.
        """
        self._buffer += data
        whole: list[Message] = []
        at = 0
        while (end := self._chunk(at, whole)) is not None:
            at = end
        del self._buffer[:at]
        return whole

    def _chunk(self, at: int, whole: list[Message]) -> int | None:
        """Where the chunk that begins at `at` ends; None: more must come."""
        buffer = self._buffer
        beginning = self._beginning(at)
        if beginning is None:
            return None
        form, number, at = beginning
        known = self._known(form, number)
        header = buffer[at : at + _HEADER_BYTES[form]]
        at += len(header)
        extended = header[:3] == _EXTENDED if header else known.extended
        body_at = at + (4 if extended else 0)
        length = int.from_bytes(header[3:6]) if form in _HAVE_LENGTH else known.length
        if length > self.message_bytes_most:
            raise GarbageError(f"a message of {length} bytes")
        part = min(self._size, length - len(known.body))
        if body_at + part > len(buffer):
            return None
        stamp = int.from_bytes(buffer[at:body_at] if extended else header[:3])
        known.begin_or_go_on(form, stamp, header, extended=extended)
        self._streams[number] = known
        known.body += buffer[body_at : body_at + part]
        if len(known.body) == known.length:
            self._complete(known, whole)
        return body_at + part

    def _beginning(self, at: int) -> tuple[int, int, int] | None:
        """Form and number of a chunk, and where its header begins, where that has come too."""
        buffer = self._buffer
        if at >= len(buffer):
            return None
        form, number = buffer[at] >> 6, buffer[at] & 0x3F
        at += 1
        if number < 2:  # noqa: PLR2004 - the number follows, in one byte or two
            if at + number >= len(buffer):
                return None
            number, at = 64 + int.from_bytes(buffer[at : at + number + 1], "little"), at + number + 1
        return (form, number, at) if at + _HEADER_BYTES[form] <= len(buffer) else None

    def _known(self, form: int, number: int) -> _ChunkStream:
        known = self._streams.get(number)
        if known is None:
            if form != _WHOLE or len(self._streams) >= _STREAMS_MOST:
                raise GarbageError("a chunk without a beginning, or too many chunk streams")
            return _ChunkStream()
        if form != _GOES_ON and known.body:
            raise GarbageError("a message begins before the last one has ended")
        return known

    def _complete(self, known: _ChunkStream, whole: list[Message]) -> None:
        body = bytes(known.body)
        known.body.clear()
        if known.kind == SET_CHUNK_SIZE:
            size = int.from_bytes(body[:4])
            if len(body) != 4 or not 1 <= size <= _CHUNK_BYTES_MOST:  # noqa: PLR2004 - 31 bits
                raise GarbageError(f"chunks of {size} bytes")
            self._size = size
        elif known.kind == ABORT:
            number = int.from_bytes(body[:4])
            if number in self._streams:
                self._streams[number].body.clear()
        else:
            whole.append(Message(known.kind, known.time_ms, known.stream, body))


def written(kind: int, body: bytes, *, number: int, stream: int = 0, chunk_bytes: int = 128) -> bytes:
    """A message of ours, in chunks."""
    header = struct.pack(">BHB", number, 0, 0) + len(body).to_bytes(3) + bytes([kind]) + struct.pack("<I", stream)
    parts = [body[at : at + chunk_bytes] for at in range(0, len(body), chunk_bytes)] or [b""]
    return header + bytes([0xC0 | number]).join(parts)
