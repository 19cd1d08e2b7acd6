"""Rows out of a database and into another: COPY as text, of hypertables and plain tables alike (docs/adr)."""

from __future__ import annotations

import graphlib
import gzip
from typing import TYPE_CHECKING

from psycopg import sql as composed

from control_room.backup.folder import Table
from control_room.database import sql

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from control_room.database import pool

QUERIES = sql.load(__file__)
NOT_KEPT = frozenset(
    {
        *("schema_migrations", "sessions", "login_links", "enrolment_codes", "attempts", "workers", "stream"),
        *("ptz_locks", "live_publications", "live_sessions", "viewing_reasons"),
    }
)
"""What is made anew (the schema), must not come back (who is logged in), or is of the moment (signs of life)."""
UNFOLDED = "event_count_changes"
"""Counts on their way into the hours; a backup has them there already."""
HOURS = {"camera_hours": "hours_by_camera", "town_hours": "hours_by_town"}
"""Table -> the query for what it holds in a backup: all that is counted, whoever keeps the counts here."""
_GZIP_LEVEL = 3
_READ_BYTES = 256 * 1024


def kept(connection: pool.Connection) -> dict[str, list[str]]:
    """Columns of each table that belongs into a backup; those that others name come first."""
    columns = {name: names for name, names in connection.execute(QUERIES["tables"]) if name not in NOT_KEPT}
    order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter({name: set() for name in columns})
    for table, named in connection.execute(QUERIES["references"]):
        if table in columns and named in columns:
            order.add(table, named)
    return {name: columns[name] for name in order.static_order()}


def dump(
    connection: pool.Connection, name: str, columns: list[str], target: Path, told: Callable[[int], None]
) -> Table:
    """Write all rows as this transaction sees them, of hours all that is counted; `told` hears of its bytes."""
    selected = composed.SQL("COPY ({}) TO STDOUT").format(_rows(name, columns))
    with (
        gzip.open(target, "xb", compresslevel=_GZIP_LEVEL) as file,
        connection.cursor() as cursor,
    ):
        with cursor.copy(selected) as copy:
            for piece in copy:
                file.write(piece)
                told(len(piece))
        rows = cursor.rowcount
    return Table(name=name, columns=columns, rows=rows)


def load(connection: pool.Connection, table: Table, source: Path, told: Callable[[int], None]) -> int:
    """Write the rows; how many came."""
    into = composed.SQL("COPY {} ({}) FROM STDIN").format(composed.Identifier(table.name), _columns(table.columns))
    with gzip.open(source, "rb") as file, connection.cursor() as cursor:
        with cursor.copy(into) as copy:
            while piece := file.read(_READ_BYTES):
                copy.write(piece)
                told(len(piece))
        return cursor.rowcount


def is_empty(connection: pool.Connection, name: str) -> bool:
    query = composed.SQL("SELECT NOT EXISTS (SELECT FROM {})").format(composed.Identifier(name))
    return connection.execute(query).fetchone() == (True,)


def _rows(name: str, columns: list[str]) -> composed.Composable:
    source: composed.Composable = composed.Identifier(name)
    if name in HOURS:
        source = composed.SQL("({}) AS hours").format(composed.SQL(QUERIES[HOURS[name]]))
    return composed.SQL("SELECT {} FROM {}").format(_columns(columns), source)


def _columns(names: list[str]) -> composed.Composed:
    return composed.SQL(", ").join(composed.Identifier(name) for name in names)
