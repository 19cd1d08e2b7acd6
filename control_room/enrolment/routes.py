"""`/api/v1/enrolments` and `/api/v1/devices/{device_id}/enrolment-code`."""

import http

from fastapi import APIRouter, Request

from control_room import access, problems
from control_room import room as rooms
from control_room.enrolment import schemas, service
from wire import enrolment as wire
from wire.identifiers import Identifier

router = APIRouter(prefix="/api/v1", tags=["enrolment"])


@router.post(
    "/devices/{device_id}/enrolment-code",
    status_code=http.HTTPStatus.CREATED,
    responses={**access.RESPONSES, **problems.responses(404)},
)
def make_code(device_id: Identifier, room: rooms.Here, caller: access.Administrator) -> schemas.EnrolmentCode:
    """A one-time code for a device, good for an hour; one made before opens nothing any more."""
    _town(room)
    with room.database.connection() as connection:
        code, expires_at = service.make_code(connection, device_id, by=caller, now=room.clock())
    command = f"talaia-edge enrol --room {room.settings.http.url} --code {code} -c edge.toml"
    return schemas.EnrolmentCode(device_id=device_id, code=code, expires_at=expires_at, command=command)


@router.post(
    "/enrolments",
    dependencies=[access.public("the one-time code is the credential; limited an address")],
    responses=problems.responses(403, 409, 422, 429, 503),
)
def enrol(wanted: wire.Request, request: Request, room: rooms.Here) -> wire.Identity:
    """A device shows its code and its keys, and gets all that it needs to speak to the room and the broker."""
    town, address = _town(room), access.address_of(request)
    service.take_guess(room.database, address, room.clock())
    with room.database.connection() as connection:
        identity = service.enrol(connection, town, wanted, address, room.clock())
    service.forgive_guesses(room.database, address)
    return identity


@router.post("/enrolments/renewal", responses={**access.RESPONSES, **problems.responses(409)})
def renew(wanted: wire.Renewal, room: rooms.Here, caller: access.Device) -> wire.Certificate:
    """The next certificate of a device that was enrolled, before the present one expires."""
    with room.database.connection() as connection:
        return service.renew(connection, _town(room), wanted, caller, room.clock())


def _town(room: rooms.Room) -> service.Town:
    if room.authority is None:
        raise service.NoAuthorityError
    return service.Town(room.authority, room.signer, room.settings)
