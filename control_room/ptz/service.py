"""Turning cameras: who may now, and the order to the camera's device."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import problems
from control_room.audit import service as audit
from control_room.commands import service as commands
from control_room.database import sql
from wire.live import TurnCamera

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.commands.keys import Signer
    from control_room.config import Ptz
    from control_room.database import pool
    from control_room.live.publishing import Camera
    from control_room.ptz.schemas import PtzOrder

MOVE_MS = 1500
"""A movement ends after so long where it is not ordered again; the device may end it sooner."""

_FORGOTTEN = timedelta(days=1)
_QUERIES = sql.load(__file__)


class NotTurnableError(problems.NotFoundError):
    """This camera cannot be turned: its device says nothing of ONVIF PTZ."""

    name = "not-turnable"


class CameraHeldError(problems.ConflictError):
    """Somebody else turns this camera now; wait, or take it over and say why."""

    name = "camera-held"


def state(connection: pool.Connection, camera: Camera, caller: Caller, settings: Ptz, now: datetime) -> dict[str, Any]:
    """How it stands and who turns it.

    Raises:
        NotTurnableError: nobody can.
    """
    given = {"device_id": camera.device_id, "camera_id": camera.camera_id, "now": now}
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["ptz"], given).fetchone()
    if found is None or found["ptz"] is None:
        raise NotTurnableError
    held = found["held_by"] == caller.name
    return {
        "device_id": camera.device_id,
        "camera_id": camera.camera_id,
        **found["ptz"],
        "locked_by": None if held else found["held_by"],
        "held": held,
        "locked_until": found["until"],
        "return_after_s": settings.return_after_s,
    }


def turn(  # noqa: PLR0917 - who turns what, how, and by which rules
    connection: pool.Connection,
    signer: Signer | None,
    camera: Camera,
    wanted: PtzOrder,
    by: Caller,
    settings: Ptz,
    now: datetime,
) -> None:
    """Order it, signed; from now on nobody else turns the camera for a while.

    Raises:
        NotTurnableError: it cannot be turned.
        NoKeyError, DeviceOfflineError: the room or the device cannot.
        CameraHeldError: another person does; the document says who, and until when.
        TooManyRequestsError: this person has given too many orders lately.
    """
    if signer is None:
        raise commands.NoKeyError
    before = state(connection, camera, by, settings, now)
    if not camera.online:
        raise commands.DeviceOfflineError
    _check_rate(connection, by, settings, now)
    _hold(connection, camera, wanted, by, before, settings, now)
    arguments = TurnCamera(
        camera_id=camera.camera_id,
        act=wanted.act,
        pan=wanted.pan or 0.0,
        tilt=wanted.tilt or 0.0,
        zoom=wanted.zoom or 0.0,
        for_ms=MOVE_MS,
        preset=wanted.preset,
        return_after_s=settings.return_after_s or None,
    )
    commands.order(connection, signer, camera.device_id, "ptz", arguments, by, wanted.take_over, now)


def release(connection: pool.Connection, camera: Camera, by: Caller, now: datetime) -> None:
    """Let others turn it at once; without effect where one does not hold it."""
    given = {"device_id": camera.device_id, "camera_id": camera.camera_id, "held_by": by.name, "now": now}
    if connection.execute(_QUERIES["release"], given).rowcount:
        on = ("camera", f"{camera.device_id}/{camera.camera_id}")
        audit.record(connection, by, "ptz.release", at=now, on=on)


def _hold(  # noqa: PLR0917 - who holds what from whom
    connection: pool.Connection,
    camera: Camera,
    wanted: PtzOrder,
    by: Caller,
    before: dict[str, Any],
    settings: Ptz,
    now: datetime,
) -> None:
    connection.execute(_QUERIES["forget_old"], {"before": now - _FORGOTTEN})
    given = {
        "device_id": camera.device_id,
        "camera_id": camera.camera_id,
        "held_by": by.name,
        "now": now,
        "until": now + timedelta(seconds=settings.lock_s),
        "take_over": wanted.take_over is not None,
    }
    if connection.execute(_QUERIES["hold"], given).fetchone() is None:
        raise CameraHeldError(locked_by=before["locked_by"], locked_until=before["locked_until"])
    on = ("camera", f"{camera.device_id}/{camera.camera_id}")
    if before["locked_by"] is not None:
        detail = {"from": before["locked_by"]}
        audit.record(connection, by, "ptz.take_over", at=now, on=on, reason=wanted.take_over, detail=detail)
    elif not before["held"]:
        audit.record(connection, by, "ptz.hold", at=now, on=on)


def _check_rate(connection: pool.Connection, by: Caller, settings: Ptz, now: datetime) -> None:
    since = now - timedelta(minutes=1)
    row = connection.execute(_QUERIES["given_lately"], {"issued_by": by.name, "since": since}).fetchone()
    if row is not None and row[0] >= settings.orders_a_minute:
        raise problems.TooManyRequestsError(f"at most {settings.orders_a_minute} orders a minute", retry_after_s=10)
