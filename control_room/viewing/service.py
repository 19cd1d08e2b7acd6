"""Who may watch what: every camera, or a list of them; what drones film, or only one's own flights.

Each route that shows a picture takes a `Viewer` (`control_room/viewing/asking.py`) and asks it before a byte leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from psycopg.rows import dict_row

from control_room import problems
from control_room.audit import service as audit
from control_room.callers import Role
from control_room.database import sql
from control_room.viewing.watched import flight as watched_flight

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.viewing.watched import Watched

_QUERIES = sql.load(__file__)


class NotWatchedError(problems.ForbiddenError):
    """An administrator decides who may watch which camera; this one is not on your list."""

    name = "not-your-camera"


class NoSuchUserError(problems.NotFoundError):
    """There is no such user."""

    name = "no-such-user"


class NoSuchCameraError(problems.UnprocessableError):
    """A camera of the list is not there."""

    name = "no-such-camera"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person, with what he may watch."""

    caller: Caller
    every_camera: bool
    cameras: frozenset[tuple[str, str]]
    """device_id and camera_id; of no account where he may watch every one."""
    flights: bool
    """What any drone or telephone films; else only his own flights."""
    own: frozenset[str]
    """Keys of what he may watch because he flew it (`Watched.key`)."""

    def may(self, watched: Watched) -> bool:
        if watched.kind != "camera":
            return self.flights or watched.key in self.own
        if self.caller.role == Role.PILOT:
            return False  # cameras in the street are no pilot's business, as alerts are not
        return self.every_camera or (watched.device_id, watched.camera_id) in self.cameras

    def check(self, watched: Watched) -> None:
        """Raises `NotWatchedError`."""
        if not self.may(watched):
            raise NotWatchedError(**watched.said())


def viewer(connection: pool.Connection, caller: Caller) -> Viewer:
    """What this person may watch now."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["viewer"], {"name": caller.name}).fetchone()
    if row is None or caller.kind != "user":
        return Viewer(caller, every_camera=False, cameras=frozenset(), flights=False, own=frozenset())
    own: frozenset[str] = frozenset()
    if not row["watches_flights"]:
        own = frozenset(key for (key,) in connection.execute(_QUERIES["own"], {"name": caller.name}))
    return Viewer(
        caller,
        every_camera=row["watches_all"],
        cameras=frozenset((each["device_id"], each["camera_id"]) for each in row["cameras"]),
        flights=row["watches_flights"],
        own=own,
    )


def flight_of(connection: pool.Connection, kind: Literal["finding", "visit"], key: uuid.UUID) -> Watched:
    """Whose flight's picture it is, of a finding or of a look at a site."""
    row = connection.execute(_QUERIES[f"flight_of_{kind}"], {"key": key}).fetchone()
    return watched_flight(row[0] if row is not None and row[0] is not None else key)


def listed(connection: pool.Connection, name: str) -> dict[str, Any]:
    """What a user may watch, as the route gives it; raises `NoSuchUserError`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["viewer"], {"name": name}).fetchone()
    if row is None:
        raise NoSuchUserError
    return {
        "user": row["name"],
        "all": row["watches_all"],
        "flights": row["watches_flights"],
        "cameras": row["cameras"],
    }


def change(
    connection: pool.Connection,
    name: str,
    *,
    every_camera: bool,
    cameras: Iterable[tuple[str, str]],
    flights: bool,
    by: Caller,
    now: datetime,
) -> dict[str, Any]:
    """Say what a user may watch from now on; a live picture that he may not watch any more ends within seconds.

    Raises:
        NoSuchUserError, NoSuchCameraError: as they say.
    """
    before = listed(connection, name)
    wanted = sorted(set(cameras))
    given = {
        "name": before["user"],
        "all": every_camera,
        "flights": flights,
        "device_ids": [device_id for device_id, _ in wanted],
        "camera_ids": [camera_id for _, camera_id in wanted],
    }
    missing = connection.execute(_QUERIES["missing"], given).fetchone()
    if missing is not None:
        raise NoSuchCameraError(f"there is no camera {missing[1]!r} of a device {missing[0]!r}")
    for query in ("set_viewer", "clear_cameras", "add_cameras"):
        connection.execute(_QUERIES[query], given)
    after = listed(connection, name)
    detail = {"before": _short(before), "after": _short(after)}
    audit.record(connection, by, "user.set_cameras", at=now, on=("user", before["user"]), detail=detail)
    return after


def _short(listed_cameras: dict[str, Any]) -> dict[str, Any]:
    cameras = [f"{each['device_id']}/{each['camera_id']}" for each in listed_cameras["cameras"]]
    return {"all": listed_cameras["all"], "flights": listed_cameras["flights"], "cameras": cameras}
