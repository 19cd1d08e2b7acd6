"""Flights as people change them: their log, which files belong to which, and drafts that are thrown away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pydantic_core
from psycopg import sql as compose
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.callers import Role
from control_room.database import sql
from control_room.flights import confirming, receiving, showing, telemetry_reading
from control_room.holds import service as holds
from control_room.removals import service as removals
from control_room.uploads.partial import Uploads

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.store.content import Store

SAMPLES_MAX = 20_000
_QUERIES = sql.load(__file__)
_CHANGEABLE = (
    "observer",
    "aircraft_id",
    "authorisation_id",
    "urgent_reason",
    "purpose",
    "legal_regime",
    "pixelated",
    "risk_assessment",
    "weather",
    "occurrences",
    "line_of_sight",
    "take_off_at",
    "landed_at",
)


class StaleFlightError(problems.ConflictError):
    """Somebody changed the flight meanwhile; `flight` is how it is now."""

    name = "stale-version"


class ReasonMissingError(problems.UnprocessableError):
    """The flight was flown: a change of its log needs a reason."""

    name = "reason-missing"


class WrongTimesError(problems.UnprocessableError):
    """A flight lands after it takes off."""

    name = "wrong-times"


class UnknownReferenceError(problems.UnprocessableError):
    """There is no such aircraft or authorisation."""

    name = "unknown-reference"


class WrongFilesError(problems.UnprocessableError):
    """Some of these files are not in this flight, or none would stay."""

    name = "wrong-files"


class BusyFlightError(problems.ConflictError):
    """The flight is looked through just now: cancel that first."""

    name = "busy-flight"


class NotADraftError(problems.ConflictError):
    """Only a draft can be thrown away, of which nothing was judged and which nobody holds."""

    name = "not-a-draft"


def detail(connection: pool.Connection, flight_id: uuid.UUID, caller: Caller, now: datetime) -> dict[str, Any]:
    """All of it.

    Raises:
        NoSuchFlightError: there is none.
    """
    shown = showing.item(connection, flight_id, now)
    with connection.cursor(row_factory=dict_row) as cursor:
        more = cursor.execute(_QUERIES["more_of"], {"flight_id": flight_id}).fetchone()
        history = cursor.execute(_QUERIES["history"], {"flight_id": flight_id}).fetchall()
    mine = caller.role is not Role.PILOT or caller.name in {shown["pilot"], shown["created_by"]}
    return shown | (more or {}) | {"history": history, "may_change": mine}


def files(connection: pool.Connection, store: Store, flight_id: uuid.UUID, caller: Caller) -> list[dict[str, Any]]:
    """Of a flight, with how much of each is here."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["footage_of"], {"flight_id": flight_id}).fetchall()
    found = []
    for row in rows:
        coming = row["upload_id"] if row["begun"] else None
        here = row["bytes"] if row["state"] == "ready" else confirming.here_bytes(store, coming)
        mine = coming if row["sender"] == caller.name else None
        found.append(row | {"upload_id": mine, "here_bytes": here})
    return found


