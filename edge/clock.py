"""The machine's clocks behind one door, so that tests bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    def wait(self, stop: Event, seconds: float) -> bool:
        """Wait, at most until `stop` is set; says whether it is."""
        return stop.wait(max(0.0, seconds))
