"""Holds: what must not be erased though its time is over, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import callers, problems
from control_room.audit import service as audit
from control_room.database import sql

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool

RETENTION_LOCK = 0x74616C66  # "talf"
"""Advisory: shared by whoever protects something, alone for each transaction that removes something."""

_QUERIES = sql.load(__file__)


class NoSuchHoldError(problems.NotFoundError):
    """There is no such hold."""


class NothingToHoldError(problems.NotFoundError):
    """There is no such alert, file or camera here, or its time was over."""

    name = "nothing-to-hold"


class AlreadyReleasedError(problems.ConflictError):
    """This hold was released before."""

    name = "already-released"


class BadHoldTimeError(problems.UnprocessableError):
    """`until` is to come; a camera's span has `from` before `to`."""

    name = "bad-hold-time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be held: an alert, a file, all that a camera recorded in a span, or a flight."""

    object_kind: str
    alert_id: uuid.UUID | None = None
    evidence_id: uuid.UUID | None = None
    device_id: str | None = None
    camera_id: str | None = None
    held_from: datetime | None = None
    held_to: datetime | None = None
    flight_id: uuid.UUID | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def object_id(self) -> str:
        if self.object_kind == "camera":
            return f"{self.device_id}/{self.camera_id}"
        return str(getattr(self, f"{self.object_kind}_id"))


def keep_retention_out(connection: pool.Connection) -> None:
    """Until this transaction ends: for whoever makes something protected that may not have been."""
    connection.execute(_QUERIES["keep_retention_out"], {"lock": RETENTION_LOCK})


def add(
    connection: pool.Connection,
    wanted: Wanted,
    *,
    reason: str,
    until: datetime | None,
    by: callers.Caller,
    now: datetime,
) -> uuid.UUID:
    """Hold something; the new hold's id.

    Raises:
        NothingToHoldError: there is no such thing, or it is erased.
        BadHoldTimeError: `until` is over, or the span ends before it begins.
    """
    if until is not None and until <= now:
        raise BadHoldTimeError("until must be to come")
    if wanted.held_from is not None and wanted.held_to is not None and wanted.held_from > wanted.held_to:
        raise BadHoldTimeError("from must not be after to")
    keep_retention_out(connection)
    if connection.execute(_QUERIES[f"has_{wanted.object_kind}"], wanted.parameters).fetchone() is None:
        raise NothingToHoldError
    hold_id = uuids.uuid7()
    given = wanted.parameters | {"hold_id": hold_id, "reason": reason, "held_by": by.name, "now": now, "until": until}
    connection.execute(_QUERIES["add"], given)
    on, detail = (wanted.object_kind, wanted.object_id), {"hold_id": str(hold_id), "until": until and str(until)}
    audit.record(connection, by, "hold.add", at=now, on=on, reason=reason, detail=detail)
    return hold_id


def page(
    connection: pool.Connection, *, limit: int, before: uuid.UUID | None, now: datetime, **filters: object
) -> list[dict[str, Any]]:
    """At most `limit` holds older than `before`, the newest first.

    `filters`: hold_id, object_kind, state, protecting (an alert), search; None where all are wanted.
    """
    given: dict[str, Any] = dict.fromkeys(("hold_id", "object_kind", "state", "protecting", "search"))
    given |= {"limit": limit, "before": before, "now": now, **filters}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["items"], given).fetchall()


def item(connection: pool.Connection, hold_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """Raises NoSuchHoldError."""
    rows = page(connection, limit=1, before=None, now=now, hold_id=hold_id)
    if not rows:
        raise NoSuchHoldError
    return rows[0]


def release(connection: pool.Connection, hold_id: uuid.UUID, *, reason: str, by: callers.Caller, now: datetime) -> None:
    """End a hold; what no other protects goes with the next retention.

    Raises:
        NoSuchHoldError: there is none.
        AlreadyReleasedError: it was released before.
    """
    held = item(connection, hold_id, now)
    given = {"hold_id": hold_id, "reason": reason, "released_by": by.name, "now": now}
    if connection.execute(_QUERIES["release"], given).fetchone() is None:
        raise AlreadyReleasedError
    wanted = Wanted(**{name: held[name] for name in Wanted.__slots__})
    on, detail = (wanted.object_kind, wanted.object_id), {"hold_id": str(hold_id)}
    audit.record(connection, by, "hold.release", at=now, on=on, reason=reason, detail=detail)
