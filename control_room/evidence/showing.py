"""Shows evidence to people, once it is written down who opens it and why."""

from __future__ import annotations

import http
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import class_row, dict_row

from control_room import callers, problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.evidence.service import NoSuchEvidenceError

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool
    from control_room.store.content import Store

REASON_LASTS = timedelta(minutes=15)
WRITTEN_ONCE_IN = timedelta(minutes=1)
"""A player fetches a clip in many ranges; that is one playback."""
_PIXELATED = "recording_pixelated"

_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


class ReasonRequiredError(problems.ForbiddenError):
    """Nobody works on this recording now: say why you need it, as `?reason=`; that lasts 15 minutes."""

    name = "reason-required"


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
    camera_id: str
    device_id: str
    event_id: uuid.UUID | None
    alert_id: uuid.UUID | None
    alert_state: str | None
    command_id: uuid.UUID | None
    command_reason: str | None
    erased: bool

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
    by: callers.Caller,
    reason: str | None,
    download: bool,
    now: datetime,
) -> Stored:
    """The file, once it is written down who opens it and why.

    An open alert is its own reason, and so is the command that fetched a pixelated copy. Otherwise `reason` is needed;
    the one under which the session opened a file of the same event or command lasts 15 minutes, so that closing an
    alert does not stop its clip.

    Raises:
        NoSuchEvidenceError: unknown, unannounced, or not arrived.
        ErasedError: its time here is over.
        ReasonRequiredError: the alert is closed and no reason is given.
        LostFileError: the database has it, the store has not.
    """
    with connection.cursor(row_factory=class_row(Stored)) as cursor:
        stored = cursor.execute(_QUERIES["stored"], {"evidence_id": evidence_id}).fetchone()
    if stored is None:
        raise NoSuchEvidenceError
    if stored.erased:
        raise ErasedError
    if store.size_bytes(stored.sha256) != stored.bytes:
        _log.error("evidence %s is not in the store: %s", evidence_id, stored.sha256)
        raise LostFileError
    session = by.session.token_sha256.hex()[:16] if by.session else ""
    lasting = False
    if reason is None and stored.own_reason is not None:
        reason = stored.own_reason
    elif reason is None:
        reason = _lasting_reason(connection, stored, session, now)
        lasting = True
    if reason is None:
        raise ReasonRequiredError
    action = "evidence.download" if download else "evidence.play"
    detail = {"session": session, "kind": stored.kind, "camera_id": stored.camera_id, "lasting": lasting}
    if not _is_written_down(connection, stored, action, session=session, reason=reason, now=now):
        on = ("evidence", str(evidence_id))
        audit.record(connection, by, action, at=now, on=on, reason=reason, detail=detail)
    return stored


def _lasting_reason(connection: pool.Connection, stored: Stored, session: str, now: datetime) -> str | None:
    parameters: dict[str, Any] = {
        "device_id": stored.device_id,
        "event_id": stored.event_id,
        "command_id": stored.command_id,
        "session": session,
        "since": now - REASON_LASTS,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["lasting_reason"], parameters).fetchone()
    return None if row is None else str(row["reason"])


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
