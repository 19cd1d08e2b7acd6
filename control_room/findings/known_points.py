"""Points of a flight's pictures of which somebody knows where they are: all its findings move by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uuid_utils import compat as uuids

from control_room.audit import service as audit
from control_room.database import sql
from control_room.findings import placing, service
from control_room.sites import service as sites

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from control_room.database import pool
    from control_room.findings.service import Word

_QUERIES = sql.load(__file__)


def add(connection: pool.Connection, flight_id: uuid.UUID, point: Mapping[str, Any], word: Word) -> int:
    """A point of a picture of which somebody knows where it is; how many findings it moved.

    Raises:
        NoSuchFlightError, AnothersFlightError, NoSuchFootageError: as the names say.
        NotPlacedError: that picture cannot be used for it; `detail` says why.
    """
    service.may_judge(connection, flight_id, word.by)
    placing.check_known_point(connection, flight_id, point)
    known_point_id = uuids.uuid7()
    given = {**point, "known_point_id": known_point_id, "flight_id": flight_id, "now": word.now, "by": word.by.name}
    connection.execute(_QUERIES["add_known_point"], given)
    detail = {"known_point_id": str(known_point_id), "lat": point["lat"], "lon": point["lon"]}
    on = ("flight", str(flight_id))
    audit.record(connection, word.by, "flight.known_point", at=word.now, on=on, reason=word.reason, detail=detail)
    return _place_anew(connection, flight_id, word)


def remove(connection: pool.Connection, flight_id: uuid.UUID, known_point_id: uuid.UUID, word: Word) -> int:
    """Take it back; how many findings that moved. Raises NoSuchFindingError where it did not count."""
    service.may_judge(connection, flight_id, word.by)
    given = {"known_point_id": known_point_id, "flight_id": flight_id, "now": word.now}
    if connection.execute(_QUERIES["remove_known_point"], given).fetchone() is None:
        raise service.NoSuchFindingError("there is no such known point of this flight")
    detail = {"known_point_id": str(known_point_id)}
    on = ("flight", str(flight_id))
    audit.record(connection, word.by, "flight.known_point_removed", at=word.now, on=on, detail=detail)
    return _place_anew(connection, flight_id, word)


def of_flight(connection: pool.Connection, flight_id: uuid.UUID) -> list[dict[str, Any]]:
    return service.read(connection, "known_points", {"flight_id": flight_id})


def _place_anew(connection: pool.Connection, flight_id: uuid.UUID, word: Word) -> int:
    connection.execute(_QUERIES["lock_flight"], {"flight_id": flight_id})
    moved = placing.place_anew(connection, flight_id)
    for finding_id, where, changed in moved:
        connection.execute(_QUERIES["set_place"], {"finding_id": finding_id, **where.columns})
        service.write_down(connection, finding_id, "place", word.by, word.now, changed=changed, reason=word.reason)
        row = service.read(connection, "lock", {"finding_id": finding_id})[0]
        if row["state"] == "confirmed":
            site_id = sites.move_finding(connection, row, by=word.by, now=word.now)
            connection.execute(_QUERIES["set_site"], {"finding_id": finding_id, "site_id": site_id})
    for finding_id, _, _ in moved:
        service.tell(connection, finding_id)
    return len(moved)
