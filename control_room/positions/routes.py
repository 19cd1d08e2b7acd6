"""`/api/v1/positions`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from control_room import access
from control_room import room as rooms
from control_room.positions import schemas, service
from wire.identifiers import Identifier
from wire.message import UtcTime

router = APIRouter(prefix="/api/v1/positions", tags=["positions"])

_SPAN = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@router.get("/last", responses=access.RESPONSES)
def last(room: rooms.Here, _caller: access.Person) -> schemas.LastPositionList:
    """Drones and ground stations at their last place, of the last 24 h."""
    with room.database.connection() as connection:
        return schemas.LastPositionList.model_validate({"items": service.items(connection, room.clock())})


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Person,
    *,
    device_id: Identifier,
    since: UtcTime | None = None,
    until: UtcTime | None = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,16}$")] = None,
) -> schemas.PositionPage:
    """Where a device was, in order of time; of the hour before `until`, or until now, where `since` is left out."""
    end = until or room.clock() + _SPAN  # a device's clock may run ahead
    with room.database.connection() as connection:
        rows = service.page(
            connection,
            device_id=device_id,
            since=since or (until or room.clock()) - _SPAN,
            until=end,
            after=None if cursor is None else _EPOCH + int(cursor) * _MICROSECOND,
            limit=limit + 1,
        )
    more = str((rows[limit - 1]["at"] - _EPOCH) // _MICROSECOND) if len(rows) > limit else None
    return schemas.PositionPage.model_validate({"items": rows[:limit], "next_cursor": more})
