"""`GET /api/v1/users`: the accounts, for who says what each may watch. They are made by `talaia-room user`."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter

from control_room import access, paging
from control_room import room as rooms
from control_room.users import schemas, service

router = APIRouter(prefix="/api/v1", tags=["users"])

_CURSOR = paging.Cursor(TypeAdapter(str))


@router.get("/users", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Administrator,
    *,
    search: Annotated[str, Query(max_length=64, description="Part of the name.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> schemas.AccountPage:
    """Accounts by name, with what each may watch."""
    with room.database.connection() as connection:
        rows = service.page(connection, search=search, after=_CURSOR.read(cursor), limit=limit + 1)
    more = _CURSOR.after(rows[limit - 1]["user"]) if len(rows) > limit else None
    return schemas.AccountPage.model_validate({"items": rows[:limit], "next_cursor": more})
