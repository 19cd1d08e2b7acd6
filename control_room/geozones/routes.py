"""`/api/v1/geozones`: where the authorities limit the flights of drones."""

import http
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from control_room import access, fields, problems
from control_room import room as rooms
from control_room.geozones import schemas, service
from control_room.geozones.zone import Kind

router = APIRouter(prefix="/api/v1/geozones", tags=["geozones"])
_Box = Annotated[str | None, Query(description="west,south,east,north in degrees.", max_length=200)]
_FILE = {
    "requestBody": {
        "required": True,
        "description": "The file as it was published: ED-269 or ED-318.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


async def _content(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/datasets",
    status_code=http.HTTPStatus.CREATED,
    responses={**access.RESPONSES, **problems.responses(409, 413)},
    openapi_extra=_FILE,
)
def take_in(
    room: rooms.Here,
    caller: access.Administrator,
    source: Annotated[fields.Line, Query()],
    file: Annotated[bytes, Depends(_content)],
) -> schemas.DatasetItem:
    """Take in a file of geozones in the place of the present one of the same source, in one step.

    Where anything in it cannot be read, `faults` names each by line, and what was in force stays in force.
    """
    with room.database.connection() as connection:
        dataset_id = service.take_in(
            connection, file, source=source, town=room.settings.town, by=caller, now=room.clock()
        )
        return schemas.DatasetItem.model_validate(service.dataset(connection, dataset_id))


@router.get("/datasets", responses=access.RESPONSES)
def datasets(room: rooms.Here, _caller: access.Person) -> schemas.DatasetList:
    """Files that were taken in."""
    with room.database.connection() as connection:
        return schemas.DatasetList.model_validate({"items": service.datasets(connection)})


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Person,
    *,
    dataset_id: Annotated[uuid.UUID | None, Query(description="Of one file; else of all present ones.")] = None,
    kind: Kind | None = None,
    search: Annotated[str | None, Query(max_length=200, description="In identifiers and names.")] = None,
    box: _Box = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: uuid.UUID | None = None,
) -> schemas.GeozonePage:
    """Zones by identifier."""
    within = None if box is None else service.box(box)
    filters = {"dataset_id": dataset_id, "kind": kind, "search": search}
    with room.database.connection() as connection:
        rows = service.page(connection, limit=limit + 1, after=cursor, within=within, **filters)
    more = rows[limit - 1]["geozone_id"] if len(rows) > limit else None
    return schemas.GeozonePage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.get("/map", responses=access.RESPONSES)
def on_map(
    room: rooms.Here, _caller: access.Person, box: Annotated[str, Query(max_length=200)]
) -> schemas.GeozoneFeatures:
    """GeoJSON of the present zones in a box."""
    with room.database.connection() as connection:
        rows = service.page(connection, limit=service.MOST_AT_ONCE + 1, within=service.box(box))
    shown = service.features(rows[: service.MOST_AT_ONCE])
    return schemas.GeozoneFeatures.model_validate({"features": shown, "complete": len(rows) <= service.MOST_AT_ONCE})


@router.get("/{geozone_id}", responses={**access.RESPONSES, **problems.responses(404)})
def one(geozone_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.GeozoneItem:
    """One zone, also of a file that was replaced."""
    with room.database.connection() as connection:
        return schemas.GeozoneItem.model_validate(service.item(connection, geozone_id))
