"""Clocks for tests: one that they move by hand, and waiting does; others that stand, where waiting takes its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from edge.clock import Clock

if TYPE_CHECKING:
    from threading import Event

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class HandClock(Clock):
    def __init__(self) -> None:
        self.passed_s = 0.0
        self.waits_s: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return self.passed_s

    def wait(self, stop: Event, seconds: float) -> bool:
        self.waits_s.append(seconds)
        self.passed_s += max(0.0, seconds)
        return stop.is_set()


class Calendar(Clock):
    """Moved by hand; the stop-watch beside it runs."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)


class StandingClock(Clock):
    """However long a machine takes, nothing is silent, late or overdue."""

    def now(self) -> datetime:
        return START

    def monotonic_s(self) -> float:
        return 0.0
