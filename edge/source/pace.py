"""Holds a file back to the pace at which it was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event

    from edge.clock import Clock

_LAG_FORGIVEN_S = 2.0
"""A file that falls further behind than this goes on from where it is instead of racing."""


class Pace:
    def __init__(self, clock: Clock, stop: Event) -> None:
        self._clock = clock
        self._stop = stop
        self._began_s: float | None = None

    def wait_for(self, at_s: float) -> None:
        now_s = self._clock.monotonic_s()
        if self._began_s is None:
            self._began_s = now_s - at_s
        ahead_s = self._began_s + at_s - now_s
        if ahead_s < -_LAG_FORGIVEN_S:
            self._began_s -= ahead_s
        elif ahead_s > 0:
            self._clock.wait(self._stop, ahead_s)
