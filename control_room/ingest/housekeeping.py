"""What workers do by the clock, beside ingest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from control_room.health import service as health
from control_room.ingest import statuses
from control_room.stream import publish

if TYPE_CHECKING:
    from control_room.database import pool

_EVERY_S = 10.0


class SignOfLife:
    """Of each worker."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._due_s = time.monotonic()

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_s

    def give(
        self,
        connect: Callable[[], pool.Connection],
        broker_since: datetime | None,
        now: datetime,
        queue: health.Queue = health.EMPTY,
    ) -> None:
        """Not again for a while, also where the database is away."""
        self._due_s = time.monotonic() + _EVERY_S
        health.note_worker(connect(), self._worker, broker_since=broker_since, now=now, queue=queue)


class Housekeeping:
    """Of the one that leads: devices that fell silent, and the old end of the stream."""

    def __init__(self) -> None:
        self._due_s = time.monotonic()

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_s

    def run(
        self,
        connect: Callable[[], pool.Connection],
        *,
        broker_since: datetime | None,
        has_caught_up: bool,
        now: datetime,
    ) -> None:
        """Not again for a while, also where the database is away."""
        self._due_s = time.monotonic() + _EVERY_S
        connection = connect()
        with connection.transaction():
            publish.prune(connection, now)
            # Else it is we who did not listen: the broker was away, or the database, and its words still wait.
            if broker_since is not None and has_caught_up and now - broker_since > statuses.SILENT_AFTER:
                statuses.set_silent_aside(connection, now)
