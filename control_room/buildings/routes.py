"""`/api/v1/buildings`: footprints of homes, which are painted over in what is made of a flight's pictures."""

import http
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from control_room import access, fields, problems
from control_room import room as rooms
from control_room.buildings import schemas, service

router = APIRouter(prefix="/api/v1/buildings", tags=["buildings"])
_FILE = {
    "requestBody": {
        "required": True,
        "description": "GeoJSON (RFC 7946) of areas; `height` among a feature's properties is its roof's, in metres.",
        "content": {"application/geo+json": {"schema": {"type": "object"}}},
    }
}


async def _content(request: Request) -> bytes:
    return await request.body()


@router.get("", responses=access.RESPONSES)
def listed(room: rooms.Here, _caller: access.Person) -> schemas.BuildingSetList:
    """Files of footprints that are in force."""
    with room.database.connection() as connection:
        return schemas.BuildingSetList.model_validate({"items": service.sets(connection)})


@router.post(
    "",
    status_code=http.HTTPStatus.CREATED,
    responses={**access.RESPONSES, **problems.responses(409, 413)},
    openapi_extra=_FILE,
)
def take_in(
    room: rooms.Here,
    caller: access.Administrator,
    name: Annotated[fields.Line, Query()],
    file: Annotated[bytes, Depends(_content)],
) -> schemas.BuildingSetItem:
    """Take in a file of footprints in the place of the one of the same name, in one step.

    What was made of pictures before stays as it is; a flight that is looked through again gets new pictures.
    """
    with room.database.connection() as connection:
        building_set_id = service.take_in(
            connection, file, name=name, town=room.settings.town, by=caller, now=room.clock()
        )
        return schemas.BuildingSetItem.model_validate(service.item(connection, building_set_id))


@router.delete(
    "/{building_set_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404)},
)
def take_out(
    building_set_id: uuid.UUID, room: rooms.Here, caller: access.Administrator, reason: Annotated[fields.Line, Query()]
) -> None:
    """Paint its homes over no more."""
    with room.database.connection() as connection:
        service.take_out(connection, building_set_id, reason=reason, by=caller, now=room.clock())
