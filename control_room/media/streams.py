"""The streams that the process has: what comes in goes to every viewer, and is kept for a while to go back to."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from control_room.media import h264
from control_room.media.detections import Passing
from control_room.media.ring import Frame, Ring

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

Kind = Literal["whip", "rtmp", "rtsp"]
Codec = Literal["h264", "h265"]

_LATE_S_MAX = 1.0
"""A sender's clock that is behind by more than this when its pictures come is set anew."""
_KEY_ASKED_EVERY_S = 1.0
_KEY_WANTED_AFTER_S = 3.0
"""Without a key picture for so long nobody could begin to watch."""
_RATES_OVER_S = 3.0
_TIMESTAMPS = 2**32
_NEAR_S = 10.0


def _wall() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Of the process."""

    now_s: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _wall


class Watcher(Protocol):
    """Who is given every picture."""

    def offer(self, frame: Frame) -> None: ...


@dataclass(eq=False, kw_only=True)
class Publisher:
    """Who sends a stream."""

    kind: Kind
    ask_for_key: Callable[[], None]
    makes_keys: bool = True
    """Asked for a key picture it codes one. An agent passes on what a camera codes: it can only repeat the last group,
    which all viewers would see twice."""
    codec: Codec = "h264"
    """Of what it sends; viewers get H.264."""
    is_transcoded: bool = False
    since: datetime = field(default_factory=_wall)


class Stream:
    """One camera's or drone's pictures."""

    def __init__(self, name: str, ring: Ring, clock: Clock) -> None:
        self.name = name
        self.ring = ring
        self.publisher: Publisher | None = None
        self.watchers: set[Watcher] = set()
        self.taps: set[Callable[[Frame], None]] = set()
        """Called with each picture, in the event loop; must not wait."""
        self.picture: h264.Picture | None = None
        self.last_s = clock.now_s()
        """When the last picture came, or the stream began."""
        self.frames = 0
        self.bytes = 0
        self.dropped = 0
        """Pictures of the publisher that could not be used."""
        self._clock = clock
        self._shift: int | None = None
        self._last_timestamp = 0
        self._newest = 0
        """Timestamp of the newest picture, of the publisher."""
        self.detections = Passing(self.timestamp_of, clock.now_s)
        self._sps: bytes | None = None
        self._pps: bytes | None = None
        self._key_asked_s = -float("inf")
        self._is_key_wanted = False
        self._recent: deque[tuple[float, int]] = deque()

    def publish_by(self, publisher: Publisher) -> None:
        """Another publisher begins; its clock is its own."""
        self.publisher = publisher
        self._shift = None
        self.last_s = self._clock.now_s()

    def ended_by(self, publisher: Publisher) -> None:
        """Its viewers wait for it to come back; the ring stays."""
        if self.publisher is publisher:
            self.publisher = None

    def add(self, payloads: tuple[bytes, ...], timestamp: int, contents: h264.Contents) -> None:
        """A picture of the publisher; `timestamp`: its own, 90 kHz, without its turning over."""
        now_s = self._clock.now_s()
        self._sps, self._pps = contents.sps or self._sps, contents.pps or self._pps
        if contents.sps is not None:
            self.picture = h264.picture(contents.sps)
        if contents.is_key and not (contents.sps and contents.pps) and self._sps and self._pps:
            payloads = (h264.aggregated((self._sps, self._pps)), *payloads)
        size = sum(map(len, payloads))
        frame = Frame(
            payloads, self._timestamp(timestamp, now_s), contents.is_key, now_s, self._clock.now(), size_bytes=size
        )
        self.last_s = now_s
        self.frames += 1
        self.bytes += size
        self._recent.append((now_s, size))
        while now_s - self._recent[0][0] > _RATES_OVER_S:
            self._recent.popleft()
        self._is_key_wanted = self._is_key_wanted and not frame.is_key
        self.ring.put(frame)
        for watcher in tuple(self.watchers):
            watcher.offer(frame)
        for tap in tuple(self.taps):
            tap(frame)

    def _timestamp(self, theirs: int, now_s: float) -> int:
        """Its pace is the sender's own, but it is never ahead of when a picture came.

        A camera's first pictures come late and then in a burst (it was being asked what it sends). Counted from the
        first of them all others would lie in the future, and players would hold each back until its time has come:
        live pictures seconds old, for good.
        """
        ours, self._newest = round(now_s * h264.CLOCK_HZ), theirs
        behind = None if self._shift is None else ours - theirs - self._shift
        if self._shift is None or behind is None or not 0 <= behind <= _LATE_S_MAX * h264.CLOCK_HZ:
            self._shift = ours - theirs
        self._last_timestamp = max(self._last_timestamp + 1, theirs + self._shift)
        return self._last_timestamp

    def timestamp_of(self, theirs: int) -> int | None:
        """The stream's, of a picture by the publisher's 32 bits; None: of no picture that came lately or comes soon."""
        ahead = (theirs - self._newest + _TIMESTAMPS // 2) % _TIMESTAMPS - _TIMESTAMPS // 2
        if self._shift is None or abs(ahead) > _NEAR_S * h264.CLOCK_HZ:
            return None
        return self._newest + ahead + self._shift

    def want_key(self) -> None:
        """Ask the publisher for a key picture, now or as soon as it would not be too often."""
        now_s = self._clock.now_s()
        self._is_key_wanted = True
        if self.publisher is not None and now_s - self._key_asked_s >= _KEY_ASKED_EVERY_S:
            self._key_asked_s, self._is_key_wanted = now_s, False
            self.publisher.ask_for_key()

    def want_fresh_key(self) -> None:
        """Where the publisher can make one."""
        if self.publisher is not None and self.publisher.makes_keys:
            self.want_key()

    def tend(self) -> None:
        """To be called a few times a second."""
        key = self.ring.key
        if self._is_key_wanted or key is None:
            self.want_key()
        elif self._clock.now_s() - key.arrived_s > _KEY_WANTED_AFTER_S:
            self.want_fresh_key()

    @property
    def silent_s(self) -> float:
        return self._clock.now_s() - self.last_s

    @property
    def fps(self) -> float:
        return len(self._rate()) / _RATES_OVER_S

    @property
    def bits_s(self) -> float:
        return 8 * sum(size for _, size in self._rate()) / _RATES_OVER_S

    def _rate(self) -> list[tuple[float, int]]:
        since_s = self._clock.now_s() - _RATES_OVER_S
        return [each for each in self._recent if each[0] > since_s]
