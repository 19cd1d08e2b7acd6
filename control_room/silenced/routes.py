"""`/api/v1/silenced`."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from control_room import access
from control_room import room as rooms
from control_room.silenced import schemas, service

router = APIRouter(prefix="/api/v1/silenced", tags=["cameras"])


@router.get("", responses=access.RESPONSES)
def of_day(
    room: rooms.Here,
    _caller: access.Operator,
    *,
    day: Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2999, 12, 31))] = None,
) -> schemas.SilencedList:
    """What rules found on that day (in the town's time; today where none is named) and did not tell, by camera."""
    time_zone = room.settings.town.time_zone
    wanted = day or room.clock().astimezone(ZoneInfo(time_zone)).date()
    with room.database.connection() as connection:
        since, items = service.of_day(connection, wanted, time_zone)
    return schemas.SilencedList.model_validate({"day": wanted, "since": since, "items": items})
