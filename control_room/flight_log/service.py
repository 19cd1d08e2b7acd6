"""The flight log as the law wants it: complete before it is closed, changed only with its history, told of in time."""

from __future__ import annotations

import json
import zoneinfo
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pydantic_core
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.authorisations import limits
from control_room.authorisations import service as authorisations
from control_room.callers import Role
from control_room.database import sql
from control_room.flights import receiving, showing

if TYPE_CHECKING:
    import uuid

    from control_room import callers
    from control_room.database import pool

KEPT_MONTHS = 36
"""UAS.SPEC.050(1)(g): three years at least."""
NOTICE_WITHIN = timedelta(hours=24)
"""LO 7/2021 art. 17."""
_MOST = 10_000
_QUERIES = sql.load(__file__)
_ANY = dict.fromkeys(
    ("flight_id", "pilot", "aircraft_id", "state", "urgent", "since", "until", "before_at", "before_id"), None
)
_NEEDED = ("aircraft_id", "take_off_at", "landed_at", "purpose", "risk_assessment", "line_of_sight")


class StaleLogError(problems.ConflictError):
    """Somebody changed the flight meanwhile; `flight` is how it is now."""

    name = "stale-version"


class IncompleteLogError(problems.UnprocessableError):
    """A log is closed when it is complete; `missing` names what is not there."""

    name = "incomplete-log"


class ClosedLogError(problems.ConflictError):
    """The log is closed: reopen it first, with a reason."""

    name = "closed-log"


class NotClosedError(problems.ConflictError):
    """The log is not closed."""

    name = "not-closed"


class ReasonNeededError(problems.UnprocessableError):
    """The flight was flown: a change of its log needs a reason."""

    name = "reason-missing"


class UnknownNameError(problems.UnprocessableError):
    """There is no such aircraft, battery or permission."""

    name = "unknown-reference"


class NotUrgentError(problems.ConflictError):
    """The flight is not urgent, has not taken off, or its authority was told before."""

    name = "not-urgent"


def page(
    connection: pool.Connection,
    *,
    limit: int,
    by: callers.Caller,
    town: zoneinfo.ZoneInfo,
    after: uuid.UUID | None = None,
    **filters: Any,
) -> list[dict[str, Any]]:
    """Flights as the log has them, the newest first.

    `filters`: flight_id, pilot, aircraft_id, state, urgent, since, until; None where all are wanted.

    Raises:
        NoSuchFlightError: `after` is none.
    """
    given: dict[str, Any] = {**_ANY, **filters, "limit": limit}
    if after is not None:
        last = item(connection, after, by=by, town=town)
        given |= {"before_at": last["take_off_at"] or last["created_at"], "before_id": after}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["items"], given).fetchall()
    return [row | _reckoned(row, by, town) for row in rows]


def item(
    connection: pool.Connection, flight_id: uuid.UUID, *, by: callers.Caller, town: zoneinfo.ZoneInfo
) -> dict[str, Any]:
    """Raises NoSuchFlightError."""
    rows = page(connection, limit=1, by=by, town=town, flight_id=flight_id)
    if not rows:
        raise showing.NoSuchFlightError
    return rows[0]


def everything(
    connection: pool.Connection, *, by: callers.Caller, town: zoneinfo.ZoneInfo, **filters: Any
) -> list[dict[str, Any]]:
    """All that `page` would give, at most 10,000."""
    return page(connection, limit=_MOST, by=by, town=town, **filters)


def plan(connection: pool.Connection, wanted: dict[str, Any], *, by: callers.Caller, now: datetime) -> uuid.UUID:
    """A draft before its take-off, whose card will be put to it. `wanted`: the fields of `schemas.Planned`.

    Raises:
        UnknownNameError: as it says.
        authorisations.service.BadAreaError: the planned area is none.
    """
    authorisations.shapes(wanted["preflight"]["area"])
    flight_id = uuids.uuid7()
    given = wanted | {"flight_id": flight_id, "preflight": Jsonb(_plain(wanted["preflight"]))}
    try:
        with connection.transaction():
            connection.execute(_QUERIES["plan"], given | {"now": now, "by": by.name})
    except psycopg.errors.ForeignKeyViolation:
        raise UnknownNameError from None
    _write_down(connection, flight_id, "plan", by, now, changed=None, reason=None)
    showing.publish(connection, flight_id, now)
    return flight_id


