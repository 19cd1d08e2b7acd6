"""How often something was tried lately, in bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Attempts:
    """At most `limit` attempts of a key within `window_s`; beyond `capacity` the keys longest not seen are forgotten.

    In memory of one process: of several that serve each counts its own. Who guesses at a door: `control_room/attempts`.
    """

    def __init__(self, *, limit: int, window_s: float, capacity: int = 10_000) -> None:
        self._limit = limit
        self._window_s = window_s
        self._capacity = capacity
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, now: datetime) -> float:
        """Count one attempt and return 0; where the limit is reached, count none and return the seconds to wait."""
        at = now.timestamp()
        with self._lock:
            times = self._times.setdefault(key, deque())
            self._times.move_to_end(key)
            while times and times[0] <= at - self._window_s:
                times.popleft()
            if len(times) >= self._limit:
                return times[0] + self._window_s - at
            times.append(at)
            while len(self._times) > self._capacity:
                self._times.popitem(last=False)
            return 0.0

    def forget(self, key: str) -> None:
        with self._lock:
            self._times.pop(key, None)

    def __len__(self) -> int:
        return len(self._times)
