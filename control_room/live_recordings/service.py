"""Recordings of sources as people list and open them; where a source is fetched from."""

from __future__ import annotations

import http
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.live import sources
from control_room.live.media import LiveOffError, MediaAwayError, RefusedError
from control_room.live_recordings import wishes
from control_room.live_recordings.media import Memory
from control_room.viewing import reasons, watched

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.room import Room
    from control_room.viewing.service import Viewer

_WRITTEN_ONCE_IN = timedelta(minutes=1)
_QUERIES = sql.load(__file__)


class NoSuchLiveRecordingError(problems.NotFoundError):
    """There is no such recording."""

    name = "no-such-recording"


class ErasedError(problems.ProblemError):
    """Its time was over and the room erased it."""

    status = http.HTTPStatus.GONE
    name = "erased"


class LostFileError(problems.ProblemError):
    """The store has lost this file; `talaia-room fsck` looks for others."""

    name = "lost-file"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that may be handed out."""

    sha256: str
    bytes: int
    name: str


def page(
    connection: pool.Connection, source_id: uuid.UUID, *, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> list[dict[str, Any]]:
    given = {"source_id": source_id, "limit": limit}
    given |= {"before_at": before[0] if before else None, "before_id": before[1] if before else None}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["recordings"], given).fetchall()
    return [row | {"url": _url(row) if row["available"] else None} for row in rows]


def _url(row: dict[str, Any]) -> str:
    return f"/api/v1/live/recordings/{row['live_recording_id']}/content"


def state(room: Room, source_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """Whether it is recorded now, and why not."""
    with room.database.connection() as connection:
        rows = wishes.wanted(connection, now, source_id)
    refusal = rows[0]["refusal"] if rows else "ended"
    try:
        known = Memory(room.settings.live).inputs().get(sources.stream_of(source_id), {})
    except (LiveOffError, MediaAwayError, RefusedError):
        return {
            "recording": False,
            "refusal": refusal or "away",
            "fault": None,
            "fetch_fault": None,
            "lines_refused": 0,
        }
    fault = known.get("recording_fault") or None
    return {
        "recording": refusal is None and known.get("recording_id") is not None and fault is None,
        "refusal": refusal or ("disk" if fault else None),
        "fault": fault or known.get("pull_fault") or None,
        "fetch_fault": known.get("pull_fault") or None,
        "lines_refused": known.get("telemetry_refused", 0),
    }


def show(room: Room, viewer: Viewer, live_recording_id: uuid.UUID, reason: str | None, now: datetime) -> Opened:
    """The file, once it is written down who opens it and why.

    Raises:
        NoSuchLiveRecordingError, ErasedError, LostFileError: as they say.
        NotWatchedError, ReasonNeededError: he may not, or says not why.
    """
    with room.database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["recording"], {"live_recording_id": live_recording_id}).fetchone()
        if row is None:
            raise NoSuchLiveRecordingError
        thing = watched.source(row["source_id"])
        viewer.check(thing)
        if row["sha256"] is None:
            raise ErasedError
        if room.store.size_bytes(row["sha256"]) != row["bytes"]:
            raise LostFileError
        span = watched.Span(row["captured_from"], row["captured_to"])
        given = None if reason is None else reasons.Reason(reason, f"live recording {live_recording_id}")
        why = given or reasons.need(connection, viewer.caller, thing, span, now=now)
        is_new = _write_down(connection, viewer.caller, live_recording_id, why.text, now)
        if is_new and given is not None:
            reasons.note(connection, viewer.caller, [thing], span, reason=given, now=now)
    name = f"live-{row['captured_from']:%Y%m%dT%H%M%SZ}.mp4"
    return Opened(row["sha256"], row["bytes"], name)


def _write_down(
    connection: pool.Connection, by: Caller, live_recording_id: uuid.UUID, reason: str, now: datetime
) -> bool:
    """A player fetches it in many ranges; that is one playback, and gives one reason. Whether it is a new one."""
    action, object_id = "live_recording.play", str(live_recording_id)
    given: dict[str, object] = {"actor": by.name, "action": action, "object_id": object_id, "reason": reason}
    given["since"] = now - _WRITTEN_ONCE_IN
    if connection.execute(_QUERIES["opened_lately"], given).fetchone() != (False,):
        return False
    audit.record(connection, by, action, at=now, on=("live_recording", object_id), reason=reason)
    return True


def set_pull(connection: pool.Connection, source_id: uuid.UUID, address: str, *, by: Caller, now: datetime) -> None:
    """Fetch a source from now on. Raises `NoSuchSourceError`."""
    given = {"source_id": source_id, "address": address, "by": by.name, "now": now}
    if connection.execute(_QUERIES["set_pull"], given).fetchone() is None:
        raise sources.NoSuchSourceError
    place = address.rpartition("@")[2].removeprefix("rtsp://").removeprefix("rtsps://").partition("/")[0]
    audit.record(connection, by, "live.set_pull", at=now, on=("source", str(source_id)), detail={"place": place})


def forget_pull(connection: pool.Connection, source_id: uuid.UUID, *, by: Caller, now: datetime) -> None:
    """Whether or not it was fetched."""
    if connection.execute(_QUERIES["forget_pull"], {"source_id": source_id}).fetchone() is not None:
        audit.record(connection, by, "live.forget_pull", at=now, on=("source", str(source_id)))
