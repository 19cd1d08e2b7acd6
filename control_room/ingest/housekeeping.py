"""What the leading worker keeps in order: devices that fell silent, and the old end of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room.ingest import statuses
from control_room.stream import publish

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool

LOOK_EVERY_S = 10.0


def look(connection: pool.Connection, now: datetime, *, broker_since: datetime | None, has_caught_up: bool) -> None:
    """`broker_since`: since when we hear the broker; `has_caught_up`: nothing that came waits to be stored."""
    publish.prune(connection, now)
    # Else it is we who did not listen: the broker was away, or the database, and its words still wait.
    if broker_since is not None and has_caught_up and now - broker_since > statuses.SILENT_AFTER:
        statuses.set_silent_aside(connection, now)
