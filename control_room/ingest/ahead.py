"""The next batch is read while the one before is being stored: Python on one processor, the database on another."""

from __future__ import annotations

import contextlib
import gc
import queue
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from control_room.ingest import reading
from control_room.ingest.traced import TracedBatch

if TYPE_CHECKING:
    from control_room.ingest.waiting import Waiting
    from running.spans import Tracing

_IDLE_S = 0.5
_LOOK_EVERY_S = 0.02
_TURN_S = 0.0005
_OBJECTS_BETWEEN_COLLECTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that were read, in the order in which they came."""

    outcomes: list[reading.Outcome]
    trace: TracedBatch | None = None


class Ahead:
    """One thread, one batch ahead. What it has in hand `waiting` counts until it is told that it is done."""

    def __init__(self, waiting: Waiting, most: int, pace_s: float, tracing: Tracing | None = None) -> None:
        """`most`, `pace_s`: as `Waiting.take` has them."""
        self._waiting = waiting
        self._most = most
        self._pace_s = pace_s
        self._tracing = tracing
        self._closed = threading.Event()
        self._read: queue.Queue[Batch] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def next(self, within_s: float) -> Batch | None:
        """The next one; None where none comes so soon.

        Raises:
            RuntimeError: it has ended, though nobody closed it; the log says why.
        """
        try:
            return self._read.get(timeout=within_s)
        except queue.Empty:
            if not self._thread.is_alive() and not self._closed.is_set():
                raise RuntimeError("nobody reads the messages any more") from None
            return None

    def close(self) -> None:
        """`waiting` is closed already. What it has in hand is forgotten; the broker still has it."""
        self._closed.set()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._read.get_nowait()
            self._thread.join(_LOOK_EVERY_S)

    def _work(self) -> None:
        while not self._closed.is_set():
            batch = self._waiting.take(self._most, self._pace_s, _IDLE_S)
            if batch:
                taken_ns = time.time_ns()
                outcomes = [reading.read(delivery) for delivery in batch]
                trace = None if self._tracing is None else TracedBatch(self._tracing, outcomes, taken_ns)
                self._read.put(Batch(outcomes, trace))


def suit_process() -> None:
    """The whole process is a worker's from now on, and set up.

    Its messages hold no cycles: to look for some after each few hundred objects was half the cost of reading. And the
    thread that stores asks the database some fifteen things a batch: it must not wait for its turn after each answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    sys.setswitchinterval(_TURN_S)
