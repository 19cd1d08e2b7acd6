"""Analyses as people ask for them, cancel them and ask again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import callers, problems
from control_room.analyses import jobs
from control_room.audit import service as audit
from control_room.database import sql
from control_room.flights import receiving, showing

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool

_QUERIES = sql.load(__file__)


class NoAnalysisError(problems.NotFoundError):
    """Nobody asked for an analysis of this flight yet."""

    name = "no-analysis"


class NothingToLookThroughError(problems.ConflictError):
    """No video of this flight is here yet."""

    name = "nothing-to-look-through"


class UnderWayError(problems.ConflictError):
    """An analysis of this flight is under way."""

    name = "under-way"


class NotUnderWayError(problems.ConflictError):
    """No analysis of this flight is under way."""

    name = "not-under-way"


def ask(connection: pool.Connection, flight_id: uuid.UUID, by: Caller, now: datetime) -> None:
    """Put one into the queue; what an earlier one proposed and nobody judged gives way once it is done.

    Raises:
        NoSuchFlightError, AnothersFlightError, NothingToLookThroughError, UnderWayError: as they say.
    """
    _flight(connection, flight_id, by)
    if connection.execute(_QUERIES["has_video"], {"flight_id": flight_id}).fetchone() != (True,):
        raise NothingToLookThroughError
    analysis_id = uuids.uuid7()
    given = {"analysis_id": analysis_id, "flight_id": flight_id, "now": now, "asked_by": by.name}
    if connection.execute(_QUERIES["add"], given).fetchone() is None:
        raise UnderWayError
    jobs.defer(connection, jobs.ANALYSE, analysis_id=str(analysis_id))
    _write_down(connection, "analyse", (flight_id, analysis_id), by, now)


def ask_by_itself(connection: pool.Connection, footage_id: uuid.UUID, now: datetime) -> None:
    """After the last file of a flight was read, if there is a video: the pilot has walked away."""
    analysis_id = uuids.uuid7()
    given = {"analysis_id": analysis_id, "footage_id": footage_id, "now": now}
    row = connection.execute(_QUERIES["add_by_itself"], given).fetchone()
    if row is not None:
        jobs.defer(connection, jobs.ANALYSE, analysis_id=str(analysis_id))
        _write_down(connection, "analyse", (row[0], analysis_id), callers.ROOM, now)


def cancel(connection: pool.Connection, flight_id: uuid.UUID, by: Caller, now: datetime) -> None:
    """End the one under way; its worker hears of it with its next step.

    Raises:
        NoSuchFlightError, AnothersFlightError, NotUnderWayError: as they say.
    """
    _flight(connection, flight_id, by)
    row = connection.execute(_QUERIES["cancel"], {"flight_id": flight_id, "now": now, "by": by.name}).fetchone()
    if row is None:
        raise NotUnderWayError
    connection.execute(_QUERIES["forget_spans"], {"analysis_id": row[0]})
    _write_down(connection, "cancel_analysis", (flight_id, row[0]), by, now)


def latest(connection: pool.Connection, flight_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """The newest of a flight.

    Raises:
        NoSuchFlightError, NoAnalysisError: as they say.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["latest"], {"flight_id": flight_id}).fetchone()
    if found is None:
        showing.item(connection, flight_id, now)
        raise NoAnalysisError
    return found


def _flight(connection: pool.Connection, flight_id: uuid.UUID, by: Caller) -> None:
    with connection.cursor(row_factory=dict_row) as cursor:
        flight = cursor.execute(_QUERIES["flight"], {"flight_id": flight_id}).fetchone()
    if flight is None:
        raise showing.NoSuchFlightError
    receiving.check_own(by, flight)


def _write_down(
    connection: pool.Connection, act: str, of: tuple[uuid.UUID, uuid.UUID], by: Caller, now: datetime
) -> None:
    flight_id, analysis_id = of
    detail = {"analysis_id": str(analysis_id)}
    audit.record(connection, by, f"flight.{act}", at=now, on=("flight", str(flight_id)), detail=detail)
    showing.publish(connection, flight_id, now)
