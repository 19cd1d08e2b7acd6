"""`/api/v1/aircraft`: drones, batteries, and what was wrong with them."""

import http
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query

from control_room import access, problems
from control_room import room as rooms
from control_room.aircraft import schemas, service

router = APIRouter(prefix="/api/v1/aircraft", tags=["aircraft"])
_KNOWN: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404)}
_ADDED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(409)}
_CHANGED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}
_Retired = Annotated[bool | None, Query(description="Only those that are not used any more, or only the others.")]


@router.get("", responses=access.RESPONSES)
def listed(room: rooms.Here, _caller: access.Person, *, retired: _Retired = None) -> schemas.AircraftList:
    """Drones with flights, hours and open defects."""
    with room.database.connection() as connection:
        return schemas.AircraftList.model_validate({"items": service.listed(connection, retired=retired)})


@router.post("", status_code=http.HTTPStatus.CREATED, responses=_ADDED)
def add(wanted: schemas.NewAircraft, room: rooms.Here, caller: access.Flyer) -> schemas.AircraftItem:
    """Add a drone."""
    with room.database.connection() as connection:
        aircraft_id = service.add(connection, wanted.model_dump(), by=caller, now=room.clock())
        return schemas.AircraftItem.model_validate(service.item(connection, aircraft_id))


@router.get("/batteries", responses=access.RESPONSES)
def batteries(
    room: rooms.Here, _caller: access.Person, *, aircraft_id: uuid.UUID | None = None, retired: _Retired = None
) -> schemas.BatteryList:
    """Batteries with their cycles and hours."""
    with room.database.connection() as connection:
        rows = service.batteries(connection, aircraft_id=aircraft_id, retired=retired)
    return schemas.BatteryList.model_validate({"items": rows})


@router.post("/batteries", status_code=http.HTTPStatus.CREATED, responses=_ADDED)
def add_battery(wanted: schemas.NewBattery, room: rooms.Here, caller: access.Flyer) -> schemas.BatteryItem:
    """Add a battery."""
    with room.database.connection() as connection:
        battery_id = service.add_battery(connection, wanted.model_dump(), by=caller, now=room.clock())
        return schemas.BatteryItem.model_validate(service.battery(connection, battery_id))


@router.put("/batteries/{battery_id}", responses=_CHANGED)
def change_battery(
    battery_id: uuid.UUID, wanted: schemas.BatteryChanges, room: rooms.Here, caller: access.Flyer
) -> schemas.BatteryItem:
    """Say all of a battery anew."""
    with room.database.connection() as connection:
        service.change_battery(connection, battery_id, wanted.model_dump(), by=caller, now=room.clock())
        return schemas.BatteryItem.model_validate(service.battery(connection, battery_id))


@router.get("/{aircraft_id}", responses=_KNOWN)
def one(aircraft_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.AircraftItem:
    """One drone."""
    with room.database.connection() as connection:
        return schemas.AircraftItem.model_validate(service.item(connection, aircraft_id))


@router.put("/{aircraft_id}", responses=_CHANGED)
def change(
    aircraft_id: uuid.UUID, wanted: schemas.AircraftChanges, room: rooms.Here, caller: access.Flyer
) -> schemas.AircraftItem:
    """Say all of a drone anew."""
    with room.database.connection() as connection:
        service.change(connection, aircraft_id, wanted.model_dump(), by=caller, now=room.clock())
        return schemas.AircraftItem.model_validate(service.item(connection, aircraft_id))


@router.get("/{aircraft_id}/records", responses=_KNOWN)
def records(
    aircraft_id: uuid.UUID,
    room: rooms.Here,
    _caller: access.Person,
    *,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: uuid.UUID | None = None,
) -> schemas.RecordPage:
    """Defects, repairs, inspections and changes of configuration, the newest first."""
    with room.database.connection() as connection:
        service.item(connection, aircraft_id)
        rows = service.records(connection, aircraft_id, limit=limit + 1, before=cursor)
    more = rows[limit - 1]["record_id"] if len(rows) > limit else None
    return schemas.RecordPage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.post("/{aircraft_id}/records", status_code=http.HTTPStatus.CREATED, responses=_KNOWN)
def add_record(
    aircraft_id: uuid.UUID, wanted: schemas.NewRecord, room: rooms.Here, caller: access.Flyer
) -> schemas.RecordItem:
    """Write down a defect, a repair, an inspection or a change of configuration."""
    with room.database.connection() as connection:
        record_id = service.add_record(connection, aircraft_id, wanted.model_dump(), by=caller, now=room.clock())
        return schemas.RecordItem.model_validate(
            service.records(connection, aircraft_id, limit=1, record_id=record_id)[0]
        )


@router.post("/{aircraft_id}/records/{record_id}/settle", responses=_KNOWN)
def settle(
    aircraft_id: uuid.UUID, record_id: uuid.UUID, wanted: schemas.Settled, room: rooms.Here, caller: access.Flyer
) -> schemas.RecordItem:
    """A defect is mended."""
    with room.database.connection() as connection:
        service.settle(connection, aircraft_id, record_id, how=wanted.how, by=caller, now=room.clock())
        return schemas.RecordItem.model_validate(
            service.records(connection, aircraft_id, limit=1, record_id=record_id)[0]
        )
