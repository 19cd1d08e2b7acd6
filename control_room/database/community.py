"""What only TimescaleDB's Community edition offers: counts that it keeps itself, and compression.

Elsewhere `control_room/counts` keeps the counts, behind the same views, and nothing is compressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room.database import sql

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool

_QUERIES = sql.load(__file__)
_LOCK = 0x74616C65  # "tale", as the job that counts elsewhere
_COUNTED_BY_US = ("forget_changes", "forget_camera_hours", "forget_town_hours")
_SHOWN = ("show_by_camera", "show_by_town")
_COMPRESSION = ("compress_events", "compress_metrics", "compress_old_events", "compress_old_metrics")


def is_at_hand(connection: pool.Connection) -> bool:
    """In a database with the extension."""
    return connection.execute(_QUERIES["license"]).fetchone() == ("timescale",)


def is_counting(connection: pool.Connection) -> bool:
    """Whether TimescaleDB counts the messages here."""
    return connection.execute(_QUERIES["has_continuous"]).fetchone() == (True,)


def prepare(connection: pool.Connection) -> None:
    """Use it where it is at hand; harmless again. The connection is in autocommit, as its statements demand.

    A database that moves to this edition keeps the hours that were counted before and of which messages left.
    """
    if not is_at_hand(connection) or is_counting(connection):
        return
    for query in ("count_by_camera", "count_by_town"):
        connection.execute(_QUERIES[query])
    refresh(connection)
    with connection.transaction():
        leave_to_timescale(connection)
        for query in _SHOWN:
            connection.execute(_QUERIES[query])
    for query in _COMPRESSION:
        connection.execute(_QUERIES[query])


def leave_to_timescale(connection: pool.Connection) -> None:
    """Forget our own counts of the hours whose messages are all here: it counts them from these.

    Hours of which messages left keep what was counted. In the caller's transaction.
    """
    since, _ = _countable(connection)
    for query in _COUNTED_BY_US:
        connection.execute(_QUERIES[query], {"since": since})


def refresh(connection: pool.Connection) -> None:
    """Count what is new or came late; nothing where another process is at it. The connection is in autocommit.

    Hours of which retention took something keep their counts whatever is set, because they are left alone; a message
    that comes for one of them is not counted any more.
    """
    if connection.execute(_QUERIES["try_lock"], {"lock": _LOCK}).fetchone() != (True,):
        return
    try:
        since, until = _countable(connection)
        if since is None or since < until:
            for query in ("refresh_by_camera", "refresh_by_town"):
                connection.execute(_QUERIES[query], {"since": since, "until": until})
    finally:
        if not connection.closed:
            connection.execute(_QUERIES["unlock"], {"lock": _LOCK})


def _countable(connection: pool.Connection) -> tuple[datetime | None, datetime]:
    row = connection.execute(_QUERIES["countable"]).fetchone()
    if row is None:
        raise RuntimeError("a SELECT without FROM has a row")
    return row[0], row[1]
