"""Takes finished files of the media process into the store: recordings of sources, and clips.

A file is removed from where it was written only once the database has it; what a crash leaves is taken again.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

import psycopg
from pydantic import ValidationError
from uuid_utils import compat as uuids

from control_room import callers, problems
from control_room.audit import service as audit
from control_room.database import pool, sql
from control_room.flights import receiving
from control_room.live_recordings import clips, flown, storing
from control_room.media.recording import Segment
from control_room.probing import service as probing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from control_room.room import Room
    from control_room.store.content import Store

_QUERIES = sql.load(__file__)
_EMPTY_S = 3600.0
"""An empty folder may be that of a recording whose next file is about to begin."""
_log = logging.getLogger(__name__)


def look(room: Room, now: datetime) -> None:
    """What is finished, one file a transaction; several processes may be at it."""
    directory = room.settings.store.directory / "live"
    if not directory.is_dir():
        return
    for facts in sorted(directory.glob("*/*.json")):
        path = facts.with_suffix(".mp4")
        if path.exists():
            _take(room, path, facts, now)
        elif not path.with_suffix(".part").exists():
            facts.unlink(missing_ok=True)  # taken, and killed before the end
    for folder in directory.iterdir():
        if folder.is_dir() and not any(folder.iterdir()) and folder.stat().st_mtime < now.timestamp() - _EMPTY_S:
            folder.rmdir()


def _take(room: Room, path: Path, facts: Path, now: datetime) -> None:
    try:
        segment = Segment.model_validate_json(facts.read_bytes())
        with room.database.connection() as connection:
            if connection.execute(_QUERIES["alone_at"], {"name": str(path)}).fetchone() != (True,):
                return
            if not path.exists():
                return
            taken = (
                clips.receive(connection, room.store, path, segment, now)
                if segment.is_clip
                else _receive(connection, room.store, path, segment, now)
            )
    except (FileNotFoundError, ValidationError) as error:
        _log.warning("%s is not taken: %s", path, pool.one_line(error))
        return
    if taken:
        path.unlink(missing_ok=True)
        facts.unlink(missing_ok=True)


def _receive(connection: pool.Connection, store: Store, path: Path, segment: Segment, now: datetime) -> bool:
    given = segment.model_dump(exclude={"ground", "stream", "is_clip"}) | segment.ground.model_dump()
    if connection.execute(_QUERIES["has_recording"], given).fetchone() is not None:
        return True
    source_id = uuid.UUID(segment.stream.partition("/")[2])
    given |= {"source_id": source_id, "live_recording_id": uuids.uuid7(), "now": now, "footage_id": None}
    sha256, size_bytes = storing.put(connection, store, path)
    given |= {"sha256": sha256, "bytes": size_bytes}
    if connection.execute(_QUERIES["flight"], given).fetchone() is None:
        given["flight_id"] = None
    else:
        given["footage_id"] = _into_flight(connection, store, path, given, now)
    if given["footage_id"] is not None:
        given["sha256"] = None
    connection.execute(_QUERIES["add_recording"], given)
    detail = {name: str(given[name]) for name in ("recording_id", "part", "source_id", "flight_id", "authorisation_id")}
    detail |= {"sha256": sha256, "bytes": str(size_bytes)}
    on = ("live_recording", str(given["live_recording_id"]))
    audit.record(connection, callers.ROOM, "live_recording.receive", at=now, on=on, detail=detail)
    return True


def _into_flight(
    connection: pool.Connection, store: Store, path: Path, given: dict[str, object], now: datetime
) -> uuid.UUID | None:
    """The flight's file that it became, with the drone's positions beside it; None: it cannot be one."""
    outcome = probing.probe(path, name="live.mp4", media_type="video/mp4")
    if outcome.found is None:
        reason = outcome.refused.message if outcome.refused is not None else "it was not looked at"
        _log.error("a live recording of flight %s is kept beside it: %s", given["flight_id"], reason)
        return None
    row = connection.execute(_QUERIES["source_name"], given).fetchone()
    captured_from = given["captured_from"]
    name = f"{row[0] if row else 'live'} {captured_from:%Y-%m-%d %H.%M.%S}"
    footage_id = uuids.uuid7()
    file = {
        "footage_id": footage_id,
        "flight_id": given["flight_id"],
        "bytes": given["bytes"],
        "name": f"{name}.mp4",
        "kind": "video",
        "recording": f"live {given['recording_id']}",
        "part": given["part"],
        "belongs_to": None,
        "captured_from": captured_from,
        "captured_to": given["captured_to"],
        "now": now,
    }
    try:
        with connection.transaction():
            connection.execute(_QUERIES["add_footage"], file)
            sha256, size_bytes = str(given["sha256"]), int(str(given["bytes"]))
            receiving.receive(connection, file, sha256=sha256, size_bytes=size_bytes, found=outcome.found, now=now)
            flown.add_telemetry(connection, store, file, given, name, now)
    except (problems.ProblemError, psycopg.errors.IntegrityError) as error:
        _log.error("a live recording is kept beside its flight %s: %s", given["flight_id"], pool.one_line(error))
        return None
    return footage_id
