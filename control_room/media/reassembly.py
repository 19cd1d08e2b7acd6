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


def _near(value: int, known: int, bits: int) -> int:
    """A counter of so many bits as one that goes on: the number nearest to the known one."""
    step = value - known & (1 << bits) - 1
    return known + (step if step < 1 << bits - 1 else step - (1 << bits))


@dataclass(slots=True)
class Reassembly:
    """After a loss that could not be mended nothing comes until the next key picture: what follows would be smeared."""

    is_broken: bool = True
    """Waits for a key picture."""
    lost_packets: int = 0
    dropped_pictures: int = 0
    has_new_gap: bool = False
    """`to_ask_for` has something to say."""
    _next: int | None = None
    _highest: int = 0
    _elsewhere: int | None = None
    """What would follow a packet that came from far off: two in a row, and the sender has begun anew there."""
    _waiting: dict[int, _Packet] = field(default_factory=dict)
    _gap_since_s: float | None = None
    _asked_s: dict[int, float] = field(default_factory=dict)
    _pieces: list[bytes] = field(default_factory=list)
    _pieces_bytes: int = 0
    _timestamp: int | None = None
    _is_torn: bool = False
    """The picture at hand lacks its beginning."""
    _time: int | None = None

    def add(self, number: int, timestamp: int, payload: bytes, now_s: float, *, is_last: bool) -> Iterator[Picture]:
        """The pictures that are whole by this packet; `is_last`: RTP's marker."""
        number = self._placed(number)
        if self._next is None or number < self._next or number in self._waiting:
            return
        self._time = timestamp if self._time is None else _near(timestamp, self._time, 32)
        self._waiting[number] = _Packet(self._time, is_last, payload)
        self.has_new_gap = self.has_new_gap or number > self._highest + 1
        self._highest = max(self._highest, number)
        yield from self._whole()
        if not self._waiting:
            self._gap_since_s = None
            self._asked_s.clear()
        elif self._gap_since_s is None:
            self._gap_since_s = now_s
        if len(self._waiting) > _WAITING_MAX // 2:
            yield from self._give_up(now_s)

    def _placed(self, number: int) -> int:
        """The number without its turning over; of a packet that belongs nowhere one that is past."""
        if self._next is None:
            self._next, self._highest = number, number - 1
            return number
        number = _near(number, self._next, 16)
        if abs(number - self._next) <= _WAITING_MAX:
            return number
        if number & 0xFFFF != self._elsewhere:
            self._elsewhere = number + 1 & 0xFFFF
            return self._next - 1
        self._elsewhere = None
        self._waiting.clear()
        self._asked_s.clear()
        self._pieces, self._pieces_bytes = [], 0
        self._is_torn = self.is_broken = True
        self._next, self._highest = number, number - 1
        return number

    def overdue(self, now_s: float) -> Iterator[Picture]:
        """To be called often; gives up what has been missing for too long."""
        if self._gap_since_s is not None and now_s - self._gap_since_s > PATIENCE_S:
            yield from self._give_up(now_s)

    def to_ask_for(self, now_s: float) -> list[int]:
        """Numbers (16 bits) of the packets to be sent again, each not more often than makes sense."""
        self.has_new_gap = False
        if self._next is None or not self._waiting:
            return []
        missing = [number for number in range(self._next, self._highest) if number not in self._waiting]
        due = [number for number in missing if now_s - self._asked_s.get(number, -_ASK_EVERY_S) >= _ASK_EVERY_S]
        self._asked_s.update(dict.fromkeys(due, now_s))
        return [number & 0xFFFF for number in due]

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
