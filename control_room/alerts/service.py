"""Alerts: list them, and change their state with who, when and why, all or nothing in one transaction."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import callers, problems
from control_room.alerts import states
from control_room.alerts.states import Action, State
from control_room.audit import service as audit
from control_room.database import sql
from control_room.holds import service as holds
from control_room.sites import service as sites
from control_room.stream import publish
from wire import trace

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool

LONGEST_SHELF = timedelta(hours=24)
OPEN_LIMIT = 2000  # a screen begins with the newest so many; more unjudged alerts are no queue that anybody works off
_QUERIES = sql.load(__file__)


class NoSuchAlertError(problems.NotFoundError):
    """There is no such alert."""


class StaleVersionError(problems.ConflictError):
    """Somebody changed this alert since you saw it; `alert` is how it is now."""

    name = "stale-version"


class WrongStateError(problems.ConflictError):
    """This cannot be done to an alert in its present state; `alert` is how it is now."""

    name = "wrong-state"


class BadShelfTimeError(problems.UnprocessableError):
    """An alert is shelved until a time that is to come, 24 hours away at most."""

    name = "bad-shelf-time"


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants done to an alert that he saw in this `version`."""

    action: Action
    version: int
    reason: str | None = None
    note: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Of the map, degrees WGS 84, its edges included; it does not cross the antimeridian."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Which alerts are wanted; None and empty: whichever."""

    states: list[State] = field(default_factory=list)
    rule: str | None = None
    camera_id: str | None = None
    device_id: str | None = None
    since: datetime | None = None
    """`opened_at` (device) from here on."""
    until: datetime | None = None
    """And before this."""
    box: Box | None = None
    """Only what has a place, in here."""


