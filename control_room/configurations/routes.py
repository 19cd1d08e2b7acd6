"""`/api/v1/devices/{device_id}/configurations`."""

import http
from typing import Annotated

from fastapi import APIRouter, Path, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.configurations import rules, schemas, service
from wire.identifiers import Identifier

router = APIRouter(prefix="/api/v1/devices/{device_id}/configurations", tags=["configurations"])

VersionNumber = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("", responses=access.RESPONSES)
def listed(
    device_id: Identifier,
    room: rooms.Here,
    _caller: access.Operator,
    *,
    before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> schemas.Versions:
    """Versions that were pushed to a device, the newest first."""
    with room.database.connection() as connection:
        rows = service.page(connection, device_id, before=before, limit=limit + 1)
    more = rows[limit - 1]["version"] if len(rows) > limit else None
    return schemas.Versions.model_validate({"items": rows[:limit], "next_before": more, "rules": rules.known()})


@router.post("", status_code=http.HTTPStatus.ACCEPTED, responses={**access.RESPONSES, **problems.responses(404, 409)})
def push(
    device_id: Identifier, wanted: schemas.WantedConfiguration, room: rooms.Here, caller: access.Administrator
) -> schemas.PushedVersion:
    """Give a device its next configuration. It takes it whole, or keeps the one it has and says why."""
    with room.database.connection() as connection:
        version = service.push(
            connection, room.signer, device_id, wanted.content, wanted.reason, by=caller, now=room.clock()
        )
    return schemas.PushedVersion(version=version)


@router.post(
    "/{version}/again",
    status_code=http.HTTPStatus.ACCEPTED,
    responses={**access.RESPONSES, **problems.responses(404, 409)},
)
def go_back(
    device_id: Identifier,
    version: VersionNumber,
    wanted: schemas.GoBack,
    room: rooms.Here,
    caller: access.Administrator,
) -> schemas.PushedVersion:
    """Push what an older version said, as a new version."""
    with room.database.connection() as connection:
        made = service.go_back(connection, room.signer, device_id, version, wanted.reason, by=caller, now=room.clock())
    return schemas.PushedVersion(version=made)
