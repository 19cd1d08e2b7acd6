"""What the worker does by the clock, beside ingest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from control_room.ingest import statuses
from control_room.stream import publish

if TYPE_CHECKING:
    from control_room.database import pool
    from control_room.ingest.broker import Inbox

_EVERY_S = 10.0


class Housekeeping:
    """Silent devices and the old end of the stream."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._due = time.monotonic()

    def is_due(self) -> bool:
        return time.monotonic() >= self._due

    def run(self, connect: Callable[[], pool.Connection], now: datetime) -> None:
        """Not again for a while, also where the database is away."""
        self._due = time.monotonic() + _EVERY_S
        connection = connect()
        with connection.transaction():
            publish.prune(connection, now)
            if self._has_listened_long_enough():
                statuses.set_silent_aside(connection, now)

    def _has_listened_long_enough(self) -> bool:
        """Else it is we who were away, not the devices."""
        since = self._inbox.connected_since
        return since is not None and time.monotonic() - since > statuses.SILENT_AFTER.total_seconds()
