"""`/api/v1/cameras/{camera_id}/ptz`: turn a camera, one person at a time."""

import http
from typing import Annotated

from fastapi import APIRouter, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.database import pool
from control_room.live import publishing
from control_room.ptz import schemas, service
from control_room.viewing import asking, watched
from control_room.viewing.service import Viewer
from wire.identifiers import Identifier

router = APIRouter(prefix="/api/v1/cameras/{camera_id}/ptz", tags=["ptz"])

DeviceId = Annotated[Identifier | None, Query(description="Needed where several devices have a camera of this name.")]


def _camera(connection: pool.Connection, camera_id: str, device_id: str | None, viewer: Viewer) -> publishing.Camera:
    """Only who may watch a camera turns it."""
    camera = publishing.resolve(connection, camera_id, device_id)
    viewer.check(watched.camera(camera.device_id, camera_id))
    return camera


@router.get("", responses={**access.RESPONSES, **problems.responses(404, 409)})
def stands(
    camera_id: Identifier, room: rooms.Here, viewer: asking.Operator, *, device_id: DeviceId = None
) -> schemas.PtzState:
    """How a camera stands, its presets, and who turns it. 404 `not-turnable` where nobody can."""
    with room.database.connection() as connection:
        camera = _camera(connection, camera_id, device_id, viewer)
        found = service.state(connection, camera, viewer.caller, room.settings.ptz, room.clock())
    return schemas.PtzState.model_validate(found)


@router.post("", responses={**access.RESPONSES, **problems.responses(404, 409, 429)})
def turn(
    camera_id: Identifier,
    wanted: schemas.PtzOrder,
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    device_id: DeviceId = None,
) -> schemas.PtzState:
    """Turn a camera. A movement goes on for a second and a half: order it again while it is to go on.

    Whoever orders holds the camera for a while after; another's order is refused meanwhile (409 `camera-held`, with
    who and until when), unless he takes it over with a word. The state is the one before the device obeys.
    """
    now = room.clock()
    with room.database.connection() as connection:
        camera = _camera(connection, camera_id, device_id, viewer)
        service.turn(connection, room.signer, camera, wanted, viewer.caller, room.settings.ptz, now)
        found = service.state(connection, camera, viewer.caller, room.settings.ptz, now)
    return schemas.PtzState.model_validate(found)


@router.delete(
    "",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404, 409)},
)
def release(camera_id: Identifier, room: rooms.Here, viewer: asking.Operator, *, device_id: DeviceId = None) -> None:
    """Let others turn the camera at once, instead of when one's time is over."""
    with room.database.connection() as connection:
        camera = _camera(connection, camera_id, device_id, viewer)
        service.release(connection, camera, viewer.caller, room.clock())
