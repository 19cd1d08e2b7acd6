"""Files of flights as people open them: written down with a reason before the first byte leaves."""

from __future__ import annotations

import http
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.flights.receiving import NoSuchFootageError
from control_room.viewing import reasons, watched

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.store.content import Store
    from control_room.viewing.service import Viewer

_WRITTEN_ONCE_IN = timedelta(minutes=1)
_QUERIES = sql.load(__file__)
_PEOPLE_IN = frozenset({"video", "still", "proxy"})


class ErasedError(problems.ProblemError):
    """Its time was over and the room erased it."""

    status = http.HTTPStatus.GONE
    name = "erased"


class NotPixelatedError(problems.NotFoundError):
    """No small copy with people pixelated was made of it yet."""

    name = "not-pixelated"


class LostFileError(problems.ProblemError):
    """The store has lost this file; `talaia-room fsck` looks for others."""

    name = "lost-file"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that may be handed out."""

    sha256: str
    bytes: int
    media_type: str
    name: str


def show(
    connection: pool.Connection,
    store: Store,
    place: tuple[uuid.UUID, uuid.UUID],
    *,
    by: Viewer,
    reason: str | None,
    pixelated: bool,
    now: datetime,
) -> Opened:
    """The file at `place` (flight, file), once it is written down who opens it and why.

    An original that shows people needs `reason`, or one that this session gave for the flight lately; it lasts 15
    minutes for all files of the flight.

    Raises:
        NoSuchFootageError: unknown, of another flight, or not here yet.
        NotWatchedError: this person may not watch what drones film, and it is not his flight.
        ErasedError, NotPixelatedError, ReasonNeededError, LostFileError: as they say.
    """
    flight_id, footage_id = place
    filmed = watched.flight(flight_id)
    by.check(filmed)
    with connection.cursor(row_factory=dict_row) as cursor:
        file = cursor.execute(_QUERIES["footage"], {"footage_id": footage_id}).fetchone()
    if file is None or file["flight_id"] != flight_id or file["state"] in {"awaited", "refused"}:
        raise NoSuchFootageError
    if file["state"] == "erased":
        raise ErasedError
    if pixelated and file["pixelated_sha256"] is None:
        raise NotPixelatedError
    if not pixelated and file["kind"] in _PEOPLE_IN:
        if reason is None:
            reason = reasons.need(connection, by.caller, filmed, watched.WHOLE, now=now).text
        elif not _opened_lately(connection, footage_id, by.caller, "footage.open", reason, now):
            why = reasons.Reason(reason, f"flight {flight_id}")
            reasons.note(connection, by.caller, [filmed], watched.WHOLE, reason=why, now=now)
    opened = _opened(file, pixelated=pixelated)
    if store.size_bytes(opened.sha256) != opened.bytes:
        raise LostFileError
    _write_down(connection, footage_id, by.caller, now, pixelated=pixelated, reason=reason, flight_id=flight_id)
    return opened


def _opened(file: dict[str, Any], *, pixelated: bool) -> Opened:
    stem, _, extension = file["name"].rpartition(".")
    if not pixelated:
        return Opened(file["sha256"], file["bytes"], file["media_type"], file["name"])
    media_type, ending = ("image/jpeg", "jpg") if file["kind"] == "still" else ("video/mp4", "mp4")
    name = f"{stem or extension}-pixelated.{ending}"
    return Opened(file["pixelated_sha256"], file["pixelated_bytes"], media_type, name)


def _write_down(
    connection: pool.Connection,
    footage_id: uuid.UUID,
    by: Caller,
    now: datetime,
    *,
    pixelated: bool,
    reason: str | None,
    flight_id: uuid.UUID,
) -> None:
    action = "footage.play_pixelated" if pixelated else "footage.open"
    if not _opened_lately(connection, footage_id, by, action, reason, now):
        detail = {"flight_id": str(flight_id)}
        audit.record(connection, by, action, at=now, on=("footage", str(footage_id)), reason=reason, detail=detail)


def _opened_lately(  # noqa: PLR0917 - who opened what, how and why
    connection: pool.Connection, footage_id: uuid.UUID, by: Caller, action: str, reason: str | None, now: datetime
) -> bool:
    given = {"actor": by.name, "action": action, "object_id": str(footage_id), "reason": reason}
    lately = given | {"since": now - _WRITTEN_ONCE_IN}
    return connection.execute(_QUERIES["opened_lately"], lately).fetchone() != (False,)
