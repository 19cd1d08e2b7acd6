"""`/api/v1/cameras/{camera_id}/whep|whip|picture` and `/api/v1/live`: watch cameras, and send their pictures."""

import http
import uuid
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from control_room import access, callers, problems
from control_room import room as rooms
from control_room.live import ice, listing, publishing, saving, schemas, signalling, tokens, watching
from control_room.viewing import asking, watched
from wire.identifiers import Identifier
from wire.live import LIVE_TOKEN_HEADER, StreamName

router = APIRouter(prefix="/api/v1", tags=["live"])

PersonOrDevice = Annotated[callers.Caller, Depends(access.Allow(*callers.PEOPLE, callers.Role.DEVICE))]


class NotAskedError(problems.ForbiddenError):
    """Nobody asked this device to send this camera's picture now, or not with this token."""

    name = "not-asked"


@router.post(
    "/cameras/{camera_id}/whep",
    status_code=http.HTTPStatus.CREATED,
    response_class=Response,
    responses=signalling.OFFERED,
    openapi_extra=signalling.SDP_BODY,
)
async def watch(
    camera_id: Identifier,
    request: Request,
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    device_id: Annotated[Identifier | None, Query(description="Needed where several devices have it.")] = None,
    stream: Annotated[StreamName, Query(description="The small picture for tiles, or the large one.")] = "sub",
    alert_id: Annotated[uuid.UUID | None, Query(description="The alert from which it is opened.")] = None,
) -> Response:
    """Watch a camera (WHEP). Its device is asked to send where it does not; a few seconds at most.

    403 `reason-needed` where the room asks for a reason also of live pictures. 409 `camera-dark`, `device-offline` or
    `device-refuses` say why there is none; 503 `full`: one more viewer would spoil the others' pictures.
    """
    caller = viewer.caller
    offer = await signalling.offered(request, room, f"user:{caller.name}")

    def permitted() -> tuple[publishing.Camera, watching.Ground]:
        with room.database.connection() as connection:
            camera = publishing.resolve(connection, camera_id, device_id)
            thing = watched.camera(camera.device_id, camera_id)
            viewer.check(thing)
            return camera, watching.ground(connection, caller, thing, alert_id, room.settings.live, room.clock())

    camera, why = await run_in_threadpool(permitted)
    name = await publishing.ensure(room, offer.media, camera, stream, caller)
    thing = watched.camera(camera.device_id, camera_id)
    return await signalling.show(room, offer, name, viewer=caller, watched=thing, why=why)


@router.post(
    "/cameras/{camera_id}/whip",
    status_code=http.HTTPStatus.CREATED,
    response_class=Response,
    responses=signalling.OFFERED,
    openapi_extra=signalling.SDP_BODY,
    dependencies=[asking.shows_nobody("a device sends here; it gets no picture")],
)
async def publish(
    camera_id: Identifier,
    request: Request,
    room: rooms.Here,
    device: access.Device,
    *,
    stream: StreamName = "main",
    replace: bool = False,
    token: Annotated[str, Header(alias=LIVE_TOKEN_HEADER, max_length=200)] = "",
) -> Response:
    """Send a camera's picture (WHIP): a device, of its own camera, while it is asked to, with that command's token."""
    offer = await signalling.offered(request, room, f"device:{device.name}")
    name = publishing.stream_of(device.name, camera_id, stream)

    def was_asked() -> bool:
        with room.database.connection() as connection:
            asked = publishing.publication(connection, name)
        secret = room.settings.live.secret.get_secret_value()
        return (
            asked is not None
            and asked["until"] > room.clock()
            and tokens.is_of_publication(token, secret, name, asked["publication_id"])
        )

    if not await run_in_threadpool(was_asked):
        raise NotAskedError
    return await signalling.accept(
        room,
        offer,
        name,
        "whip",
        replace=replace,
        begin=partial(watching.begin_publish, publisher=device),
        location=signalling.SESSION,
        whom=device.name,
    )


@router.post(
    "/cameras/{camera_id}/picture",
    response_class=Response,
    responses=saving.RESPONSES,
)
def save_picture(
    camera_id: Identifier,
    wanted: Annotated[schemas.SavePicture, Body()],
    request: Request,
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    device_id: Identifier | None = None,
    stream: StreamName = "main",
) -> Response:
    """Save the picture of the moment, of a camera that is being watched. Needs a reason; nothing of it is kept here."""
    signalling.count(request, room, f"user:{viewer.caller.name}")
    with room.database.connection() as connection:
        camera = publishing.resolve(connection, camera_id, device_id)
    thing = watched.camera(camera.device_id, camera_id)
    names = [publishing.stream_of(camera.device_id, camera_id, each) for each in (stream, "main", "sub")]
    return saving.save(room, viewer, thing, saving.Saved(names, f"{camera.device_id} / {camera_id}"), wanted)


@router.patch(
    "/live/sessions/{session_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404, 415)},
    openapi_extra=signalling.TRICKLE_BODY,
)
async def trickle(session_id: uuid.UUID, request: Request, room: rooms.Here, caller: PersonOrDevice) -> None:
    """Another ICE candidate of one's own session."""
    await signalling.trickle(request, room, session_id, caller)


@router.delete(
    "/live/sessions/{session_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404)},
)
def leave(session_id: uuid.UUID, room: rooms.Here, caller: PersonOrDevice) -> None:
    """End one's own session."""
    signalling.leave(room, session_id, caller)


@router.get("/live", responses=access.RESPONSES)
def everything(room: rooms.Here, viewer: asking.Person) -> schemas.LiveList:
    """Every camera and source: what flows of it, how old its last packet is, who watches, whether one may oneself."""
    with room.database.connection() as connection:
        return listing.everything(connection, room, viewer)


@router.get("/live/ice", responses=access.RESPONSES)
def ice_servers(room: rooms.Here, caller: access.Person) -> schemas.IceServers:
    """Servers for `RTCPeerConnection`; names and passwords of TURN end soon, so ask before each connection."""
    return ice.servers(room.settings.live, caller.name, room.clock())