def samples(
    connection: pool.Connection, footage_ids: Sequence[uuid.UUID], *, wanted: int
) -> tuple[list[dict[str, Any]], int, int]:
    """Telemetry thinned to about `wanted` rows; every how manieth of how many."""
    given = {"footage_ids": list(footage_ids)}
    row = connection.execute(_QUERIES["count_samples"], given).fetchone()
    rows = int(row[0]) if row else 0
    every = max(1, -(-rows // wanted))
    with connection.cursor(row_factory=dict_row) as cursor:
        parameters = given | {"every": every, "after_at": None, "limit": SAMPLES_MAX}
        return cursor.execute(_QUERIES["samples"], parameters).fetchall(), every, rows


def change(
    connection: pool.Connection,
    flight_id: uuid.UUID,
    changes: dict[str, Any],
    *,
    version: int,
    reason: str | None,
    by: Caller,
    now: datetime,
) -> None:
    """Write into the log; what it says was before stays in its history.

    Raises:
        NoSuchFlightError, AnothersFlightError, StaleFlightError, ClosedFlightError: as they say.
        ReasonMissingError, WrongTimesError, UnknownReferenceError: as they say.
    """
    before = lock(connection, flight_id, version, by, now)
    changed = {name: value for name, value in changes.items() if name in _CHANGEABLE and before[name] != value}
    if not changed:
        return
    if before["state"] == "flown" and reason is None:
        raise ReasonMissingError
    if {"take_off_at", "landed_at"} & changed.keys():
        changed["times_from"] = "pilot"
    after = before | changed
    if after["take_off_at"] and after["landed_at"] and after["take_off_at"] > after["landed_at"]:
        raise WrongTimesError
    assignments = compose.SQL(", ").join(
        compose.SQL("{} = {}").format(compose.Identifier(name), compose.Placeholder(name)) for name in changed
    )
    statement = compose.SQL("UPDATE flights SET {} WHERE flight_id = {}").format(
        assignments, compose.Placeholder("flight_id")
    )
    try:
        connection.execute(statement, changed | {"flight_id": flight_id})
    except psycopg.errors.ForeignKeyViolation:
        raise UnknownReferenceError from None
    told = {name: [before[name], value] for name, value in changed.items()}
    _write_down(connection, flight_id, "correct", by, now, told=told, reason=reason)
    showing.publish(connection, flight_id, now)


def move(
    connection: pool.Connection,
    flight_id: uuid.UUID,
    footage_ids: Sequence[uuid.UUID],
    into: uuid.UUID | None,
    *,
    version: int,
    by: Caller,
    now: datetime,
) -> uuid.UUID:
    """Files with all that was found in them into another flight, or a new one; which.

    Raises:
        NoSuchFlightError, AnothersFlightError, StaleFlightError, ClosedFlightError, BusyFlightError: of either flight.
        WrongFilesError: as it says.
    """
    flight = lock(connection, flight_id, version, by, now)
    with connection.cursor(row_factory=dict_row) as cursor:
        there = {row["footage_id"] for row in cursor.execute(_QUERIES["footage_of"], {"flight_id": flight_id})}
    moved = set(footage_ids)
    if not moved <= there or moved == there or into == flight_id:
        raise WrongFilesError
    if into is None:
        into = uuids.uuid7()
        given = {"flight_id": into, "pilot": flight["pilot"], "by": by.name, "now": now, "doubts": Jsonb([])}
        connection.execute(_QUERIES["add"], given)
    else:
        lock(connection, into, None, by, now)
    _move(connection, flight_id, sorted(moved), into, by=by, now=now)
    return into


def merge(
    connection: pool.Connection, into: uuid.UUID, flight_id: uuid.UUID, *, version: int, by: Caller, now: datetime
) -> None:
    """All files of a draft into another flight; the draft ceases to be.

    Raises:
        NoSuchFlightError, AnothersFlightError, StaleFlightError, ClosedFlightError, BusyFlightError: of either flight.
        NotADraftError: the one that would cease to be is more than a draft.
        WrongFilesError: it is the same flight.
    """
    if into == flight_id:
        raise WrongFilesError
    lock(connection, into, version, by, now)
    other = lock(connection, flight_id, None, by, now)
    if other["state"] != "draft":
        raise NotADraftError
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["footage_of"], {"flight_id": flight_id}).fetchall()
    connection.execute(_QUERIES["move_analyses"], {"flight_id": flight_id, "into": into})
    _move(connection, flight_id, [row["footage_id"] for row in rows], into, by=by, now=now, other_stays=False)
    _remove_rows(connection, flight_id)


def _move(
    connection: pool.Connection,
    flight_id: uuid.UUID,
    footage_ids: Sequence[uuid.UUID],
    into: uuid.UUID,
    *,
    by: Caller,
    now: datetime,
    other_stays: bool = True,
) -> None:
    flight_ids = [flight_id, into]
    if connection.execute(_QUERIES["under_way"], {"flight_ids": flight_ids}).fetchone() == (True,):
        raise BusyFlightError
    given = {"footage_ids": list(footage_ids), "into": into}
    connection.execute(_QUERIES["move_footage"], given)
    connection.execute(_QUERIES["move_findings"], given)
    connection.execute(_QUERIES["part_pairs"], {"flight_ids": flight_ids})
    told = {"footage_ids": [str(one) for one in footage_ids], "from": str(flight_id), "into": str(into)}
    for each in flight_ids if other_stays else [into]:
        _write_down(connection, each, "move", by, now, told=told)
        telemetry_reading.settle(connection, each, now)
    for each in flight_ids if other_stays else [into]:
        showing.publish(connection, each, now)


def delete(
    connection: pool.Connection,
    store: Store,
    flight_id: uuid.UUID,
    *,
    version: int,
    reason: str,
    by: Caller,
    now: datetime,
) -> None:
    """A draft with its files, rows first: the files leave the store after the commit (`control_room.removals`).

    Raises:
        NoSuchFlightError, AnothersFlightError, StaleFlightError, BusyFlightError, NotADraftError: as they say.
    """
    holds.keep_retention_out(connection)
    flight = lock(connection, flight_id, version, by, now)
    given = {"flight_id": flight_id, "now": now}
    if flight["state"] != "draft" or connection.execute(_QUERIES["is_judged"], given).fetchone() != (False, False):
        raise NotADraftError
    if connection.execute(_QUERIES["under_way"], {"flight_ids": [flight_id]}).fetchone() == (True,):
        raise BusyFlightError
    content = [sha256 for (sha256,) in connection.execute(_QUERIES["content_of"], given)]
    uploads = [upload_id for (upload_id,) in connection.execute(_QUERIES["uploads_of"], given)]
    connection.execute(_QUERIES["end_uploads"], {"upload_ids": uploads})
    for query in ("remove_samples", "remove_spans", "remove_findings", "remove_analyses", "remove_footage"):
        connection.execute(_QUERIES[query], given)
    _remove_rows(connection, flight_id)
    removals.note(connection, content, now)
    detail = {"files": len(content), "sha256": content[:100]}
    audit.record(connection, by, "flight.delete", at=now, on=("flight", str(flight_id)), reason=reason, detail=detail)
    for upload_id in uploads:
        Uploads(store).remove(upload_id)


def lock(
    connection: pool.Connection, flight_id: uuid.UUID, version: int | None, by: Caller, now: datetime
) -> dict[str, Any]:
    """The flight, that nobody else changes until this transaction ends.

    Raises:
        NoSuchFlightError, AnothersFlightError, ClosedFlightError: as they say.
        StaleFlightError: another version than the person saw; None: whatever it is.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        flight = cursor.execute(_QUERIES["lock"], {"flight_id": flight_id}).fetchone()
    if flight is None:
        raise showing.NoSuchFlightError
    receiving.check_own(by, flight)
    if version is not None and flight["version"] != version:
        raise StaleFlightError(flight=_as_json(showing.item(connection, flight_id, now)))
    if flight["state"] == "closed":
        raise confirming.ClosedFlightError
    return flight


def _remove_rows(connection: pool.Connection, flight_id: uuid.UUID) -> None:
    """The flight itself, of which nothing is left; what another feature wrote for it keeps it."""
    connection.execute(_QUERIES["allow_history"])
    try:
        with connection.transaction():
            connection.execute(_QUERIES["remove_flight_history"], {"flight_id": flight_id})
            connection.execute(_QUERIES["remove_flight"], {"flight_id": flight_id})
    except psycopg.errors.ForeignKeyViolation:
        raise NotADraftError from None


def _write_down(
    connection: pool.Connection,
    flight_id: uuid.UUID,
    action: str,
    by: Caller,
    now: datetime,
    *,
    told: dict[str, Any],
    reason: str | None = None,
) -> None:
    changed = _as_json(told)
    given = {"flight_id": flight_id, "now": now, "actor": by.name, "action": action, "reason": reason}
    connection.execute(_QUERIES["write_history"], given | {"changed": Jsonb(changed)})
    connection.execute(_QUERIES["bump"], given)
    on = ("flight", str(flight_id))
    audit.record(connection, by, f"flight.{action}", at=now, on=on, reason=reason, detail=changed)


def _as_json(content: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(pydantic_core.to_json(content))
    return plain
