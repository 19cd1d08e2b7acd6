"""What publishers tell beside their video, until the room fetches it: lines of JSON, the oldest go first."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

LINE_BYTES_MOST = 4096
_KEPT = 2000
_A_SECOND = 20.0
"""Lines of one stream; more are counted and let go of."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line."""

    number: int
    stream: str
    at: datetime
    """Server's clock, when it came."""
    line: str


class Telemetry:
    """Of all streams."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.refused: Counter[str] = Counter()
        """Lines that were let go of, by stream: too long, too many, or no text."""
        self._now = now
        self._kept: deque[Told] = deque(maxlen=_KEPT)
        self._numbers = itertools.count(1)
        self._left: dict[str, tuple[datetime, float]] = {}

    def take(self, stream: str, content: bytes) -> None:
        """A message of a publisher: a line, or several."""
        now = self._now()
        for line in content.splitlines():
            if not line.strip():
                continue
            if len(line) > LINE_BYTES_MOST or not self._may(stream, now):
                self.refused[stream] += 1
                continue
            self._kept.append(Told(next(self._numbers), stream, now, line.decode(errors="replace")))

    def after(self, number: int) -> dict[str, Any]:
        """For JSON: what came after that one, as far as it is still there; a number from before a restart is 0."""
        newest = self._kept[-1].number if self._kept else 0
        after = number if number <= newest else 0
        lines = [
            {"number": told.number, "stream": told.stream, "at": told.at.isoformat(), "line": told.line}
            for told in self._kept
            if told.number > after
        ]
        return {"lines": lines, "refused": dict(self.refused)}

    def forget(self, stream: str) -> None:
        self._left.pop(stream, None)
        self.refused.pop(stream, None)

    def _may(self, stream: str, now: datetime) -> bool:
        """A bucket that holds two seconds of lines."""
        at, left = self._left.get(stream, (now, 2 * _A_SECOND))
        left = min(2 * _A_SECOND, left + _A_SECOND * max(0.0, (now - at).total_seconds()))
        self._left[stream] = now, max(0.0, left - 1)
        return left >= 1
