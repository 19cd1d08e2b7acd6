"""`/api/v1/flights/{flight_id}/analysis`: ask for it, see how far it is, cancel it."""

import http
import uuid
from typing import Any

from fastapi import APIRouter

from control_room import access, problems
from control_room import room as rooms
from control_room.analyses import schemas, service

router = APIRouter(prefix="/api/v1/flights/{flight_id}/analysis", tags=["flights"])

_ACTED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}


@router.post("", status_code=http.HTTPStatus.ACCEPTED, responses=_ACTED)
def ask(flight_id: uuid.UUID, room: rooms.Here, caller: access.Person) -> schemas.AnalysisItem:
    """Have the footage looked through, for the first time or again."""
    now = room.clock()
    with room.database.connection() as connection:
        service.ask(connection, flight_id, caller, now)
        return schemas.AnalysisItem.model_validate(service.latest(connection, flight_id, now))


@router.get("", responses={**access.RESPONSES, **problems.responses(404)})
def get(flight_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.AnalysisItem:
    """The newest one: how far it is, or what came of it."""
    with room.database.connection() as connection:
        return schemas.AnalysisItem.model_validate(service.latest(connection, flight_id, room.clock()))


@router.post("/cancel", responses=_ACTED)
def cancel(flight_id: uuid.UUID, room: rooms.Here, caller: access.Person) -> schemas.AnalysisItem:
    """No more of it. What it had found so far is thrown away."""
    now = room.clock()
    with room.database.connection() as connection:
        service.cancel(connection, flight_id, caller, now)
        return schemas.AnalysisItem.model_validate(service.latest(connection, flight_id, now))
