"""What a calendar of expected activity, or a cool-down, kept from becoming an alert: counted, so that it is seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from control_room.database import sql

if TYPE_CHECKING:
    from control_room.database import pool
    from wire.device import MetricsMessage

_QUERIES = sql.load(__file__)


def add(connection: pool.Connection, metrics: MetricsMessage, now: datetime) -> None:
    """Count what the device kept to itself since its metrics before; `now` is the server's clock."""
    for camera in metrics.cameras:
        for what, occurrences in camera.silenced.items():
            rule, _, activity = what.partition(": ")
            given = {
                "device_id": metrics.device_id,
                "camera_id": camera.camera_id,
                "rule": rule,
                "activity": activity,
                "occurrences": occurrences,
                "now": now,
            }
            connection.execute(_QUERIES["add"], given)


def of_day(connection: pool.Connection, day: date, time_zone: str) -> tuple[datetime, list[dict[str, Any]]]:
    """Where the day begins in UTC, and what was silenced in it."""
    since, until = (
        datetime.combine(each, time(), ZoneInfo(time_zone)).astimezone(UTC) for each in (day, day + timedelta(days=1))
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        return since, cursor.execute(_QUERIES["items"], {"since": since, "until": until}).fetchall()
