"""What one viewer is sent, and with which times: from the last key picture at once, then each picture as it comes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from control_room.media import h264

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_room.media.ring import Frame
    from control_room.media.streams import Clock, Stream

BURST_PACKETS = 24
PACE_S = 0.002
"""So many packets go out at once, the others that much later: no socket on the way has to hold them all."""
_BEHIND_S_MAX = 3.0
_BEHIND_BYTES_MAX = 12 * 1024 * 1024
_SOCKET_BYTES_MAX = 1024 * 1024
_REPLAY_EVERY_S = 1.0
_REPLAY_SHARE = 0.6
_FRESH_S = 2.0
"""A group on which nothing followed for longer is of a source that stands still: who is sent it takes it for now."""


class Outlet(Protocol):
    """The connection to the viewer."""

    @property
    def waiting_bytes(self) -> int:
        """What the socket has not taken yet."""

    def send(self, frame: Frame, timestamp: int, begin: int, end: int) -> None:
        """Send its payloads `begin` to `end`."""


class Times:
    """RTP timestamps of one viewer.

    A player shows a picture when its timestamp says so, counted from the pictures before it. So pictures that come
    from the cache carry the times at which they are sent, not those at which they were taken: their own would have the
    player stay as far behind as the cache reaches back. What follows carries the stream's own.
    """

    def __init__(self) -> None:
        self._last: int | None = None

    def of_cached(self, now_s: float) -> int:
        return self.of_live(round(now_s * h264.CLOCK_HZ))

    def of_live(self, timestamp: int) -> int:
        self._last = timestamp if self._last is None else max(self._last + 1, timestamp)
        return self._last


class Feed:
    """A bounded queue in front of one viewer: who does not keep up goes on at the next key picture."""

    def __init__(
        self, stream: Stream, outlet: Outlet, clock: Clock, call_later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self._stream, self._outlet, self._clock, self._call_later = stream, outlet, clock, call_later
        self._times = Times()
        self._queue: deque[Frame] = deque()
        self._queued_bytes = 0
        self._sent_of_first, self._timestamp_of_first = 0, 0
        self._is_pumping = False
        self._waits_for_key = True
        self._is_catching_up = False
        self._replayed_s = -float("inf")
        self.frames = 0
        self.dropped = 0

    def start(self) -> None:
        """The connection stands."""
        if not self._replay():
            self._stream.want_key()

    def offer(self, frame: Frame) -> None:
        if self._waits_for_key and not frame.is_key:
            return
        self._waits_for_key = False
        if self._is_behind(frame):
            self._skip()
            if not frame.is_key:
                return
            self._waits_for_key = False
        self._queue.append(frame)
        self._queued_bytes += frame.size_bytes
        if not self._is_pumping:
            self._pump()

    def lost_picture(self) -> None:
        """The viewer says that it cannot go on (PLI): from the cache where that is near; a new one where it is made."""
        self._stream.want_fresh_key()
        now_s, key = self._clock.now_s(), self._stream.ring.key
        if key is None or now_s - self._replayed_s < _REPLAY_EVERY_S:
            return
        if now_s - key.arrived_s < _REPLAY_SHARE * self._stream.ring.gop_s:
            self._replay()

    def stop(self) -> None:
        """It is sent nothing any more."""
        self._clear()
        self._waits_for_key = True

    def _replay(self) -> bool:
        cached = self._stream.ring.gop()
        if not cached or self._clock.now_s() - cached[-1].arrived_s > _FRESH_S:
            return False
        self._replayed_s = self._clock.now_s()
        self._clear()
        self._queue.extend(cached)
        self._queued_bytes = sum(frame.size_bytes for frame in cached)
        self._waits_for_key, self._is_catching_up = False, True
        if not self._is_pumping:
            self._pump()
        return True

    def _is_behind(self, frame: Frame) -> bool:
        if self._outlet.waiting_bytes > _SOCKET_BYTES_MAX:
            return True
        if not self._queue or self._is_catching_up:
            return self._queued_bytes > _BEHIND_BYTES_MAX
        return (
            frame.arrived_s - self._queue[0].arrived_s > _BEHIND_S_MAX
            or self._queued_bytes + frame.size_bytes > _BEHIND_BYTES_MAX
        )

    def _skip(self) -> None:
        self.dropped += len(self._queue) + 1
        self._clear()
        self._waits_for_key = True
        self._stream.want_fresh_key()

    def _clear(self) -> None:
        self._queue.clear()
        self._queued_bytes = self._sent_of_first = 0
        self._is_catching_up = False

    def _pump(self) -> None:
        """Send what may go now, and see again in a moment to what is left."""
        self._is_pumping = False
        left = BURST_PACKETS
        while self._queue and left > 0 and self._outlet.waiting_bytes <= _SOCKET_BYTES_MAX:
            frame = self._queue[0]
            if not self._sent_of_first:
                self._timestamp_of_first = self._timestamp(frame)
            begin = self._sent_of_first
            end = min(len(frame.payloads), begin + left)
            self._outlet.send(frame, self._timestamp_of_first, begin, end)
            left -= end - begin
            self._sent_of_first = end
            if end == len(frame.payloads):
                self._queue.popleft()
                self._queued_bytes -= frame.size_bytes
                self._sent_of_first = 0
                self.frames += 1
        if self._queue:
            self._is_pumping = True
            self._call_later(PACE_S, self._pump)

    def _timestamp(self, frame: Frame) -> int:
        if self._is_catching_up and len(self._queue) > 1:
            return self._times.of_cached(self._clock.now_s())
        self._is_catching_up = False
        return self._times.of_live(frame.timestamp)
