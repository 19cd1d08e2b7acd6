"""Removes, by the clock, what nobody goes on with; in one process or several, and again after a crash."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from control_room import callers
from control_room.audit import service as audit
from control_room.database import sql
from control_room.removals import service as removals
from control_room.uploads.partial import LockedError, Partial, Uploads

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool
    from control_room.room import Room

ORPHAN_KEPT_S = 3600.0
"""A file of no open upload that nobody wrote to for so long is what a crash left."""
_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


def remove(room: Room, now: datetime) -> int:
    """How many uploads were removed."""
    with room.database.connection() as connection:
        removed = _remove_expired(room, connection, now)
    if removed:
        with room.database.connection() as connection:
            removals.take_out(connection, room.store)
    old = list(Uploads(room.store).old(now.timestamp() - ORPHAN_KEPT_S))
    if old:
        with room.database.connection() as connection:
            rows = connection.execute(_QUERIES["existing"], {"upload_ids": old}).fetchall()
        for upload_id in set(old) - {row[0] for row in rows}:
            _remove_file(room, upload_id)
    return removed


def _remove_expired(room: Room, connection: pool.Connection, now: datetime) -> int:
    """Rows last: a crash leaves a row that is found again, not a file that nobody knows."""
    gone = []
    for upload_id, has_file, sha256, is_footage in connection.execute(_QUERIES["expired"], {"now": now}):
        if not _remove_file(room, upload_id):
            continue
        gone.append(upload_id)
        if not has_file:
            continue
        removals.note(connection, [sha256], now)  # it stays where a flight has it; where that lost it, it leaves now
        if not is_footage:
            on = ("upload", str(upload_id))
            audit.record(connection, callers.ROOM, "upload.erase", at=now, on=on, detail={"sha256": sha256})
    connection.execute(_QUERIES["remove"], {"upload_ids": gone})
    if gone:
        _log.info("%d uploads were not gone on with and are removed", len(gone))
    return len(gone)


def _remove_file(room: Room, upload_id: uuid.UUID) -> bool:
    """Whether it is gone; not where a piece comes just now."""
    files = Uploads(room.store)
    try:
        with Partial(files.path(upload_id), room.store):
            files.remove(upload_id)
    except FileNotFoundError:
        files.remove(upload_id)
    except LockedError:
        return False
    return True
