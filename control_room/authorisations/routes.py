"""`/api/v1/authorisations`: permissions under which cameras and flights record (LO 7/2021 arts. 16 and 17)."""

import http
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.authorisations import schemas, service

router = APIRouter(prefix="/api/v1/authorisations", tags=["authorisations"])
_KNOWN: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404)}
_CHANGED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}


@router.post("", status_code=http.HTTPStatus.CREATED, responses=access.RESPONSES)
def add(
    wanted: schemas.NewAuthorisation, room: rooms.Here, caller: access.Administrator
) -> schemas.AuthorisationDetail:
    """Enter a permission that was given. A fixed one lasts a year at most, a mobile one a month."""
    now = room.clock()
    with room.database.connection() as connection:
        time_zone = room.settings.town.time_zone
        authorisation_id = service.add(connection, wanted.model_dump(), time_zone=time_zone, by=caller, now=now)
        return schemas.AuthorisationDetail.model_validate(service.detail(connection, authorisation_id, now))


@router.get("", responses=_KNOWN)
def listed(
    room: rooms.Here,
    _caller: access.Person,
    *,
    kind: schemas.Kind | None = None,
    in_force: Annotated[bool | None, Query(description="Only those that hold now, or only the others.")] = None,
    over: Annotated[bool | None, Query(description="Only those that ended or were taken back, or the others.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: uuid.UUID | None = None,
) -> schemas.AuthorisationPage:
    """Permissions, those that end last first."""
    with room.database.connection() as connection:
        filters = {"kind": kind, "in_force": in_force, "over": over}
        rows = service.page(connection, limit=limit + 1, now=room.clock(), after=cursor, **filters)
    more = rows[limit - 1]["authorisation_id"] if len(rows) > limit else None
    return schemas.AuthorisationPage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.get("/{authorisation_id}", responses=_KNOWN)
def one(authorisation_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.AuthorisationDetail:
    """A permission with its history."""
    with room.database.connection() as connection:
        return schemas.AuthorisationDetail.model_validate(service.detail(connection, authorisation_id, room.clock()))


@router.post("/{authorisation_id}/extend", status_code=http.HTTPStatus.CREATED, responses=_CHANGED)
def extend(
    authorisation_id: uuid.UUID, wanted: schemas.Extension, room: rooms.Here, caller: access.Administrator
) -> schemas.AuthorisationDetail:
    """Prolong a mobile permission, once, by a month at most (LO 7/2021 art. 17)."""
    now = room.clock()
    with room.database.connection() as connection:
        extension_id = service.extend(
            connection,
            authorisation_id,
            reference=wanted.reference,
            valid_to=wanted.valid_to,
            reason=wanted.reason,
            time_zone=room.settings.town.time_zone,
            by=caller,
            now=now,
        )
        return schemas.AuthorisationDetail.model_validate(service.detail(connection, extension_id, now))


@router.post("/{authorisation_id}/revoke", responses=_CHANGED)
def revoke(
    authorisation_id: uuid.UUID, wanted: schemas.AuthorisationRevocation, room: rooms.Here, caller: access.Administrator
) -> schemas.AuthorisationDetail:
    """It holds no more."""
    now = room.clock()
    with room.database.connection() as connection:
        service.revoke(connection, authorisation_id, reason=wanted.reason, by=caller, now=now)
        return schemas.AuthorisationDetail.model_validate(service.detail(connection, authorisation_id, now))
