"""`/api/v1/cameras`."""

from fastapi import APIRouter

from control_room import access
from control_room import room as rooms
from control_room.cameras import schemas, service
from control_room.viewing import asking, watched

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])


@router.get("", responses=access.RESPONSES)
def listed(room: rooms.Here, viewer: asking.Person) -> schemas.CameraList:
    """All cameras with their present status, and whether one may watch them."""
    with room.database.connection() as connection:
        rows = service.items(connection)
    hidden = [row for row in rows if not viewer.may(watched.camera(row["device_id"], row["camera_id"]))]
    not_watched = [{"device_id": row["device_id"], "camera_id": row["camera_id"]} for row in hidden]
    return schemas.CameraList.model_validate({"items": rows, "not_watched": not_watched})
