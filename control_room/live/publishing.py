"""Devices send live pictures only while somebody watches: asked by a signed command, told to stop a while later.

A camera's large picture is the stream `camera/DEVICE/CAMERA`, its small one has `/sub` behind it. Which process asks is
decided by the database: a lock on the stream, and its row in `live_publications`.
"""

from __future__ import annotations

import asyncio
import http
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row
from starlette.concurrency import run_in_threadpool
from uuid_utils import compat as uuids

from control_room import problems
from control_room.commands import service as commands
from control_room.database import sql
from control_room.live import ice, tokens
from wire.live import IceServer, StartLive, StopLive, StreamName

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.live.media import Media
    from control_room.room import Room

ASKED_FOR = timedelta(minutes=10)
"""A device sends so long by itself: should the room be gone, it stops."""
RENEW_BEFORE = timedelta(minutes=5)
AGAIN_AFTER = timedelta(seconds=15)
"""A device that was asked and sends nothing is asked again: it may have begun anew, and forgotten it."""
REFUSED_FOR = timedelta(seconds=5)
"""So long its refusal is taken for an answer: whoever waits may ask again and again."""
_LOOK_EVERY_S = 0.1
_HEAR_EVERY_S = 0.5
"""How often it is looked whether the device refused; that asks the database."""
_REMEMBERED = timedelta(hours=12)
"""How long a camera is taken to have but one picture, after its device said so."""

_QUERIES = sql.load(__file__)


class NoSuchCameraError(problems.NotFoundError):
    """There is no such camera."""

    name = "no-such-camera"


class AmbiguousCameraError(problems.ConflictError):
    """Several devices have a camera of this name: say which by `?device_id=`."""

    name = "ambiguous-camera"


class CameraDarkError(problems.ConflictError):
    """Its device says that no pictures come from this camera."""

    name = "camera-dark"


class DeviceRefusesError(problems.ConflictError):
    """Its device does not send this camera's picture."""

    name = "device-refuses"


class NotInTimeError(problems.ProblemError):
    """Its device was asked, but the picture did not begin in time; try again."""

    status = http.HTTPStatus.GATEWAY_TIMEOUT
    name = "not-in-time"


@dataclass(frozen=True, slots=True)
class Camera:
    """One that may be watched, as its device says."""

    device_id: str
    camera_id: str
    state: str
    reason: str | None
    online: bool


def resolve(connection: pool.Connection, camera_id: str, device_id: str | None) -> Camera:
    """The camera of this name.

    Raises:
        NoSuchCameraError, AmbiguousCameraError: none, or those of several devices, which it names.
    """
    given = {"camera_id": camera_id, "device_id": device_id}
    found = [Camera(*row) for row in connection.execute(_QUERIES["cameras"], given).fetchall()]
    if not found:
        raise NoSuchCameraError
    if len(found) > 1:
        raise AmbiguousCameraError(devices=[each.device_id for each in found])
    return found[0]


def stream_of(device_id: str, camera_id: str, stream: StreamName) -> str:
    name = f"camera/{device_id}/{camera_id}"
    return name if stream == "main" else f"{name}/sub"


def camera_of(stream: str) -> tuple[str, str] | None:
    """device_id and camera_id; None of a source."""
    parts = stream.split("/")
    return (parts[1], parts[2]) if parts[0] == "camera" else None


async def ensure(room: Room, media: Media, camera: Camera, wanted: StreamName, by: Caller) -> str:
    """The name of a stream that flows, once it does; its device is asked where it does not.

    Raises:
        DeviceOfflineError, CameraDarkError, DeviceRefusesError, NotInTimeError: why it does not.
        NoKeyError: the room cannot command devices.
        MediaAwayError: the process with the streams is away.
    """
    name = await run_in_threadpool(_choose, room, camera, wanted)
    flows = await run_in_threadpool(_flows, media, name)
    if not flows:
        _check_state(camera)
    if not camera.online:
        return name  # it flows though the device cannot be told anything
    command_id = await run_in_threadpool(_ask_in_turn, room, camera, name, by, flows)
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + room.settings.live.start_wait_s
    hear_s = loop.time() + _HEAR_EVERY_S
    while not flows:
        if loop.time() > hear_s:
            await run_in_threadpool(_check_answer, room, command_id)
            hear_s = loop.time() + _HEAR_EVERY_S
        if loop.time() > deadline_s:
            raise NotInTimeError
        await asyncio.sleep(_LOOK_EVERY_S)
        flows = await run_in_threadpool(_flows, media, name)
    return name


