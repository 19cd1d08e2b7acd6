"""`/api/v1/dead-letters`: messages that could not be ingested, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from control_room import access, problems
from control_room import room as rooms
from control_room.audit import service as audit
from control_room.dead_letters import schemas, service
from control_room.viewing import asking

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"])


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Administrator,
    *,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: UUID | None = None,
) -> schemas.DeadLetterPage:
    """Dead letters, the newest first."""
    with room.database.connection() as connection:
        rows = service.page(connection, limit=limit + 1, before=cursor)
    more = str(rows[limit - 1]["dead_letter_id"]) if len(rows) > limit else None
    return schemas.DeadLetterPage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.get(
    "/{dead_letter_id}/payload",
    response_class=Response,
    dependencies=[asking.shows_nobody("a message of words and numbers, for administrators")],
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "What was kept of the message."},
        **access.RESPONSES,
        **problems.responses(404),
    },
)
def payload(dead_letter_id: UUID, room: rooms.Here, caller: access.Administrator) -> Response:
    """What was kept of one, byte for byte."""
    with room.database.connection() as connection:
        kept = service.payload(connection, dead_letter_id)
        if kept is None:
            raise problems.NotFoundError
        audit.record(connection, caller, "dead_letter.read", at=room.clock(), on=("dead_letter", str(dead_letter_id)))
    name = f'attachment; filename="{dead_letter_id}.bin"'
    return Response(kept, media_type="application/octet-stream", headers={"Content-Disposition": name})
