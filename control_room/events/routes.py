"""`/api/v1/events`: the stored messages of a device."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from control_room import access
from control_room import room as rooms
from control_room.events import schemas, service
from wire.identifiers import Identifier

router = APIRouter(prefix="/api/v1/events", tags=["events"])


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Administrator,
    *,
    device_id: Identifier,
    outbox_id: UUID,
    after_sequence: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> schemas.EventPage:
    """Messages of one outbox with a greater sequence than `after_sequence`, in their order."""
    with room.database.connection() as connection:
        rows = service.after(
            connection, device_id=device_id, outbox_id=outbox_id, after_sequence=after_sequence, limit=limit + 1
        )
    more = rows[limit - 1]["sequence"] if len(rows) > limit else None
    return schemas.EventPage.model_validate({"items": rows[:limit], "next_after_sequence": more})


@router.get("/outboxes", responses=access.RESPONSES)
def outboxes(room: rooms.Here, _caller: access.Administrator, *, device_id: Identifier) -> schemas.OutboxList:
    """What is stored of each outbox of a device, and what is missing in it."""
    with room.database.connection() as connection:
        return schemas.OutboxList.model_validate({"items": service.outboxes(connection, device_id)})
