"""`/api/v1/devices`."""

from fastapi import APIRouter

from control_room import access
from control_room import room as rooms
from control_room.devices import schemas, service

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


@router.get("", responses=access.RESPONSES)
def listed(room: rooms.Here, _caller: access.Person) -> schemas.DeviceList:
    """All devices with their present status."""
    with room.database.connection() as connection:
        return schemas.DeviceList.model_validate({"items": service.items(connection)})