def change(
    connection: pool.Connection,
    flight_id: uuid.UUID,
    changes: dict[str, Any],
    *,
    version: int,
    reason: str | None,
    by: callers.Caller,
    now: datetime,
) -> None:
    """Preflight, elevation of the take-off point, batteries. What stood there before is in the history.

    Raises:
        NoSuchFlightError, AnothersFlightError, StaleLogError, ClosedLogError, ReasonNeededError: as they say.
        UnknownNameError: no such battery.
    """
    before = _lock(connection, flight_id, version, by, now)
    if before["state"] == "closed":
        raise ClosedLogError
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["batteries_of"], {"flight_id": flight_id}).fetchall()
    before["battery_ids"] = [row["battery_id"] for row in rows]
    if "preflight" in changes:
        authorisations.shapes((changes["preflight"] or {}).get("area"))
        changes["preflight"] = _plain(changes["preflight"] or {})
    if "battery_ids" in changes:
        changes["battery_ids"] = sorted(set(changes["battery_ids"] or []))
    changed = {name: value for name, value in changes.items() if before[name] != value}
    if not changed:
        return
    if before["state"] == "flown" and reason is None:
        raise ReasonNeededError
    _apply(connection, flight_id, changed)
    told = {name: [before[name], value] for name, value in changed.items()}
    _write_down(connection, flight_id, "correct", by, now, changed=told, reason=reason)
    showing.publish(connection, flight_id, now)


def close(
    connection: pool.Connection,
    flight_id: uuid.UUID,
    *,
    version: int,
    by: callers.Caller,
    town: zoneinfo.ZoneInfo,
    now: datetime,
) -> None:
    """The log is complete and changes no more but by reopening.

    Raises:
        NoSuchFlightError, AnothersFlightError, StaleLogError, ClosedLogError: as they say.
        IncompleteLogError: no aircraft, times, purpose, risk assessment (RD 517/2024 art. 17), word on sight, check
            before take-off, or neither a permission of that day nor an urgent reason (LO 7/2021 art. 17).
    """
    before = _lock(connection, flight_id, version, by, now)
    if before["state"] == "closed":
        raise ClosedLogError
    missing = item(connection, flight_id, by=by, town=town)["missing"]
    if missing:
        raise IncompleteLogError(f"missing: {', '.join(missing)}", missing=missing)
    connection.execute(_QUERIES["set_state"], {"flight_id": flight_id, "state": "closed", "closed_at": now})
    told = {"state": [before["state"], "closed"]}
    _write_down(connection, flight_id, "close", by, now, changed=told, reason=None)
    showing.publish(connection, flight_id, now)


def reopen(
    connection: pool.Connection, flight_id: uuid.UUID, *, version: int, reason: str, by: callers.Caller, now: datetime
) -> None:
    """The log may be changed again; why stays in its history.

    Raises:
        NoSuchFlightError, AnothersFlightError, StaleLogError, NotClosedError: as they say.
    """
    before = _lock(connection, flight_id, version, by, now)
    if before["state"] != "closed":
        raise NotClosedError
    connection.execute(_QUERIES["set_state"], {"flight_id": flight_id, "state": "flown", "closed_at": None})
    told = {"state": ["closed", "flown"]}
    _write_down(connection, flight_id, "reopen", by, now, changed=told, reason=reason)
    showing.publish(connection, flight_id, now)


