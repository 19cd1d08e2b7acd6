"""Files of flights as they come: an upload names the file that it brings, the whole becomes it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from control_room import problems
from control_room.analyses import jobs
from control_room.callers import Role
from control_room.database import sql
from control_room.flights import showing

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.probing.result import Found

_QUERIES = sql.load(__file__)


class NotAwaitedError(problems.ConflictError):
    """This file of the flight is here already, or was erased."""

    name = "not-awaited"


class NoSuchFootageError(problems.NotFoundError):
    """There is no such file of a flight."""

    name = "no-such-footage"


class OtherSizeError(problems.UnprocessableError):
    """The file was named with another size."""

    name = "other-size"


class AnothersFlightError(problems.ForbiddenError):
    """This flight is another pilot's."""

    name = "anothers-flight"


class TwinError(problems.ConflictError):
    """The same content is here already; nothing of this copy was kept."""

    name = "same-content"


def expect(
    connection: pool.Connection, footage_id: uuid.UUID, upload_id: uuid.UUID, caller: Caller, length: int
) -> uuid.UUID:
    """From now on this upload brings the file; or the one that began before, where it goes on.

    Raises:
        NoSuchFootageError, AnothersFlightError, NotAwaitedError, OtherSizeError: as they say.
    """
    file = _lock(connection, footage_id)
    flight = _flight(connection, file["flight_id"])
    check_own(caller, flight)
    if file["bytes"] != length:
        raise OtherSizeError(f"{file['bytes']} bytes were named, {length} come")
    parameters = {"footage_id": footage_id, "upload_id": upload_id}
    if connection.execute(_QUERIES["expect"], parameters).rowcount == 0:
        raise NotAwaitedError
    return footage_id


def check_own(caller: Caller, flight: dict[str, Any]) -> None:
    """Raise AnothersFlightError where a pilot means to change what is not his."""
    if caller.role is Role.PILOT and caller.name not in {flight["pilot"], flight["created_by"]}:
        raise AnothersFlightError


def brought_by(connection: pool.Connection, upload_id: uuid.UUID) -> dict[str, Any] | None:
    """The awaited file that an upload brings, locked; None: it is of no flight, or not awaited any more."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["awaited_by"], {"upload_id": upload_id}).fetchone()


def receive(
    connection: pool.Connection, file: dict[str, Any], *, sha256: str, size_bytes: int, found: Found, now: datetime
) -> None:
    """It is in the store; its telemetry is read next.

    Raises:
        TwinError: another file has this content.
    """
    footage_id = file["footage_id"]
    twin = connection.execute(_QUERIES["twin"], {"sha256": sha256, "footage_id": footage_id}).fetchone()
    if twin is not None:
        raise TwinError(f"it is {twin[0]} of flight {twin[1]}", footage_id=str(twin[0]), flight_id=str(twin[1]))
    picture = next((stream for stream in found.streams if stream.type == "video"), None)
    turned = picture is not None and picture.rotation_deg % 180 != 0
    size = (picture.width_px, picture.height_px) if picture is not None else (None, None)
    connection.execute(
        _QUERIES["receive"],
        {
            "footage_id": footage_id,
            "sha256": sha256,
            "bytes": size_bytes,
            "media_type": found.media_type,
            "probe": Jsonb(found.model_dump(mode="json")),
            "duration_s": found.duration_s,
            "width_px": size[1] if turned else size[0],
            "height_px": size[0] if turned else size[1],
            "now": now,
        },
    )
    jobs.defer(connection, jobs.READ, footage_id=str(footage_id))
    showing.publish(connection, file["flight_id"], now)


def refuse(connection: pool.Connection, upload_id: uuid.UUID, reason: str, now: datetime) -> None:
    """What an upload brought is not taken; harmless where it is of no flight."""
    file = brought_by(connection, upload_id)
    if file is not None:
        connection.execute(_QUERIES["refuse"], {"footage_id": file["footage_id"], "reason": reason[:500]})
        showing.publish(connection, file["flight_id"], now)


def _lock(connection: pool.Connection, footage_id: uuid.UUID) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["lock_footage"], {"footage_id": footage_id}).fetchone()
    if row is None:
        raise NoSuchFootageError
    return row


def _flight(connection: pool.Connection, flight_id: uuid.UUID) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["lock"], {"flight_id": flight_id}).fetchone()
    if row is None:
        raise showing.NoSuchFlightError
    return row
