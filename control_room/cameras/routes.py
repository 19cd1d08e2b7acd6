"""`/api/v1/cameras`."""

from fastapi import APIRouter

from control_room import access
from control_room import room as rooms
from control_room.cameras import schemas, service

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])


@router.get("", responses=access.RESPONSES)
def listed(room: rooms.Here, _caller: access.Person) -> schemas.CameraList:
    """All cameras with their present status."""
    with room.database.connection() as connection:
        return schemas.CameraList.model_validate({"items": service.items(connection)})
