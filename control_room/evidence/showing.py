"""Shows evidence to people, once it is written down who opens it and why."""

from __future__ import annotations

import http
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.evidence.service import NoSuchEvidenceError
from control_room.viewing import reasons, watched
from control_room.viewing.reasons import Reason

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool
    from control_room.store.content import Store
    from control_room.viewing.service import Viewer

WRITTEN_ONCE_IN = timedelta(minutes=1)
"""A player fetches a clip in many ranges; that is one playback."""
_PIXELATED = "recording_pixelated"

_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


class ErasedError(problems.ProblemError):
    """It was a copy to be looked at; its time is over and the room erased it. Fetch it again from the device."""

    status = http.HTTPStatus.GONE
    name = "erased"


class LostFileError(problems.ProblemError):
    """The store has lost this file; `talaia-room fsck` looks for others."""

    name = "lost-file"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that may be shown."""

    evidence_id: uuid.UUID
    kind: str
    media_type: str
    sha256: str
    bytes: int
    camera_id: str | None
    device_id: str
    event_id: uuid.UUID | None
    source_id: uuid.UUID | None
    alert_id: uuid.UUID | None
    """Whose event announced it, or for which it was taken from the live picture."""
    alert_state: str | None
    command_id: uuid.UUID | None
    command_reason: str | None
    erased: bool
    seen_from: datetime
    """Of all files of its event, or of the answer to its command: a reason is for them together."""
    seen_to: datetime
    captured_from: datetime
    captured_to: datetime

    @property
    def watched(self) -> watched.Watched:
        """Whose picture it is; of no camera: a finding's in the footage of a flight."""
        if self.source_id is not None:
            return watched.source(self.source_id)
        if self.camera_id is None:
            return watched.event(self.device_id, self.event_id)
        return watched.camera(self.device_id, self.camera_id)

    @property
    def own_reason(self) -> str | None:
        """Why it may be opened without a question: an alert that somebody works on, or nobody can be known in it."""
        if self.alert_state not in {None, "closed"}:
            return f"alert {self.alert_id}"
        if self.kind == _PIXELATED:
            return self.command_reason or f"command {self.command_id}"
        return None


def show(
    connection: pool.Connection,
    store: Store,
    evidence_id: uuid.UUID,
    *,
    by: Viewer,
    reason: str | None,
    download: bool,
    now: datetime,
) -> Stored:
    """The file, once it is written down who opens it and why.

    An open alert is its own reason, and so is the command that fetched a pixelated copy. Otherwise `reason` is needed,
    or one that this session gave for that camera and span lately (`control_room/viewing/reasons.py`). A reason lasts 15
    minutes for all files of the event, so that closing an alert does not stop its clip.

    Raises:
        NoSuchEvidenceError: unknown, unannounced, or not arrived.
        NotWatchedError: the camera is not on this person's list.
        ErasedError: its time here is over.
        ReasonNeededError: the alert is closed and no reason is given.
        LostFileError: the database has it, the store has not.
    """
    with connection.cursor(row_factory=class_row(Stored)) as cursor:
        stored = cursor.execute(_QUERIES["stored"], {"evidence_id": evidence_id}).fetchone()
    if stored is None:
        raise NoSuchEvidenceError
    by.check(stored.watched)
    if stored.erased:
        raise ErasedError
    if store.size_bytes(stored.sha256) != stored.bytes:
        _log.error("evidence %s is not in the store: %s", evidence_id, stored.sha256)
        raise LostFileError
    given = _given(stored, reason)
    span = watched.Span(stored.captured_from, stored.captured_to)
    why = given or reasons.need(connection, by.caller, stored.watched, span, now=now)
    action = "evidence.download" if download else "evidence.play"
    _write_down(connection, stored, by, why, action, now, is_new=given is not None)
    return stored


def _given(stored: Stored, reason: str | None) -> Reason | None:
    """What needs no question: said with this request, an alert that somebody works on, or nobody can be known in it."""
    if reason is not None:
        return Reason(reason, f"evidence {stored.evidence_id}")
    if stored.own_reason is not None:
        return Reason(stored.own_reason, stored.own_reason)
    return None


def _write_down(  # noqa: PLR0917 - who opens what, and why
    connection: pool.Connection,
    stored: Stored,
    by: Viewer,
    why: Reason,
    action: str,
    now: datetime,
    *,
    is_new: bool,
) -> None:
    """Once a minute; what is new lasts from now on, unless it was given for a copy in which nobody can be known."""
    session = reasons.session_of(by.caller)
    if _is_written_down(connection, stored, action, session=session, reason=why.text, now=now):
        return
    detail = {"session": session, "kind": stored.kind, "camera_id": stored.camera_id, "lasting": not is_new}
    on = ("evidence", str(stored.evidence_id))
    audit.record(connection, by.caller, action, at=now, on=on, reason=why.text, detail=detail)
    if is_new and stored.kind != _PIXELATED:
        whole = watched.Span(stored.seen_from, stored.seen_to)
        reasons.note(connection, by.caller, [stored.watched], whole, reason=why, now=now)


def _is_written_down(
    connection: pool.Connection, stored: Stored, action: str, *, session: str, reason: str, now: datetime
) -> bool:
    parameters = {
        "evidence_id": str(stored.evidence_id),
        "action": action,
        "session": session,
        "reason": reason,
        "since": now - WRITTEN_ONCE_IN,
    }
    return connection.execute(_QUERIES["is_written_down"], parameters).fetchone() is not None
