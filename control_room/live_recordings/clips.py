"""Clips of what somebody watches, as evidence: the camera's own recording where there is one, else the room's memory.

A camera's clip is asked of its device (`recording_fetch`) once it is filmed to its end; meanwhile the media process
keeps what it had in memory and what followed, which is taken where the device has nothing.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import callers, problems
from control_room.alerts import service as alerts
from control_room.audit import service as audit
from control_room.commands import service as commands
from control_room.database import sql
from control_room.findings import events as findings
from control_room.live.media import LiveOffError, MediaAwayError, NoSuchStreamError, RefusedError
from control_room.live_recordings import storing
from control_room.live_recordings.media import Memory
from control_room.stream import publish
from control_room.viewing import reasons
from control_room.viewing.watched import Span, Watched
from wire.commands import FetchRecording

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from control_room.database import pool
    from control_room.live_recordings.schemas import WantedLiveClip
    from control_room.media.recording import Segment
    from control_room.room import Room
    from control_room.store.content import Store
    from control_room.viewing.service import Viewer

A_MINUTE = 10
"""Clips of one person."""
_SETTLES = timedelta(seconds=3)
"""After the end of a clip its last pictures are on the device's disk."""
_FILE_WITHIN = timedelta(minutes=2)
"""After its end a clip out of memory is there, or never comes."""
_OVER = frozenset({"answered", "failed", "expired"})
_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


class NoSuchClipError(problems.NotFoundError):
    """There is no such clip."""

    name = "no-such-clip"


class NoSuchAlertError(problems.UnprocessableError):
    """There is no such alert."""

    name = "no-such-alert"


class NothingToClipError(problems.ConflictError):
    """Nothing flows of it now, and no device can be asked for its recording."""

    name = "nothing-to-clip"


def ask(  # noqa: PLR0917 - who wants what of which
    room: Room, viewer: Viewer, watched: Watched, streams: list[str], wanted: WantedLiveClip, now: datetime
) -> dict[str, Any]:
    """Begin a clip of what this person watches; what is kept in memory is kept at once.

    Raises:
        NotWatchedError, ReasonNeededError: he may not, or says not why.
        NoSuchAlertError, NothingToClipError, TooManyRequestsError, RefusedError: as they say.
    """
    viewer.check(watched)
    begin, end = now - timedelta(seconds=wanted.seconds_before), now + timedelta(seconds=wanted.seconds_after)
    clip_id, caller = uuids.uuid7(), viewer.caller
    with room.database.connection() as connection:
        _check_rate(connection, caller, now)
        known = connection.execute(_QUERIES["has_alert"], {"alert_id": wanted.alert_id}).fetchone()
        if wanted.alert_id is not None and known is None:
            raise NoSuchAlertError
        why = reasons.need(connection, caller, watched, Span(begin, now), alert_id=wanted.alert_id, now=now)
    stream = _keep(room, streams, clip_id, begin, end)
    if stream is None and (watched.kind != "camera" or room.signer is None):
        raise NothingToClipError
    given = {
        "clip_id": clip_id,
        "stream": stream or streams[0],
        "device_id": watched.device_id if watched.kind == "camera" else None,
        "camera_id": watched.camera_id,
        "source_id": watched.id,
        "alert_id": wanted.alert_id,
        "clip_from": begin,
        "clip_to": max(end, begin + timedelta(seconds=1)),
        "note": wanted.note,
        "reason": why.text,
        "by": caller.name,
        "now": now,
        "in_memory": stream is not None,
    }
    detail: dict[str, str | None] = {
        "clip_id": str(clip_id),
        "from": begin.isoformat(),
        "to": end.isoformat(),
        "note": wanted.note,
        "alert_id": str(wanted.alert_id) if wanted.alert_id else None,
        "object": why.object,
    }
    with room.database.connection() as connection:
        connection.execute(_QUERIES["add_clip"], given)
        on = (watched.kind, watched.key.partition("/")[2])
        audit.record(connection, caller, "live.clip", at=now, on=on, reason=why.text, detail=detail)
        return detailed(connection, clip_id)


