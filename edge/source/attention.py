"""What the analysis tells the source: up to which picture it has seen, and whether it wants to see more."""

from __future__ import annotations

import math

_CALM_S = 3.0
_CALM_AFTER_NOTHING_S = 1.0
_BEHIND_S = 1.0


class Attention:
    """One a camera; written by the thread that analyses, read by the one that reads. Times are media times."""

    def __init__(self) -> None:
        self.seen_s = -math.inf
        """Of the newest picture that was analysed."""
        self.moved_s = -math.inf
        """Of the newest picture in which something moved."""
        self.wanted_s = -math.inf
        """Of the newest picture in which something moved or a rule waited for its moment."""

    def saw(self, media_time_s: float, *, moving: bool, waits: bool) -> None:
        if moving:
            self.moved_s = media_time_s
        if moving or waits:
            self.wanted_s = media_time_s
        self.seen_s = media_time_s

    def is_calm(self, now_s: float, woke_s: float) -> bool:
        """Whether the analysis is up to date and has wanted nothing for a while; less long after a false alarm."""
        if self.seen_s < now_s - _BEHIND_S:
            return False
        enough_s = _CALM_S if self.wanted_s >= woke_s else _CALM_AFTER_NOTHING_S
        return self.seen_s - max(self.wanted_s, woke_s) >= enough_s

    def was_still(self, from_s: float, to_s: float) -> bool:
        """Whether it saw all of the span and nothing moved in it."""
        return self.moved_s < from_s - _BEHIND_S and self.seen_s >= to_s - _BEHIND_S
