"""Permissions under which cameras and flights record: added as they were given, extended once, taken back."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.authorisations import limits
from control_room.database import sql
from control_room.geozones import values
from control_room.geozones.zone import Polygon

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room import callers
    from control_room.database import pool

_QUERIES = sql.load(__file__)
_ANY = dict.fromkeys(("authorisation_id", "kind", "in_force", "over", "before_end", "before_id"), None)


class NoSuchAuthorisationError(problems.NotFoundError):
    """There is no such permission."""


class WrongDatesError(problems.UnprocessableError):
    """A permission ends after it begins."""

    name = "wrong-dates"


class TooLongError(problems.UnprocessableError):
    """The law lets a fixed permission last a year at most, a mobile one a month."""

    name = "too-long"


class BadAreaError(problems.UnprocessableError):
    """The area is no polygon on earth."""

    name = "bad-area"


class NotExtendableError(problems.ConflictError):
    """Only a mobile permission can be extended, once, before it ends, and not one that was taken back."""

    name = "not-extendable"


class AlreadyRevokedError(problems.ConflictError):
    """It was taken back before."""

    name = "already-revoked"


def shapes(area: dict[str, Any] | None) -> list[Polygon] | None:
    """Polygons of a GeoJSON area; None: the whole town.

    Raises:
        BadAreaError: it is none.
    """
    if area is None:
        return None
    given = [area["coordinates"]] if area["type"] == "Polygon" else area["coordinates"]
    try:
        found = [values.polygon(piece, "area.coordinates", set()) for piece in given]
    except values.FaultError as error:
        raise BadAreaError(str(error)) from None
    for polygon in found:
        for lon, lat in polygon.rings[0]:
            if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - degrees
                raise BadAreaError(f"{lon:g}, {lat:g} is no place on earth")
    return found


def add(
    connection: pool.Connection, wanted: dict[str, Any], *, time_zone: str, by: callers.Caller, now: datetime
) -> uuid.UUID:
    """A permission; its id. `wanted`: the fields of `schemas.NewAuthorisation`.

    Raises:
        WrongDatesError, TooLongError, BadAreaError: as they say.
    """
    shapes(wanted["area"])
    _check_length(wanted["kind"], wanted["valid_from"], wanted["valid_to"], time_zone)
    return _insert(connection, wanted | {"extension_of": None}, action="add", reason=None, by=by, now=now)


def extend(
    connection: pool.Connection,
    authorisation_id: uuid.UUID,
    *,
    reference: str,
    valid_to: datetime,
    reason: str,
    time_zone: str,
    by: callers.Caller,
    now: datetime,
) -> uuid.UUID:
    """Another month at most, from the end on (LO 7/2021 art. 17); the id of the permission that this is.

    Raises:
        NoSuchAuthorisationError, NotExtendableError, WrongDatesError, TooLongError: as they say.
    """
    given = _lock(connection, authorisation_id)
    if not item(connection, authorisation_id, now)["may_extend"]:
        raise NotExtendableError
    _check_length(given["kind"], given["valid_to"], valid_to, time_zone)
    wanted = given | {
        "reference": reference,
        "valid_from": given["valid_to"],
        "valid_to": valid_to,
        "extension_of": authorisation_id,
    }
    return _insert(connection, wanted, action="extend", reason=reason, by=by, now=now)


def revoke(
    connection: pool.Connection, authorisation_id: uuid.UUID, *, reason: str, by: callers.Caller, now: datetime
) -> None:
    """It holds no more from now on.

    Raises:
        NoSuchAuthorisationError, AlreadyRevokedError: as they say.
    """
    _lock(connection, authorisation_id)
    given = {"authorisation_id": authorisation_id, "now": now, "by": by.name, "action": "revoke", "reason": reason}
    if not connection.execute(_QUERIES["revoke"], given).rowcount:
        raise AlreadyRevokedError
    connection.execute(_QUERIES["write_history"], given)
    on = ("authorisation", str(authorisation_id))
    audit.record(connection, by, "authorisation.revoke", at=now, on=on, reason=reason)


def page(
    connection: pool.Connection, *, limit: int, now: datetime, after: uuid.UUID | None = None, **filters: object
) -> list[dict[str, Any]]:
    """Those that end last first. `filters`: kind, in_force, over, authorisation_id; None where all are wanted.

    Raises:
        NoSuchAuthorisationError: `after` is none.
    """
    given: dict[str, Any] = {**_ANY, **filters, "limit": limit, "now": now}
    if after is not None:
        given |= {"before_end": item(connection, after, now)["valid_to"], "before_id": after}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["items"], given).fetchall()
    return [row | standing(row, now) for row in rows]


def item(connection: pool.Connection, authorisation_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """Raises NoSuchAuthorisationError."""
    rows = page(connection, limit=1, now=now, authorisation_id=authorisation_id)
    if not rows:
        raise NoSuchAuthorisationError
    return rows[0]


def detail(connection: pool.Connection, authorisation_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """With its history. Raises NoSuchAuthorisationError."""
    found = item(connection, authorisation_id, now)
    with connection.cursor(row_factory=dict_row) as cursor:
        given = {"authorisation_id": authorisation_id}
        return found | {"history": cursor.execute(_QUERIES["history"], given).fetchall()}


def standing(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """`state`, `days_left`, `warning` and `may_extend` of a permission at `now`."""
    revoked = row["revoked_at"] is not None and row["revoked_at"] <= now
    if revoked:
        state = "revoked"
    elif row["valid_to"] <= now:
        state = "ended"
    else:
        state = "coming" if row["valid_from"] > now else "in_force"
    in_force = state == "in_force"
    may_extend = (
        row["kind"] == "mobile"
        and state in {"coming", "in_force"}
        and row["extension_of"] is None
        and row["extended_by"] is None
    )
    is_followed = row["extended_by"] is not None
    return {
        "state": state,
        "days_left": (row["valid_to"] - now).days if in_force else None,
        "warning": limits.warning(row["kind"], row["valid_to"], now) if in_force and not is_followed else None,
        "may_extend": may_extend,
    }


def _check_length(kind: limits.Kind, begins: datetime, ends: datetime, time_zone: str) -> None:
    if ends <= begins:
        raise WrongDatesError
    if ends > limits.latest_end(kind, begins, zoneinfo.ZoneInfo(time_zone)):
        raise TooLongError


def _insert(
    connection: pool.Connection,
    wanted: dict[str, Any],
    *,
    action: str,
    reason: str | None,
    by: callers.Caller,
    now: datetime,
) -> uuid.UUID:
    authorisation_id = uuids.uuid7()
    area = None if wanted["area"] is None else Jsonb(wanted["area"])
    given = wanted | {"authorisation_id": authorisation_id, "area": area, "now": now, "by": by.name}
    connection.execute(_QUERIES["add"], given)
    connection.execute(_QUERIES["write_history"], given | {"action": action, "reason": reason})
    detail = {"kind": wanted["kind"], "reference": wanted["reference"], "extension_of": wanted["extension_of"]}
    told = {name: value and str(value) for name, value in detail.items()}
    on = ("authorisation", str(authorisation_id))
    audit.record(connection, by, f"authorisation.{action}", at=now, on=on, reason=reason, detail=told)
    return authorisation_id


def _lock(connection: pool.Connection, authorisation_id: uuid.UUID) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["lock"], {"authorisation_id": authorisation_id}).fetchone()
    if found is None:
        raise NoSuchAuthorisationError
    return found
