"""Tells the media process again and again what is wanted of each source: its key, its address, whether it is recorded.

A source is recorded under a flight whose log is open, or a permission in force; else not, and the list says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room.database import sql
from control_room.live.media import LiveOffError, MediaAwayError, RefusedError
from control_room.live.sources import stream_of
from control_room.live_recordings.media import Memory

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool
    from control_room.room import Room

_QUERIES = sql.load(__file__)


def look(room: Room, now: datetime) -> None:
    """One process at a time; harmless as often as one likes."""
    try:
        memory = Memory(room.settings.live)
    except LiveOffError:
        return
    with room.database.connection() as connection:
        if connection.execute(_QUERIES["one_at_a_time"]).fetchone() != (True,):
            return
        connection.execute(_QUERIES["forget_pulls_of_ended"])
        rows = wanted(connection, now)
        try:
            _tell(memory, {stream_of(row["source_id"]): _as_told(row) for row in rows})
        except (MediaAwayError, RefusedError):
            return  # the list of live video says so


def wanted(connection: pool.Connection, now: datetime, source_id: uuid.UUID | None = None) -> list[dict[str, Any]]:
    """Of sources that may send."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["wanted"], {"now": now, "source_id": source_id}).fetchall()


def _tell(memory: Memory, wishes: dict[str, dict[str, Any]]) -> None:
    known = memory.inputs()
    for stream, wish in wishes.items():
        if stream not in known or known[stream]["wanted"] != wish:
            memory.want(stream, wish)
    for stream in known.keys() - wishes.keys():
        memory.forget(stream)


def _as_told(row: dict[str, Any]) -> dict[str, Any]:
    """As `control_room.media.inputs.Wanted` has it in JSON."""
    ground = {name: row[name] and str(row[name]) for name in ("flight_id", "authorisation_id")}
    return {
        "rtmp_key_sha256": row["rtmp_key_sha256"],
        "rtsp_url": row["rtsp_url"],
        "record": ground if row["refusal"] is None else None,
        "record_until_s": row["permitted_until"] and row["permitted_until"].timestamp(),
    }
