"""`/api/v1/counts`: how much happened, by the hour. It outlives the messages themselves."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.counts import schemas, service
from wire.identifiers import Identifier
from wire.message import UtcTime

router = APIRouter(prefix="/api/v1/counts", tags=["counts"])

_USUAL_SPAN = timedelta(days=7)
_LONGEST_SPAN = timedelta(days=92)


class BadSpanError(problems.UnprocessableError):
    """`since` lies before `until`, by 92 days at most."""

    name = "bad-span"


def _span(
    room: rooms.Here,
    since: Annotated[UtcTime | None, Query(description="Without it: 7 days before `until`.")] = None,
    until: Annotated[UtcTime | None, Query(description="Without it: now.")] = None,
) -> tuple[datetime, datetime]:
    """Whole hours, `until` exclusive."""
    end = until or room.clock()
    try:
        begin = since or end - _USUAL_SPAN
        hours = _hour(begin), _hour(end + timedelta(hours=1) - timedelta(microseconds=1))
    except OverflowError:
        raise BadSpanError from None
    if not timedelta() < hours[1] - hours[0] <= _LONGEST_SPAN + timedelta(hours=1):
        raise BadSpanError
    return hours


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


Span = Annotated[tuple[datetime, datetime], Depends(_span)]


@router.get("", responses=access.RESPONSES)
def of_town(room: rooms.Here, _caller: access.Operator, span: Span) -> schemas.CountList:
    """Events by hour and rule, of all cameras together."""
    with room.database.connection() as connection:
        items = service.of_town(connection, *span)
    return schemas.CountList.model_validate({"since": span[0], "until": span[1], "items": items})


@router.get("/{device_id}/{camera_id}", responses=access.RESPONSES)
def of_camera(
    device_id: Identifier, camera_id: Identifier, room: rooms.Here, _caller: access.Operator, span: Span
) -> schemas.CountList:
    """Events by hour and rule, of one camera; none where there is no such camera."""
    with room.database.connection() as connection:
        items = service.of_camera(connection, device_id, camera_id, *span)
    return schemas.CountList.model_validate({"since": span[0], "until": span[1], "items": items})
