"""`/api/v1/walls`: walls of live pictures, one's own and the room's."""

import http
from typing import Annotated

from fastapi import APIRouter, Path

from control_room import access, problems
from control_room import room as rooms
from control_room.walls import schemas, service

router = APIRouter(prefix="/api/v1/walls", tags=["live"])

WallName = Annotated[
    str,
    Path(
        pattern=r"^\w([^/\x00-\x1f\x7f]{0,58}[^\s/\x00-\x1f\x7f])?$",
        description="At most 60 characters, the first a letter or digit, no `/`; told apart without regard to case.",
    ),
]


@router.get("", responses=access.RESPONSES)
def listed(room: rooms.Here, caller: access.Person) -> schemas.WallList:
    """Walls to choose from. What of them one may watch is decided for each picture."""
    with room.database.connection() as connection:
        items = service.listed(connection, caller)
    return schemas.WallList.model_validate({"items": items, "own_most": service.OWN_MOST})


@router.put("/{name}", responses={**access.RESPONSES, **problems.responses(404, 409)})
def save(name: WallName, wanted: schemas.WantedWall, room: rooms.Here, caller: access.Person) -> schemas.WallItem:
    """Keep a wall of one's own. 409 `wall-changed` has how it is now, where another desk was faster."""
    with room.database.connection() as connection:
        kept = service.save(connection, name, wanted, caller, room.clock(), shared=False)
    return schemas.WallItem.model_validate(kept)


@router.delete(
    "/{name}", status_code=http.HTTPStatus.NO_CONTENT, responses={**access.RESPONSES, **problems.responses(404)}
)
def remove(name: WallName, room: rooms.Here, caller: access.Person) -> None:
    """Forget a wall of one's own."""
    with room.database.connection() as connection:
        service.remove(connection, name, caller, room.clock(), shared=False)


@router.put("/shared/{name}", responses={**access.RESPONSES, **problems.responses(404, 409)})
def share(
    name: WallName, wanted: schemas.WantedWall, room: rooms.Here, caller: access.Administrator
) -> schemas.WallItem:
    """Keep a wall of the room, which all may show."""
    with room.database.connection() as connection:
        kept = service.save(connection, name, wanted, caller, room.clock(), shared=True)
    return schemas.WallItem.model_validate(kept)


@router.delete(
    "/shared/{name}", status_code=http.HTTPStatus.NO_CONTENT, responses={**access.RESPONSES, **problems.responses(404)}
)
def remove_shared(name: WallName, room: rooms.Here, caller: access.Administrator) -> None:
    """Forget a wall of the room. Nobody's own is touched."""
    with room.database.connection() as connection:
        service.remove(connection, name, caller, room.clock(), shared=True)
