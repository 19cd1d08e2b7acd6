"""`/api/v1/preflight`: what a flight must heed, before it takes off."""

from typing import Any

from fastapi import APIRouter

from control_room import access, problems
from control_room import room as rooms
from control_room.preflight import schemas, service

router = APIRouter(prefix="/api/v1/preflight", tags=["preflight"])
_KNOWN: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404)}


@router.post("", responses=_KNOWN)
def ask(wanted: schemas.PreflightQuestion, room: rooms.Here, _caller: access.Person) -> schemas.PreflightAnswer:
    """Zones, heights and permissions for an area, a height and a time, and what is missing. Nothing is kept."""
    with room.database.connection() as connection:
        found = service.ask(connection, wanted.model_dump(), room.settings, room.clock())
    return schemas.PreflightAnswer.model_validate(found)


@router.get("/pack", responses=access.RESPONSES)
def pack(room: rooms.Here, _caller: access.Person) -> schemas.PreflightPack:
    """Zones about the town and permissions, to be kept for the time without a network."""
    with room.database.connection() as connection:
        return schemas.PreflightPack.model_validate(service.pack(connection, room.settings, room.clock()))