def page(
    connection: pool.Connection, filters: Filters, *, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> list[dict[str, Any]]:
    """At most `limit` items older than `before` (opened_at and alert_id of an item), the newest first."""
    return _rows(connection, *page_query(filters, limit=limit, before=before))


def page_query(
    filters: Filters, *, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> tuple[str, dict[str, Any]]:
    """Name and parameters of the query that `page` asks."""
    parameters: dict[str, Any] = {
        "states": list(filters.states) or None,
        "rule": filters.rule,
        "camera_id": filters.camera_id,
        "device_id": filters.device_id,
        "since": filters.since,
        "until": filters.until,
        "before_at": before[0] if before else None,
        "before_id": before[1] if before else None,
        "limit": limit,
    }
    if filters.box is None:
        return "page", parameters
    return "page_in_box", parameters | asdict(filters.box)


def open_items(connection: pool.Connection) -> list[dict[str, Any]]:
    """The newest alerts that are not closed, `OPEN_LIMIT` at most."""
    return _rows(connection, "open_items", {"limit": OPEN_LIMIT})


def item(connection: pool.Connection, alert_id: uuid.UUID) -> dict[str, Any]:
    """One alert as lists and stream show it; raises `NoSuchAlertError`."""
    rows = _rows(connection, "item", {"alert_id": alert_id})
    if not rows:
        raise NoSuchAlertError
    return rows[0]


def detail(connection: pool.Connection, alert_id: uuid.UUID) -> dict[str, Any]:
    """The item with its evidence, history, attributes and model; raises `NoSuchAlertError`."""
    found = item(connection, alert_id)
    key = {"alert_id": alert_id}
    evidence = [
        {**file, "url": f"/api/v1/evidence/{file['evidence_id']}" if file["available"] else None}
        for file in _rows(connection, "evidence", key)
    ]
    history = _rows(connection, "history", key)
    return {**found, **_rows(connection, "parts", key)[0], "evidence": evidence, "history": history}


def traces(connection: pool.Connection, alert_id: uuid.UUID, share: float) -> list[uuid.UUID]:
    """Of the messages of its event, those that are traced where `share` of all are."""
    rows = _rows(connection, "traces", {"alert_id": alert_id})
    return [row["message_id"] for row in rows if trace.is_sampled(row["message_id"], share)]


def act(
    connection: pool.Connection, alert_id: uuid.UUID, change: Change, *, by: callers.Caller, now: datetime
) -> dict[str, Any]:
    """Do it, write it down in history and audit, tell the screens; the item as it is then.

    Raises:
        NoSuchAlertError: no such alert.
        StaleVersionError: the alert has another version by now.
        WrongStateError: not from its present state.
        BadShelfTimeError: shelved until a time that is past or too far away.
    """
    if change.action is Action.SHELVE and not (change.until and now < change.until <= now + LONGEST_SHELF):
        raise BadShelfTimeError
    if change.action is Action.REOPEN:
        holds.keep_retention_out(connection)
    locked = connection.execute(_QUERIES["lock"], {"alert_id": alert_id}).fetchone()
    if locked is None:
        raise NoSuchAlertError
    state, version, shelved_from = locked
    if version != change.version:
        raise StaleVersionError(alert=_shown(item(connection, alert_id)))
    target = states.after(State(state), change.action)
    if target is None:
        raise WrongStateError(
            f"an alert that is {state} cannot be {change.action.past}", alert=_shown(item(connection, alert_id))
        )
    if change.action is Action.NOTE:
        connection.execute(_QUERIES["note"], {"alert_id": alert_id, "now": now})
    else:
        _enter(connection, alert_id, target, change, shelved_from=shelved_from or state, now=now)
    _write_down(connection, alert_id, change, target, by=by, now=now)
    if change.action in {Action.CLOSE, Action.REOPEN}:
        is_real = change.reason == states.CloseReason.CONFIRMED
        sites.note_alert(connection, alert_id, is_real=is_real, by=by, now=now)
    return _tell(connection, alert_id)


def unshelve_due(connection: pool.Connection, now: datetime) -> int:
    """Bring back the shelved alerts whose time is up; how many."""
    due = connection.execute(_QUERIES["due"], {"now": now}).fetchall()
    for alert_id, version, shelved_from in due:
        change = Change(Action.UNSHELVE, version)
        target = State(shelved_from)
        _enter(connection, alert_id, target, change, shelved_from=None, now=now)
        _write_down(connection, alert_id, change, target, by=callers.ROOM, now=now)
    for alert_id, _, _ in due:
        _tell(connection, alert_id)
    return len(due)


def count_by_state(connection: pool.Connection) -> dict[str, int]:
    found: dict[str, int] = dict(connection.execute(_QUERIES["count_by_state"]).fetchall())
    return {state.value: found.get(state.value, 0) for state in State}


def _enter(
    connection: pool.Connection,
    alert_id: uuid.UUID,
    target: State,
    change: Change,
    *,
    shelved_from: str | None,
    now: datetime,
) -> None:
    shelved = target is State.SHELVED
    connection.execute(
        _QUERIES["change"],
        {
            "alert_id": alert_id,
            "state": target,
            "close_reason": change.reason if target is State.CLOSED else None,
            "shelved_until": change.until if shelved else None,
            "shelved_from": shelved_from if shelved else None,
            "now": now,
        },
    )


def _write_down(
    connection: pool.Connection,
    alert_id: uuid.UUID,
    change: Change,
    target: State,
    *,
    by: callers.Caller,
    now: datetime,
) -> None:
    version = change.version + 1
    connection.execute(
        _QUERIES["add_history"],
        {
            "alert_id": alert_id,
            "now": now,
            "actor_kind": by.kind,
            "actor": by.name,
            "word": change.action.past,
            "reason": change.reason,
            "note": change.note,
            "state": target,
            "version": version,
        },
    )
    audit.record(
        connection,
        by,
        f"alert.{change.action}",
        at=now,
        on=("alert", str(alert_id)),
        reason=change.reason,
        detail={
            "state": target,
            "version": version,
            "note": change.note,
            "until": change.until and change.until.isoformat(),
        },
    )


def _tell(connection: pool.Connection, alert_id: uuid.UUID) -> dict[str, Any]:
    """Tell the screens how the alert is now."""
    now_is = item(connection, alert_id)
    publish.publish(connection, "alert", now_is)
    return now_is


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    """As JSON will show it."""
    shown: dict[str, Any] = json.loads(publish.encode(found))
    return shown


def _rows(connection: pool.Connection, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        # Never a prepared statement with a general plan: which index serves depends on the filters that are given.
        return cursor.execute(_QUERIES[query], parameters, prepare=False).fetchall()
