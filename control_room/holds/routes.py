"""`/api/v1/holds`: what must not be erased though its time is over."""

import http
import uuid
from typing import Annotated

from fastapi import APIRouter, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.holds import schemas, service

router = APIRouter(prefix="/api/v1/holds", tags=["holds"])


@router.post("", status_code=http.HTTPStatus.CREATED, responses={**access.RESPONSES, **problems.responses(404)})
def add(wanted: schemas.NewHold, room: rooms.Here, caller: access.Operator) -> schemas.HoldItem:
    """Keep an alert, a file, or all that a camera recorded in a span, beyond its time."""
    now = room.clock()
    with room.database.connection() as connection:
        hold_id = service.add(
            connection, wanted.object.wanted(), reason=wanted.reason, until=wanted.until, by=caller, now=now
        )
        return schemas.HoldItem.model_validate(service.item(connection, hold_id, now))


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Operator,
    *,
    kind: Annotated[schemas.ObjectKind | None, Query(description="Of what.")] = None,
    state: Annotated[schemas.State | None, Query(description="Whether it protects, is over, or was released.")] = None,
    protecting: Annotated[
        uuid.UUID | None,
        Query(description="Those that keep this alert now: its own, of one of its files, of its camera at that time."),
    ] = None,
    search: Annotated[
        str | None,
        Query(max_length=200, pattern=r"^[^\x00]*$", description="Part of a reason, a person or a camera's name."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: uuid.UUID | None = None,
) -> schemas.HoldPage:
    """Holds, the newest first."""
    filters = {"object_kind": kind, "state": state, "protecting": protecting, "search": search or None}
    with room.database.connection() as connection:
        rows = service.page(connection, limit=limit + 1, before=cursor, now=room.clock(), **filters)
    more = rows[limit - 1]["hold_id"] if len(rows) > limit else None
    return schemas.HoldPage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.post("/{hold_id}/release", responses={**access.RESPONSES, **problems.responses(404, 409)})
def release(
    hold_id: uuid.UUID, wanted: schemas.Release, room: rooms.Here, caller: access.Administrator
) -> schemas.HoldItem:
    """Let go of it. What nothing else protects, and whose time is over, is erased within the hour."""
    now = room.clock()
    with room.database.connection() as connection:
        service.release(connection, hold_id, reason=wanted.reason, by=caller, now=now)
        return schemas.HoldItem.model_validate(service.item(connection, hold_id, now))
