"""Events counted by the hour, and the job that keeps the counts where TimescaleDB does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room.database import community, sql

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool

_QUERIES = sql.load(__file__)
_LOCK = 0x74616C65  # "tale"


def of_town(connection: pool.Connection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Hours from `since` to before `until`, of all cameras together; exact up to the last commit."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["town"], {"since": since, "until": until}).fetchall()


def of_camera(
    connection: pool.Connection, device_id: str, camera_id: str, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """The same of one camera."""
    given = {"device_id": device_id, "camera_id": camera_id, "since": since, "until": until}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["camera"], given).fetchall()


def fold(connection: pool.Connection) -> None:
    """Bring the counts up to date; nothing where another process is at it.

    What is not folded yet is counted too, so this may be late without harm. The connection is in autocommit.
    """
    if community.is_counting(connection):
        community.refresh(connection)
        return
    with connection.transaction():
        if connection.execute(_QUERIES["try_lock"], {"lock": _LOCK}).fetchone() == (True,):
            connection.execute(_QUERIES["fold"])
