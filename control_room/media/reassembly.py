"""RTP packets of one sender to whole pictures, in order: what is missing is asked for again, then given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from control_room.media import h264

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 0.6
"""How long a missing packet is waited for."""
_ASK_EVERY_S = 0.1
_WAITING_MAX = 2048
_PICTURE_BYTES_MAX = 4 * 1024 * 1024


class Picture(NamedTuple):
    """One of the sender's, whole."""

    payloads: tuple[bytes, ...]
    timestamp: int
    """Of the sender's 90 kHz clock, without its turning over."""
    contents: h264.Contents


class _Packet(NamedTuple):
    timestamp: int
    is_last: bool
    payload: bytes


@dataclass(slots=True)
class _Unturned:
    """A counter of a few bits as one that goes on."""

    bits: int
    last: int | None = None

    def of(self, value: int) -> int:
        size = 1 << self.bits
        value %= size
        if self.last is None:
            self.last = value
            return value
        step = (value - self.last) % size
        if step >= size // 2:
            step -= size
        found = self.last + step
        self.last = max(self.last, found)
        return found


@dataclass(slots=True)
class Reassembly:
    """After a loss that could not be mended nothing comes until the next key picture: what follows would be smeared."""

    is_broken: bool = True
    """Waits for a key picture."""
    lost_packets: int = 0
    dropped_pictures: int = 0
    _next: int | None = None
    _waiting: dict[int, _Packet] = field(default_factory=dict)
    _gap_since_s: float | None = None
    _asked_s: dict[int, float] = field(default_factory=dict)
    _pieces: list[bytes] = field(default_factory=list)
    _pieces_bytes: int = 0
    _timestamp: int | None = None
    _is_torn: bool = False
    """The picture at hand lacks its beginning."""
    _numbers: _Unturned = field(default_factory=lambda: _Unturned(16))
    _times: _Unturned = field(default_factory=lambda: _Unturned(32))

    def add(self, number: int, timestamp: int, payload: bytes, now_s: float, *, is_last: bool) -> Iterator[Picture]:
        """The pictures that are whole by this packet; `is_last`: RTP's marker."""
        number = self._numbers.of(number)
        if self._next is None:
            self._next = number
        if number < self._next or number in self._waiting:
            return
        self._waiting[number] = _Packet(self._times.of(timestamp), is_last, payload)
        yield from self._whole()
        if not self._waiting:
            self._gap_since_s = None
            self._asked_s.clear()
        elif self._gap_since_s is None:
            self._gap_since_s = now_s
        if len(self._waiting) > _WAITING_MAX or number - self._next > _WAITING_MAX:
            yield from self._give_up(now_s)

    def overdue(self, now_s: float) -> Iterator[Picture]:
        """To be called often; gives up what has been missing for too long."""
        if self._gap_since_s is not None and now_s - self._gap_since_s > PATIENCE_S:
            yield from self._give_up(now_s)

    def to_ask_for(self, now_s: float) -> list[int]:
        """Numbers (16 bits) of the packets to be sent again, each not more often than makes sense."""
        if self._next is None or not self._waiting:
            return []
        missing = [number for number in range(self._next, max(self._waiting)) if number not in self._waiting]
        due = [number for number in missing if now_s - self._asked_s.get(number, -_ASK_EVERY_S) >= _ASK_EVERY_S]
        self._asked_s.update(dict.fromkeys(due, now_s))
        return [number & 0xFFFF for number in due[:_WAITING_MAX]]

    def _whole(self) -> Iterator[Picture]:
        if self._next is None:
            return
        while (packet := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            if packet.timestamp != self._timestamp:
                yield from self._finish()
                self._timestamp = packet.timestamp
            if packet.payload:
                self._pieces.append(packet.payload)
                self._pieces_bytes += len(packet.payload)
                if self._pieces_bytes > _PICTURE_BYTES_MAX:
                    self._is_torn = True
                    self._pieces.clear()
            if packet.is_last:
                yield from self._finish()

    def _finish(self) -> Iterator[Picture]:
        pieces, timestamp, is_torn = tuple(self._pieces), self._timestamp, self._is_torn
        self._pieces, self._pieces_bytes, self._is_torn = [], 0, False
        if is_torn:
            self.is_broken = True
        if not pieces or timestamp is None:
            return
        contents = h264.contents(pieces)
        if is_torn or (self.is_broken and not contents.is_key):
            self.dropped_pictures += 1
            return
        self.is_broken = False
        yield Picture(pieces, timestamp, contents)

    def _give_up(self, now_s: float) -> Iterator[Picture]:
        """Go on behind the gap."""
        if self._next is None or not self._waiting:
            return
        following = min(self._waiting)
        self.lost_packets += min(following - self._next, 0xFFFF)
        self._next = following
        self._pieces, self._pieces_bytes = [], 0
        self._is_torn = self.is_broken = True
        self._timestamp = self._waiting[following].timestamp
        yield from self._whole()
        self._gap_since_s = now_s if self._waiting else None
