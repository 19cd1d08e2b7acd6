"""The stored messages of devices, as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import class_row, dict_row

from control_room.database import sql
from control_room.events.gap import Gap

if TYPE_CHECKING:
    from uuid import UUID

    from control_room.database import pool

_QUERIES = sql.load(__file__)


def after(
    connection: pool.Connection, *, device_id: str, outbox_id: UUID, after_sequence: int, limit: int
) -> list[dict[str, Any]]:
    """At most `limit` messages of an outbox with a greater sequence, in their order."""
    given = {"device_id": device_id, "outbox_id": outbox_id, "after_sequence": after_sequence, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["after"], given).fetchall()


def outboxes(connection: pool.Connection, device_id: str) -> list[dict[str, Any]]:
    """The outboxes of a device with what is stored and what is missing of each, the newest first."""
    missing = gaps(connection, device_id)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["outboxes"], {"device_id": device_id}).fetchall()
    for row in rows:
        row["gaps"] = [{"first": gap.first, "last": gap.last} for gap in missing if gap.outbox_id == row["outbox_id"]]
    return rows


def gaps(connection: pool.Connection, device_id: str | None = None) -> list[Gap]:
    """Of one device, or of all."""
    with connection.cursor(row_factory=class_row(Gap)) as cursor:
        return cursor.execute(_QUERIES["gaps"], {"device_id": device_id}).fetchall()
