"""Signs of life of the agent's threads: one that hangs inside a library is alive to Python and to nobody else."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge.clock import Clock
    from edge.source import StoredPacket, StreamFacts


class Pulse:
    """Of one thread, which beats it whenever it comes round; it is also a sink of packets, each of which is a beat."""

    def __init__(self, name: str, limit_s: float, clock: Clock) -> None:
        self.name = name
        self._limit_s = limit_s
        self._clock = clock
        self._beat_s = clock.monotonic_s()
        self._ended = False

    def beat(self) -> None:
        self._beat_s = self._clock.monotonic_s()

    def end(self) -> None:
        """The thread has done its work and is gone, as it should be."""
        self._ended = True

    def late_s(self) -> float:
        """For how long it has been silent beyond what is allowed; 0 while all is well."""
        return 0.0 if self._ended else max(0.0, self._clock.monotonic_s() - self._beat_s - self._limit_s)

    def begin(self, _facts: StreamFacts, _starts_s: float) -> None:
        self.beat()

    def append(self, _packet: StoredPacket, _captured_at: datetime) -> None:
        self.beat()

    def lost(self) -> None:
        self.beat()


class Pulses:
    """Those of all threads that must not hang."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._pulses: dict[str, Pulse] = {}

    def new(self, name: str, limit_s: float) -> Pulse:
        """In the place of an earlier one of this name."""
        pulse = Pulse(name, limit_s, self._clock)
        with self._lock:
            self._pulses[name] = pulse
        return pulse

    def forget(self, pulse: Pulse) -> None:
        with self._lock:
            if self._pulses.get(pulse.name) is pulse:
                del self._pulses[pulse.name]

    def late(self) -> list[str]:
        """Names of the threads that hang."""
        with self._lock:
            return sorted(name for name, pulse in self._pulses.items() if pulse.late_s() > 0)