def detailed(connection: pool.Connection, clip_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchClipError."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["clip"], {"clip_id": clip_id}).fetchone()
    if row is None:
        raise NoSuchClipError
    return row


def _keep(room: Room, streams: list[str], clip_id: uuid.UUID, begin: datetime, end: datetime) -> str | None:
    """The first of the streams that flows; None: none does, or there is no process that could keep it."""
    try:
        memory = Memory(room.settings.live)
    except LiveOffError:
        return None
    for stream in streams:
        try:
            memory.keep_clip(clip_id, stream, begin, end)
        except NoSuchStreamError:
            continue
        except (MediaAwayError, RefusedError) as error:
            _log.warning("a clip is not kept in memory: %s", error)
            return None
        return stream
    return None


def _check_rate(connection: pool.Connection, caller: callers.Caller, now: datetime) -> None:
    given = {"by": caller.name, "since": now - timedelta(minutes=1)}
    row = connection.execute(_QUERIES["asked_lately"], given).fetchone()
    if row is not None and row[0] >= A_MINUTE:
        raise problems.TooManyRequestsError(f"at most {A_MINUTE} clips a minute", retry_after_s=60)


def look(room: Room, now: datetime) -> None:
    """Ask devices for what is filmed, and end what has come or never will."""
    with room.database.connection() as connection:
        for clip in _rows(connection, "clips_due", before=now - _SETTLES):
            _order(connection, room, clip, now)
    with room.database.connection() as connection:
        linked = {alert_id for (alert_id,) in connection.execute(_QUERIES["link_evidence"]) if alert_id is not None}
        _show(connection, linked)
        for clip in _rows(connection, "clips_ordered", before=now - _FILE_WITHIN):
            _settle(connection, clip, now)


def _rows(connection: pool.Connection, query: str, **given: object) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], given).fetchall()


def _order(connection: pool.Connection, room: Room, clip: dict[str, Any], now: datetime) -> None:
    """By the device's own clock."""
    command_id, error = None, None
    if room.signer is None:
        error = "this room has no key to command devices"
    elif not clip["online"]:
        error = "its device is away"
    else:
        ahead = timedelta(seconds=clip["clock_offset_s"])
        span = {"from": clip["clip_from"] + ahead, "to": clip["clip_to"] + ahead}
        arguments = FetchRecording.model_validate(
            {"camera_id": clip["camera_id"], **span, "pixelated": False, "keep": True}
        )
        by = callers.Caller(kind="user", name=clip["asked_by"])
        command_id = commands.order(
            connection, room.signer, clip["device_id"], "recording_fetch", arguments, by, clip["reason"], now
        )
    given = {"clip_id": clip["clip_id"], "command_id": command_id, "error": error}
    connection.execute(_QUERIES["set_ordered"], given)


def _settle(connection: pool.Connection, clip: dict[str, Any], now: datetime) -> None:
    state, error = None, None
    if clip["has_files"] and clip["has_all"]:
        state = "ready"
    elif clip["command_state"] not in {None, *_OVER} or clip["has_files"]:
        return
    elif not clip["in_memory"] or now - clip["clip_to"] > _FILE_WITHIN:
        state = "failed"
        error = clip["command_error"] or clip["error"] or "nothing of it was in memory"
    if state is not None:
        given = {"clip_id": clip["clip_id"], "state": state, "error": error, "now": now}
        connection.execute(_QUERIES["end_clip"], given)


def receive(connection: pool.Connection, store: Store, path: Path, segment: Segment, now: datetime) -> bool:
    """A clip out of memory; whether the file is not needed any more: False while its device may yet answer."""
    with connection.cursor(row_factory=dict_row) as cursor:
        clip = cursor.execute(_QUERIES["lock_clip"], {"clip_id": segment.recording_id}).fetchone()
    if clip is None:
        return now - segment.captured_to > _FILE_WITHIN  # its row may still be on its way
    if clip["camera_id"] is not None:
        answered = clip["command_state"] == "answered"
        if clip["state"] == "waiting" or (clip["command_id"] is not None and clip["command_state"] not in _OVER):
            return False
        if answered:
            return True
    sha256, size_bytes = storing.put(connection, store, path)
    evidence_id = uuids.uuid7()
    given = {
        "evidence_id": evidence_id,
        "device_id": clip["device_id"] or findings.own_device(connection, now),
        "sha256": sha256,
        "bytes": size_bytes,
        "captured_from": segment.captured_from,
        "captured_to": segment.captured_to,
        "now": now,
    }
    given |= {name: clip[name] for name in ("camera_id", "source_id", "clip_id", "alert_id")}
    connection.execute(_QUERIES["add_evidence"], given)
    detail = {"sha256": sha256, "bytes": size_bytes, "clip_id": str(clip["clip_id"]), "transcoded": segment.transcoded}
    on = ("evidence", str(evidence_id))
    audit.record(connection, callers.ROOM, "evidence.receive", at=now, on=on, reason=clip["reason"], detail=detail)
    connection.execute(_QUERIES["end_clip"], {"clip_id": clip["clip_id"], "state": "ready", "error": None, "now": now})
    if clip["alert_id"] is not None:
        _show(connection, {clip["alert_id"]})
    return True


def _show(connection: pool.Connection, alert_ids: set[uuid.UUID]) -> None:
    for alert_id in sorted(alert_ids):
        publish.publish(connection, "alert", alerts.item(connection, alert_id))
