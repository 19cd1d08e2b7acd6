"""Where drones are and were: every place they told, and the last one of each for the map."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room.database import sql
from control_room.stream import publish

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from control_room.database import pool
    from wire.device import PositionMessage

SHOWN_FOR = timedelta(hours=24)
"""An aircraft's last place stays on the map so long."""
_PAUSE = timedelta(seconds=0.9)
"""Screens are told of one aircraft about once a second, however often it speaks."""
_QUERIES = sql.load(__file__)


def row(
    message: PositionMessage, *, at: datetime, received_at: datetime, device_time: datetime | None
) -> dict[str, Any]:
    """Of a message, under the time at which it is stored."""
    told = message.model_dump(mode="json", exclude={"schema_", "at"})
    return {
        **told,
        "at": at.isoformat(),
        "received_at": received_at.isoformat(),
        "device_time": None if device_time is None else device_time.isoformat(),
        "footprint": told["footprint"] or None,
    }


def store(connection: pool.Connection, rows: Sequence[dict[str, Any]], now: datetime) -> set[str]:
    """Write them; the devices whose screens are due."""
    if not rows:
        return set()
    given = {"positions": publish.encode(list(rows)), "now": now, "pause": _PAUSE}
    connection.execute(_QUERIES["add"], given)
    return {device_id for device_id, is_due in connection.execute(_QUERIES["set_last"], given) if is_due}


def items_of(connection: pool.Connection, device_ids: Collection[str]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["items_of"], {"device_ids": sorted(device_ids)}).fetchall()


def items(connection: pool.Connection, now: datetime) -> list[dict[str, Any]]:
    """Those of the last day."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["items"], {"since": now - SHOWN_FOR}).fetchall()


def page(
    connection: pool.Connection,
    *,
    device_id: str,
    since: datetime,
    until: datetime,
    after: datetime | None,
    limit: int,
) -> list[dict[str, Any]]:
    """At most `limit` positions of a device, in order of time."""
    given = {"device_id": device_id, "since": since, "until": until, "after": after, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["page"], given).fetchall()
