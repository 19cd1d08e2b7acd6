"""`/api/v1/town`."""

from fastapi import APIRouter

from control_room import access
from control_room import room as rooms
from control_room.town import schemas

router = APIRouter(prefix="/api/v1/town", tags=["town"])


@router.get("", responses=access.RESPONSES)
def town(room: rooms.Here, _caller: access.Person) -> schemas.TownItem:
    """Name, time zone and place of the town."""
    return schemas.TownItem.model_validate(room.settings.town.model_dump())
