"""What publishers tell beside their video, until the room fetches it: lines of JSON, the oldest go first."""

from __future__ import annotations

import itertools
import time
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
        self._numbers = itertools.count(1 + time.time_ns() // 1_000_000)
        """Greater than those of the process before."""
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

    def waiting(self, most: int) -> dict[str, Any]:
        """For JSON: the oldest ones that were not taken."""
        lines = [
            {"number": told.number, "stream": told.stream, "at": told.at.isoformat(), "line": told.line}
            for told in itertools.islice(self._kept, most)
        ]
        return {"lines": lines, "refused": dict(self.refused)}

    def taken(self, through: int, useless: dict[str, int]) -> None:
        """The room has those up to this number; `useless`: how many it could make nothing of, by stream."""
        while self._kept and self._kept[0].number <= through:
            self._kept.popleft()
        self.refused.update(useless)

    def forget(self, stream: str) -> None:
        self._left.pop(stream, None)
        self.refused.pop(stream, None)

    def _may(self, stream: str, now: datetime) -> bool:
        """A bucket that holds two seconds of lines."""
        at, left = self._left.get(stream, (now, 2 * _A_SECOND))
        left = min(2 * _A_SECOND, left + _A_SECOND * max(0.0, (now - at).total_seconds()))
        self._left[stream] = now, max(0.0, left - 1)
        return left >= 1
