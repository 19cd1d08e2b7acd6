"""How far the work on a span is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_STEP = 0.01
"""Of the work, between two words on how far it is."""


class Progress:
    """Tells now and then which share is done of work that passes over a span once or several times.

    What it tells may raise, to end the work.
    """

    def __init__(self, from_: datetime, to: datetime, tell: Callable[[float], None]) -> None:
        self._from, self._length_s = from_, (to - from_).total_seconds()
        self._tell = tell
        self._told = 0.0

    def at(self, moment: datetime, *, done: float = 0.0, weight: float = 1.0) -> None:
        """A pass that begins when `done` of the work is done, and is `weight` of it, is at that moment of the span."""
        share = done + weight * min(1.0, max(0.0, (moment - self._from).total_seconds() / self._length_s))
        if share >= self._told + _STEP:
            self._told = share
            self._tell(share)
