"""`/api/v1/devices`."""

import http
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.devices import schemas, service
from wire.identifiers import Identifier

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

State = Literal["active", "online", "offline", "revoked", "all"]


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Person,
    *,
    search: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")] = None,
    state: State = "active",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    cursor: Annotated[str | None, Query(max_length=800)] = None,
) -> schemas.DevicePage:
    """Devices by name, with their present status. `search`: part of id, name, place, owner or purpose."""
    after = service.read_cursor(cursor)
    with room.database.connection() as connection:
        rows = service.page(connection, search=search or None, state=state, limit=limit + 1, after=after)
    more = service.cursor_after(rows[limit - 1]) if len(rows) > limit else None
    items = [_shown(room, row) for row in rows[:limit]]
    return schemas.DevicePage.model_validate({"items": items, "next_cursor": more})


@router.post("", status_code=http.HTTPStatus.CREATED, responses={**access.RESPONSES, **problems.responses(409)})
def add(wanted: schemas.NewDevice, room: rooms.Here, caller: access.Administrator) -> schemas.DeviceDetail:
    """Write a device down; a one-time code then lets it in."""
    given = {**wanted.model_dump(), "not_as": room.settings.broker_accounts}
    with room.database.connection() as connection:
        try:
            service.add(connection, given.pop("device_id"), given.pop("name"), **given, by=caller, now=room.clock())
        except service.DeviceError as error:
            raise service.DeviceTakenError(str(error)) from None
        return _detail(room, service.registered(connection, wanted.device_id))


@router.get("/{device_id}", responses={**access.RESPONSES, **problems.responses(404)})
def detail(device_id: Identifier, room: rooms.Here, _caller: access.Person) -> schemas.DeviceDetail:
    """One device, also a revoked one, with its cameras."""
    with room.database.connection() as connection:
        return _detail(room, service.registered(connection, device_id))


@router.patch("/{device_id}", responses={**access.RESPONSES, **problems.responses(404)})
def edit(
    device_id: Identifier, changes: schemas.DeviceChanges, room: rooms.Here, caller: access.Administrator
) -> schemas.DeviceDetail:
    """Change name, place, owner or purpose; null empties one, a missing one stays."""
    with room.database.connection() as connection:
        service.edit(connection, device_id, changes.model_dump(exclude_unset=True), by=caller, now=room.clock())
        return _detail(room, service.registered(connection, device_id))


@router.post("/{device_id}/revoke", responses={**access.RESPONSES, **problems.responses(404)})
def revoke(
    device_id: Identifier, wanted: schemas.Revocation, room: rooms.Here, caller: access.Administrator
) -> schemas.DeviceDetail:
    """Accept nothing of a device any more, and cut its connection. A new one-time code lets it in again."""
    with room.database.connection() as connection:
        service.revoke(connection, device_id, wanted.reason, by=caller, now=room.clock())
        return _detail(room, service.registered(connection, device_id))


def _detail(room: rooms.Room, row: dict[str, Any]) -> schemas.DeviceDetail:
    return schemas.DeviceDetail.model_validate(_shown(room, row))


def _shown(room: rooms.Room, row: dict[str, Any]) -> dict[str, Any]:
    """With what only this process knows: whether the keys are still those that the device believes."""
    town = room.authority
    known = row["town_key"] is None or (town is not None and row["town_key"] == town.town_key)
    return {**row, "other_keys": not known}
