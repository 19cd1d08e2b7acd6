"""A flight as lists and stream show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import problems
from control_room.database import sql
from control_room.stream import publish as stream

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool

_QUERIES = sql.load(__file__)
_NO_FILTER = dict.fromkeys(("flight_id", "pilot", "state", "since", "until", "before_at", "before_id"), None)


class NoSuchFlightError(problems.NotFoundError):
    """There is no such flight."""

    name = "no-such-flight"


def page(connection: pool.Connection, *, limit: int, now: datetime, **filters: object) -> list[dict[str, Any]]:
    """The newest first. `filters`: flight_id, pilot, state, since, until; before_at, before_id: the last seen."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["items"], {**_NO_FILTER, **filters, "limit": limit, "now": now}).fetchall()


def item(connection: pool.Connection, flight_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """Raises NoSuchFlightError."""
    found = page(connection, limit=1, now=now, flight_id=flight_id)
    if not found:
        raise NoSuchFlightError
    return found[0]


def publish(connection: pool.Connection, flight_id: uuid.UUID, now: datetime) -> None:
    """Tell the screens; last in a transaction."""
    stream.publish(connection, "flight", item(connection, flight_id, now))