def tell(
    connection: pool.Connection, flight_id: uuid.UUID, told: dict[str, Any], *, by: callers.Caller, now: datetime
) -> None:
    """The authority was told of an urgent flight (LO 7/2021 art. 17): its clock stops.

    Raises:
        NoSuchFlightError, AnothersFlightError: as they say.
        NotUrgentError: there is nothing to tell, or it was told.
    """
    flight = _lock(connection, flight_id, None, by, now)
    if flight["urgent_reason"] is None or flight["take_off_at"] is None:
        raise NotUrgentError
    given = told | {"flight_id": flight_id, "by": by.name, "now": now}
    if not connection.execute(_QUERIES["tell"], given).rowcount:
        raise NotUrgentError
    _write_down(connection, flight_id, "tell", by, now, changed=None, reason=None)
    showing.publish(connection, flight_id, now)


def _reckoned(row: dict[str, Any], by: callers.Caller, town: zoneinfo.ZoneInfo) -> dict[str, Any]:
    urgent = row["urgent_reason"] is not None and row["authorisation_id"] is None
    landed = row["landed_at"] or row["take_off_at"] or row["created_at"]
    return {
        "missing": _missing(row),
        "kept_until": limits.months_after(landed, KEPT_MONTHS, town),
        "notice_due_at": row["take_off_at"] + NOTICE_WITHIN if urgent and row["take_off_at"] else None,
        "serious": row["serious"] if row["is_checked"] else None,
        "to_look_at": row["to_look_at"] if row["is_checked"] else None,
        "may_change": by.role is not Role.PILOT or by.name in {row["pilot"], row["created_by"]},
    }


def _missing(row: dict[str, Any]) -> list[str]:
    """What stands between a log and closing."""
    found = [name.removesuffix("_id") for name in _NEEDED if row[name] is None]
    if row["authorisation_id"] is None:
        if row["urgent_reason"] is None:
            found.append("permission")
    else:
        took_off = row["take_off_at"]
        if took_off is not None and not row["valid_from"] <= took_off < row["valid_to"]:
            found.append("permission_dates")
        if took_off is not None and row["revoked_at"] is not None and row["revoked_at"] <= took_off:
            found.append("permission_revoked")
    if not any((row["preflight"].get("done") or {}).values()):
        found.append("preflight")
    return found


def _lock(
    connection: pool.Connection, flight_id: uuid.UUID, version: int | None, by: callers.Caller, now: datetime
) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        flight = cursor.execute(_QUERIES["lock"], {"flight_id": flight_id}).fetchone()
    if flight is None:
        raise showing.NoSuchFlightError
    receiving.check_own(by, flight)
    if version is not None and flight["version"] != version:
        raise StaleLogError(flight=_plain(showing.item(connection, flight_id, now)))
    return flight


def _apply(connection: pool.Connection, flight_id: uuid.UUID, changed: dict[str, Any]) -> None:
    given = changed | {"flight_id": flight_id}
    if "preflight" in changed:
        connection.execute(_QUERIES["write_preflight"], given | {"preflight": Jsonb(changed["preflight"])})
    if "take_off_elevation_m" in changed:
        connection.execute(_QUERIES["write_elevation"], given)
    if "battery_ids" in changed:
        connection.execute(_QUERIES["remove_batteries"], given)
        try:
            with connection.transaction():
                connection.execute(_QUERIES["write_batteries"], given)
        except psycopg.errors.ForeignKeyViolation:
            raise UnknownNameError from None


def _write_down(
    connection: pool.Connection,
    flight_id: uuid.UUID,
    action: str,
    by: callers.Caller,
    now: datetime,
    *,
    changed: dict[str, Any] | None,
    reason: str | None,
) -> None:
    plain = None if changed is None else _plain(changed)
    given = {"flight_id": flight_id, "now": now, "by": by.name, "action": action, "reason": reason}
    connection.execute(_QUERIES["write_history"], given | {"changed": None if plain is None else Jsonb(plain)})
    connection.execute(_QUERIES["bump"], given)
    audit.record(connection, by, f"flight.{action}", at=now, on=("flight", str(flight_id)), reason=reason, detail=plain)


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(pydantic_core.to_json(content))
    return plain
