"""What only TimescaleDB's Community edition offers: counts that it keeps itself, and compression.

Elsewhere `control_room/counts` keeps the counts, behind the same views, and nothing is compressed.
"""

from __future__ import annotations

from control_room.database import pool, sql

_QUERIES = sql.load(__file__)
_COUNTS = ("count_by_camera", "count_by_town", "refresh_by_camera", "refresh_by_town")
_SHOWN = ("forget_changes", "forget_camera_hours", "forget_town_hours", "show_by_camera", "show_by_town")
_BY_THE_CLOCK = ("keep_by_camera", "keep_by_town", "compress_old_events", "compress_old_metrics")


def is_at_hand(connection: pool.Connection) -> bool:
    """In a database with the extension."""
    return connection.execute(_QUERIES["license"]).fetchone() == ("timescale",)


def prepare(connection: pool.Connection) -> None:
    """Use it where it is at hand; harmless again. The connection is in autocommit, as its statements demand.

    A database that moves to this edition keeps the hours that were counted before.
    """
    if not is_at_hand(connection) or connection.execute(_QUERIES["has_continuous"]).fetchone() == (True,):
        return
    # Two statements that refuse to run in a transaction stand between others that need none.
    for query in _COUNTS:
        connection.execute(_QUERIES[query])
    with connection.transaction():
        for query in _SHOWN:
            connection.execute(_QUERIES[query])
    for query in ("compress_events", "compress_metrics", *_BY_THE_CLOCK):
        connection.execute(_QUERIES[query])
