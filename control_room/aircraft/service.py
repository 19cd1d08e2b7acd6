"""Aircraft, their batteries and what was wrong with them: the technical part of the log (UAS.SPEC.050(1)(g))."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room import callers
    from control_room.database import pool

_QUERIES = sql.load(__file__)
_MOST_AIRCRAFT = 200
_MOST_BATTERIES = 500


class NoSuchAircraftError(problems.NotFoundError):
    """There is no such aircraft."""


class NoSuchBatteryError(problems.NotFoundError):
    """There is no such battery."""


class NoSuchRecordError(problems.NotFoundError):
    """There is no such record of this aircraft, or it is no open defect."""


class SameSerialNumberError(problems.ConflictError):
    """Another one has this serial number."""

    name = "same-serial-number"


class StaleVersionError(problems.ConflictError):
    """Somebody changed it meanwhile."""

    name = "stale-version"


class UnknownReferenceError(problems.UnprocessableError):
    """There is no such aircraft, battery or flight to name."""

    name = "unknown-reference"


def add(connection: pool.Connection, wanted: dict[str, Any], *, by: callers.Caller, now: datetime) -> uuid.UUID:
    """`wanted`: the fields of `schemas.NewAircraft`. Raises SameSerialNumberError."""
    aircraft_id = uuids.uuid7()
    _write(connection, _QUERIES["add"], _stored(wanted) | {"aircraft_id": aircraft_id, "now": now, "by": by.name})
    _audit(connection, by, "aircraft.add", now, ("aircraft", aircraft_id))
    return aircraft_id


def change(
    connection: pool.Connection, aircraft_id: uuid.UUID, wanted: dict[str, Any], *, by: callers.Caller, now: datetime
) -> None:
    """Raises NoSuchAircraftError, StaleVersionError, SameSerialNumberError."""
    present = item(connection, aircraft_id)
    if not _write(connection, _QUERIES["change"], _stored(wanted) | {"aircraft_id": aircraft_id, "now": now}):
        raise StaleVersionError(aircraft=present)
    _audit(connection, by, "aircraft.change", now, ("aircraft", aircraft_id))


def _stored(wanted: dict[str, Any]) -> dict[str, Any]:
    calibration = wanted["calibration"]
    return wanted | {"calibration": None if calibration is None else Jsonb(calibration)}


def listed(connection: pool.Connection, *, retired: bool | None = None) -> list[dict[str, Any]]:
    return _rows(connection, "items", {"aircraft_id": None, "retired": retired, "limit": _MOST_AIRCRAFT})


def item(connection: pool.Connection, aircraft_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchAircraftError."""
    rows = _rows(connection, "items", {"aircraft_id": aircraft_id, "retired": None, "limit": 1})
    if not rows:
        raise NoSuchAircraftError
    return rows[0]


def add_battery(connection: pool.Connection, wanted: dict[str, Any], *, by: callers.Caller, now: datetime) -> uuid.UUID:
    """Raises SameSerialNumberError, UnknownReferenceError."""
    battery_id = uuids.uuid7()
    _write(connection, _QUERIES["add_battery"], wanted | {"battery_id": battery_id, "now": now, "by": by.name})
    _audit(connection, by, "battery.add", now, ("battery", battery_id))
    return battery_id


def change_battery(
    connection: pool.Connection, battery_id: uuid.UUID, wanted: dict[str, Any], *, by: callers.Caller, now: datetime
) -> None:
    """Raises NoSuchBatteryError, StaleVersionError, SameSerialNumberError, UnknownReferenceError."""
    present = battery(connection, battery_id)
    if not _write(connection, _QUERIES["change_battery"], wanted | {"battery_id": battery_id, "now": now}):
        raise StaleVersionError(battery=present)
    _audit(connection, by, "battery.change", now, ("battery", battery_id))


def batteries(
    connection: pool.Connection, *, aircraft_id: uuid.UUID | None = None, retired: bool | None = None
) -> list[dict[str, Any]]:
    """`aircraft_id`: those for it and those for several."""
    given = {"battery_id": None, "aircraft_id": aircraft_id, "retired": retired, "limit": _MOST_BATTERIES}
    return _rows(connection, "batteries", given)


def battery(connection: pool.Connection, battery_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchBatteryError."""
    given = {"battery_id": battery_id, "aircraft_id": None, "retired": None, "limit": 1}
    rows = _rows(connection, "batteries", given)
    if not rows:
        raise NoSuchBatteryError
    return rows[0]


def add_record(
    connection: pool.Connection, aircraft_id: uuid.UUID, wanted: dict[str, Any], *, by: callers.Caller, now: datetime
) -> uuid.UUID:
    """Raises NoSuchAircraftError, UnknownReferenceError."""
    item(connection, aircraft_id)
    record_id = uuids.uuid7()
    given = wanted | {"record_id": record_id, "aircraft_id": aircraft_id, "now": now, "by": by.name}
    _write(connection, _QUERIES["add_record"], given)
    _audit(connection, by, f"aircraft.{wanted['kind']}", now, ("aircraft", aircraft_id))
    return record_id


def settle(
    connection: pool.Connection,
    aircraft_id: uuid.UUID,
    record_id: uuid.UUID,
    *,
    how: str,
    by: callers.Caller,
    now: datetime,
) -> None:
    """A defect is mended. Raises NoSuchRecordError."""
    given = {"record_id": record_id, "aircraft_id": aircraft_id, "how": how, "now": now, "by": by.name}
    if not _write(connection, _QUERIES["settle"], given):
        raise NoSuchRecordError
    _audit(connection, by, "aircraft.settle", now, ("aircraft", aircraft_id))


def records(
    connection: pool.Connection,
    aircraft_id: uuid.UUID,
    *,
    limit: int,
    before: uuid.UUID | None = None,
    record_id: uuid.UUID | None = None,
) -> list[dict[str, Any]]:
    """The newest first."""
    given = {"aircraft_id": aircraft_id, "record_id": record_id, "before": before, "limit": limit}
    return _rows(connection, "records", given)


def _rows(connection: pool.Connection, query: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], given).fetchall()


def _write(connection: pool.Connection, query: LiteralString, given: dict[str, Any]) -> int:
    """How many rows it changed."""
    try:
        with connection.transaction():
            return connection.execute(query, given).rowcount
    except psycopg.errors.UniqueViolation:
        raise SameSerialNumberError from None
    except psycopg.errors.ForeignKeyViolation:
        raise UnknownReferenceError from None


def _audit(
    connection: pool.Connection, by: callers.Caller, action: str, now: datetime, on: tuple[str, uuid.UUID]
) -> None:
    audit.record(connection, by, action, at=now, on=(on[0], str(on[1])))