def ask(connection: pool.Connection, room: Room, camera: Camera, stream: str, by: Caller, *, flows: bool) -> UUID:
    """The command by which the device was asked; a new one where the last failed, soon runs out or brought nothing.

    Nobody need watch for it: what is only renewed still ends when nobody has for long.
    """
    now = room.clock()
    connection.execute(_QUERIES["lock_stream"], {"stream": stream})
    asked = publication(connection, stream)
    if asked is not None and not _is_to_be_asked(asked, now, flows=flows):
        return UUID(str(asked["command_id"]))
    if room.signer is None:
        raise commands.NoKeyError
    publication_id = uuids.uuid7() if asked is None else asked["publication_id"]
    arguments = _start(room, camera, stream, publication_id, now)
    command_id = commands.order(connection, room.signer, camera.device_id, "live_start", arguments, by, None, now)
    given = {
        "stream": stream,
        "publication_id": publication_id,
        "device_id": camera.device_id,
        "camera_id": camera.camera_id,
        "now": now,
        "until": now + ASKED_FOR,
        "command_id": command_id,
    }
    connection.execute(_QUERIES["ask"], given)
    return command_id


def _is_to_be_asked(asked: dict[str, Any], now: datetime, *, flows: bool) -> bool:
    """Again, though it was asked."""
    if asked["command_state"] in {"failed", "expired"}:
        return bool(now - asked["asked_at"] > REFUSED_FOR)
    if asked["until"] - now <= RENEW_BEFORE:
        return True
    return not flows and bool(now - asked["asked_at"] > AGAIN_AFTER)


def stop(connection: pool.Connection, room: Room, asked: dict[str, Any], by: Caller) -> None:
    """Nobody watches any more."""
    stream: str = asked["stream"]
    connection.execute(_QUERIES["forget_publication"], {"stream": stream})
    if room.signer is not None:
        arguments = StopLive(camera_id=asked["camera_id"], stream="sub" if stream.endswith("/sub") else "main")
        commands.order(connection, room.signer, asked["device_id"], "live_stop", arguments, by, None, room.clock())


def publication(connection: pool.Connection, stream: str) -> dict[str, Any] | None:
    """What its device was asked, and the state of that command."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["publication"], {"stream": stream}).fetchone()


def _start(room: Room, camera: Camera, stream: str, publication_id: UUID, now: datetime) -> StartLive:
    wanted: StreamName = "sub" if stream.endswith("/sub") else "main"
    secret = room.settings.live.secret.get_secret_value()
    servers = ice.servers(room.settings.live, camera.device_id, now)
    return StartLive(
        camera_id=camera.camera_id,
        stream=wanted,
        whip_url=f"/api/v1/cameras/{camera.camera_id}/whip?stream={wanted}",
        token=tokens.of_publication(secret, stream, publication_id),
        ice_servers=[IceServer.model_validate(each.model_dump()) for each in servers.ice_servers],
        until=now + ASKED_FOR,
    )


def _choose(room: Room, camera: Camera, wanted: StreamName) -> str:
    """A camera that has but one picture sends it once, whichever was asked for first."""
    name = stream_of(camera.device_id, camera.camera_id, wanted)
    given = {"device_id": camera.device_id, "camera_id": camera.camera_id, "since": room.clock() - _REMEMBERED}
    with room.database.connection() as connection:
        row = connection.execute(_QUERIES["only_one"], given).fetchone()
        if row is None or not row[0]:
            return name
        other = stream_of(camera.device_id, camera.camera_id, "sub" if wanted == "main" else "main")
        has_other = publication(connection, other) is not None and publication(connection, name) is None
    return other if has_other else name


def _flows(media: Media, name: str) -> bool:
    state = media.stream(name)
    return state is not None and state.is_live


def _check_state(camera: Camera) -> None:
    if not camera.online:
        raise commands.DeviceOfflineError("the camera's device is away; its picture can be had when it is back")
    if camera.state == "dark":
        said = camera.reason or "its device does not say why"
        raise CameraDarkError(f"no pictures come from this camera: {said}", reason=camera.reason)


def _ask_in_turn(room: Room, camera: Camera, name: str, by: Caller, flows: bool) -> UUID:  # noqa: FBT001 - by a thread pool
    with room.database.connection() as connection:
        command_id = ask(connection, room, camera, name, by, flows=flows)
        connection.execute(_QUERIES["touch"], {"streams": [name], "now": room.clock()})
        return command_id


def _check_answer(room: Room, command_id: UUID) -> None:
    with room.database.connection() as connection:
        found = commands.detail(connection, command_id)
    if found["state"] in {"failed", "expired"}:
        refusal, colon, _ = str(found["error"] or "").partition(":")
        named = refusal if colon and " " not in refusal else None
        why = found["error"] or "it does not say why"
        raise DeviceRefusesError(f"its device does not send it: {why}", refusal=named)
