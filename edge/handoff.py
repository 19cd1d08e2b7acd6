"""Hands frames from a camera's reader to its analysis; when analysis is behind, the oldest are dropped and counted."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision.frame import Frame

_WAITING_MAX = 2


class Handoff:
    """One writer, one reader."""

    def __init__(self) -> None:
        self.dropped = 0
        self._frames: deque[Frame] = deque()
        self._ended = False
        self._changed = Condition()

    def put(self, frame: Frame) -> None:
        with self._changed:
            if len(self._frames) >= _WAITING_MAX:
                lost = self._frames.popleft()
                self.dropped += 1
                if lost.discontinuity:  # what it said of the seam still holds for what comes after it
                    if self._frames:
                        self._frames[0] = replace(self._frames[0], discontinuity=True)
                    else:
                        frame = replace(frame, discontinuity=True)
            self._frames.append(frame)
            self._changed.notify()

    def end(self) -> None:
        """No frame will come any more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def frames(self, silence_s: float) -> Iterator[Frame | None]:
        """Frames as they come, and None each time that none came for `silence_s`; what waits at the end is dropped."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._frames or self._ended, timeout=silence_s)
                if self._ended:
                    return
                frame = self._frames.popleft() if self._frames else None
            yield frame
