"""`/api/v1/devices/{device_id}/commands` and `/api/v1/commands/{command_id}`."""

import http
import uuid
from typing import Annotated

from fastapi import APIRouter, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.commands import schemas, service
from control_room.viewing import asking, watched
from wire.commands import CommandWithArguments
from wire.identifiers import Identifier

router = APIRouter(prefix="/api/v1", tags=["commands"])

CursorText = Annotated[str, Query(max_length=100)]


@router.post(
    "/devices/{device_id}/commands",
    status_code=http.HTTPStatus.ACCEPTED,
    responses={**access.RESPONSES, **problems.responses(404, 409, 429)},
)
def give(device_id: Identifier, wanted: schemas.Wanted, room: rooms.Here, viewer: asking.Operator) -> schemas.Given:
    """Order a device to do something. The answer comes over the stream, as `command`.

    Release, erase, resend and mute are for administrators. `cancel` gives up a `recording_fetch` or `rules_try` under
    way: one's own, or as an administrator. A hold waits a day for a device that is away; anything else
    is refused then (409). 403 `not-your-camera`: it is about a camera that is not on one's list.
    """
    camera_id = wanted.arguments.get("camera_id")
    if isinstance(camera_id, str):
        viewer.check(watched.camera(device_id, camera_id))
    with room.database.connection() as connection:
        given = service.give(connection, room.signer, device_id, wanted, by=viewer.caller, now=room.clock())
    return schemas.Given(command_id=given.command_id, expires_at=given.expires_at, device_online=given.device_online)


@router.get("/devices/{device_id}/commands", responses=access.RESPONSES)
def listed(
    device_id: Identifier,
    room: rooms.Here,
    _caller: access.Operator,
    *,
    camera_id: Identifier | None = None,
    kind: CommandWithArguments | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: CursorText | None = None,
) -> schemas.CommandPage:
    """Commands to a device, the newest first."""
    before = schemas.read_cursor(cursor)
    with room.database.connection() as connection:
        rows = service.page(connection, device_id, camera_id=camera_id, kind=kind, limit=limit + 1, before=before)
    more = schemas.cursor_after(rows[limit - 1]["command_id"]) if len(rows) > limit else None
    return schemas.CommandPage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.get("/devices/{device_id}/holds", responses=access.RESPONSES)
def holds(
    device_id: Identifier, room: rooms.Here, _caller: access.Operator, *, camera_id: Identifier | None = None
) -> schemas.HoldList:
    """What of its recording a device was told to protect, the newest first."""
    with room.database.connection() as connection:
        return schemas.HoldList.model_validate({"items": service.holds(connection, device_id, camera_id, room.clock())})


@router.get("/commands/{command_id}", responses={**access.RESPONSES, **problems.responses(404)})
def detail(command_id: uuid.UUID, room: rooms.Here, _caller: access.Operator) -> schemas.CommandDetail:
    """One command with what the device answered."""
    with room.database.connection() as connection:
        return schemas.CommandDetail.model_validate(service.detail(connection, command_id))
