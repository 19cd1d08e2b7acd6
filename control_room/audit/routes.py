"""`/api/v1/audit`: who did what, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Query

from control_room import access, fields
from control_room import room as rooms
from control_room.audit import schemas, service
from wire.message import UtcTime

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Administrator,
    *,
    actor: fields.Line | None = None,
    action: fields.Line | None = None,
    object_kind: fields.Line | None = None,
    object_id: fields.Line | None = None,
    since: UtcTime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
) -> schemas.AuditPage:
    """Acts, the newest first."""
    with room.database.connection() as connection:
        rows = service.page(
            connection,
            limit=limit + 1,
            before=None if cursor is None else int(cursor),
            actor=actor,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            since=since,
        )
    more = str(rows[limit - 1]["audit_id"]) if len(rows) > limit else None
    return schemas.AuditPage.model_validate({"items": rows[:limit], "next_cursor": more})
