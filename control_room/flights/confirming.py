"""From a dropped card to flights whose files are awaited: proposal, what is here, confirmation, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.flights import cards, receiving, showing
from control_room.uploads.partial import Uploads

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.flights.schemas import CardFileGiven, WantedFile, WantedFlight
    from control_room.store.content import Store

UNFINISHED_MAX = 2000
_QUERIES = sql.load(__file__)


class WrongPairError(problems.UnprocessableError):
    """`belongs_to` names no video of the same flight."""

    name = "wrong-pair"


class ClosedFlightError(problems.ConflictError):
    """The flight's log is closed: reopen it first."""

    name = "closed-flight"


def propose(
    connection: pool.Connection, files: Sequence[CardFileGiven], caller: Caller, *, zone: str, now: datetime
) -> tuple[cards.Proposal, list[dict[str, Any]]]:
    """Flights, and which files are known: what those that are here told of their times is used."""
    known = _known(connection, files)
    by_index = {row["place"]: row for row in known}
    given = [
        cards.CardFile(
            name=file.name,
            folder=file.folder,
            bytes=file.bytes,
            modified_at=file.modified_at,
            captured_from=by_index.get(index, {}).get("captured_from"),
            captured_to=by_index.get(index, {}).get("captured_to"),
        )
        for index, file in enumerate(files)
    ]
    shown = [
        {
            "index": row["place"],
            "footage_id": row["footage_id"],
            "flight_id": row["flight_id"],
            "state": row["state"],
            "sure": row["same_content"],
            "upload_id": row["upload_id"] if row["sender"] == caller.name else None,
        }
        for row in known
    ]
    return cards.propose(given, ZoneInfo(zone), now), shown


def _known(connection: pool.Connection, files: Sequence[CardFileGiven]) -> list[dict[str, Any]]:
    given = {
        "names": [file.name for file in files],
        "bytes": [file.bytes for file in files],
        "modified": [file.modified_at for file in files],
        "sha256s": [file.sha256 for file in files],
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["same_files"], given).fetchall()


def confirm(
    connection: pool.Connection, wanted: Sequence[WantedFlight], caller: Caller, now: datetime
) -> list[dict[str, Any]]:
    """Flights and files that are awaited from now on, in one transaction.

    Raises:
        NoSuchFlightError, AnothersFlightError, ClosedFlightError: of a flight that is here already.
        WrongPairError: as it says.
    """
    confirmed: list[dict[str, Any]] = []
    for flight in wanted:
        flight_id = _flight(connection, flight, caller, now)
        footage_ids = _await(connection, flight_id, flight.files, now)
        detail = {"files": len(footage_ids), "bytes": sum(file.bytes for file in flight.files)}
        audit.record(connection, caller, "flight.confirm", at=now, on=("flight", str(flight_id)), detail=detail)
        confirmed.append({"flight_id": flight_id, "footage_ids": footage_ids})
    for each in confirmed:
        showing.publish(connection, each["flight_id"], now)
    return confirmed


def _flight(connection: pool.Connection, wanted: WantedFlight, caller: Caller, now: datetime) -> uuid.UUID:
    if wanted.flight_id is not None:
        with connection.cursor(row_factory=dict_row) as cursor:
            there = cursor.execute(_QUERIES["lock"], {"flight_id": wanted.flight_id}).fetchone()
        if there is None:
            raise showing.NoSuchFlightError
        receiving.check_own(caller, there)
        if there["state"] == "closed":
            raise ClosedFlightError
        return wanted.flight_id
    flight_id = uuids.uuid7()
    doubts = Jsonb([{**doubt.model_dump(), "of": "card"} for doubt in wanted.doubts])
    parameters = {"flight_id": flight_id, "pilot": caller.name, "by": caller.name, "now": now, "doubts": doubts}
    connection.execute(_QUERIES["add"], parameters)
    connection.execute(
        _QUERIES["write_history"],
        {"flight_id": flight_id, "now": now, "actor": caller.name, "action": "add", "changed": None, "reason": None},
    )
    return flight_id


def _await(
    connection: pool.Connection, flight_id: uuid.UUID, files: Sequence[WantedFile], now: datetime
) -> list[uuid.UUID]:
    """Videos first, so that what belongs to one can name it."""
    footage_ids = [uuids.uuid7() for _ in files]
    for index in sorted(range(len(files)), key=lambda index: files[index].kind != "video"):
        file = files[index]
        of = file.belongs_to
        if of is not None and (of >= len(files) or files[of].kind != "video" or file.kind == "video"):
            raise WrongPairError(f"{file.name}: {of} is no video of this flight")
        parameters = file.model_dump(exclude={"belongs_to"}) | {"footage_id": footage_ids[index]}
        belongs_to = None if of is None else footage_ids[of]
        parameters |= {"flight_id": flight_id, "belongs_to": belongs_to, "now": now}
        connection.execute(_QUERIES["add_footage"], parameters)
    return footage_ids


def unfinished(connection: pool.Connection, store: Store, caller: Caller) -> list[dict[str, Any]]:
    """Files that this person has yet to send, those first that should come first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["unfinished"], {"owner": caller.name, "limit": UNFINISHED_MAX}).fetchall()
    return [row | {"here_bytes": here_bytes(store, row["upload_id"])} for row in rows]


def here_bytes(store: Store, upload_id: uuid.UUID | None) -> int:
    """How much of a file that comes is on the disk."""
    return 0 if upload_id is None else Uploads(store).offset(upload_id) or 0
