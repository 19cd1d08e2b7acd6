"""Walls that are kept: each person's own, and those of the room, which administrators arrange and all show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.walls import schemas

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool

OWN_MOST = 20
SHARED_MOST = 50

_QUERIES = sql.load(__file__)


class NoSuchWallError(problems.NotFoundError):
    """There is no wall of this name."""

    name = "no-such-wall"


class WallChangedError(problems.ConflictError):
    """It is not as you saw it: `wall` has how it is now."""

    name = "wall-changed"


class TooManyWallsError(problems.ConflictError):
    """As many are kept as may be; delete one first."""

    name = "too-many-walls"


def listed(connection: pool.Connection, caller: Caller) -> list[dict[str, Any]]:
    """The caller's own and those of the room: few enough for one answer."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["of_person"], {"user_id": _account(connection, caller)}).fetchall()


def save(
    connection: pool.Connection, name: str, wanted: schemas.WantedWall, by: Caller, now: datetime, *, shared: bool
) -> dict[str, Any]:
    """Keep a new wall, or how one is arranged now.

    Raises:
        WallChangedError: another desk was faster; or, of a new one, the name is taken.
        NoSuchWallError: the one that was changed is not there any more.
        TooManyWallsError: no more fit.
    """
    given = {
        "user_id": None if shared else _account(connection, by),
        "name": name,
        "layout": wanted.layout,
        "places": wanted.places,
        "version": wanted.version,
        "wall_id": uuids.uuid7(),
        "most": SHARED_MOST if shared else OWN_MOST,
        "now": now,
        "changed_by": by.name,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        kept = cursor.execute(_QUERIES["add" if wanted.version is None else "change"], given).fetchone()
        present = kept or cursor.execute(_QUERIES["one"], given).fetchone()
    if present is None:
        raise TooManyWallsError(f"at most {given['most']} are kept") if wanted.version is None else NoSuchWallError
    if kept is None:
        raise WallChangedError(wall=schemas.WallItem.model_validate(present).model_dump(mode="json"))
    if shared:
        detail = {"layout": wanted.layout, "places": wanted.places}
        audit.record(connection, by, "wall.share", at=now, on=("wall", kept["name"]), detail=detail)
    return kept


def remove(connection: pool.Connection, name: str, by: Caller, now: datetime, *, shared: bool) -> None:
    """Forget a wall. Raises `NoSuchWallError`."""
    given = {"user_id": None if shared else _account(connection, by), "name": name}
    with connection.cursor(row_factory=dict_row) as cursor:
        was = cursor.execute(_QUERIES["remove"], given).fetchone()
    if was is None:
        raise NoSuchWallError
    detail = {"shared": shared, "layout": was["layout"], "places": was["places"]}
    audit.record(connection, by, "wall.delete", at=now, on=("wall", was["name"]), detail=detail)


def _account(connection: pool.Connection, caller: Caller) -> uuid.UUID:
    row = connection.execute(_QUERIES["owner"], {"name": caller.name}).fetchone()
    if row is None:
        raise problems.ForbiddenError
    account: uuid.UUID = row[0]
    return account
