"""Hands frames from a camera's reader to its analysis; when analysis is behind, the oldest are dropped and counted.

Frames usually come one by one, and one that waited longer than a second is dropped. A source that wakes hands out
seconds of pictures at once, though, and all of them are to be looked at: as late as a frame came, so long may frames
wait from then on, and that shrinks at half the pace of the clock. Analysis that is at least half as fast again as
the camera catches up without a loss; one that is not loses what it would have lost anyway.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.clock import Clock
    from vision.frame import Frame

_WAIT_S = 1.0
_SHRINKS = 0.5
_LIMIT_BYTES = 96 * 1024 * 1024
_PATIENCE_S = 2.0
"""So long the source is held up where the pictures of a burst need too much memory: its packets wait in the socket."""


class Handoff:
    """One writer, one reader."""

    def __init__(self, clock: Clock, *, limit_bytes: int = _LIMIT_BYTES) -> None:
        self.dropped = 0
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._may_wait_s = _WAIT_S
        self._put_s = clock.monotonic_s()
        self._ended = False
        self._changed = Condition()

    def put(self, frame: Frame) -> None:
        now_s, late_s = self._clock.monotonic_s(), self._age_s(frame)
        with self._changed:
            self._may_wait_s -= _SHRINKS * (now_s - self._put_s)
            self._put_s = now_s
            self._may_wait_s = max(self._may_wait_s, late_s + _WAIT_S)
            if late_s > _WAIT_S:
                self._changed.wait_for(lambda: self._fits(frame) or self._ended, timeout=_PATIENCE_S)
            frame = self._with_room(frame)
            self._frames.append(frame)
            self._bytes += frame.image.nbytes
            self._changed.notify_all()

    def end(self) -> None:
        """No frame will come any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def frames(self, silence_s: float) -> Iterator[Frame | None]:
        """Frames as they come, and None each time that none came for `silence_s`; what waits at the end is dropped."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._frames or self._ended, timeout=silence_s)
                if self._ended:
                    return
                frame = self._take() if self._frames else None
                self._changed.notify_all()
            yield frame

    def _age_s(self, frame: Frame) -> float:
        return (self._clock.now() - frame.captured_at).total_seconds()

    def _fits(self, frame: Frame) -> bool:
        return self._bytes + frame.image.nbytes <= self._limit_bytes

    def _take(self) -> Frame:
        frame = self._frames.popleft()
        self._bytes -= frame.image.nbytes
        return frame

    def _with_room(self, frame: Frame) -> Frame:
        """Drop what waited too long or does not fit; what a dropped frame said of a seam, the next one says."""
        while self._frames and (self._age_s(self._frames[0]) > self._may_wait_s or not self._fits(frame)):
            lost = self._take()
            self.dropped += 1
            if lost.discontinuity and self._frames:
                self._frames[0] = replace(self._frames[0], discontinuity=True)
            elif lost.discontinuity:
                frame = replace(frame, discontinuity=True)
        return frame
