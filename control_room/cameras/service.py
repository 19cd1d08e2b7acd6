"""Cameras, as their devices report them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room.database import sql

if TYPE_CHECKING:
    from control_room.database import pool

_QUERIES = sql.load(__file__)


def items(connection: pool.Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["items"]).fetchall()
