"""`/api/v1/live/sources`: drones and telephones that send live video; MediaMTX's question who may."""

import hmac
import http
import uuid
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime, TypeAdapter
from starlette.concurrency import run_in_threadpool

from control_room import access, paging, problems
from control_room import room as rooms
from control_room.live import ice, judging, opening, saving, schemas, signalling, sources, watching
from control_room.live.media import MediaAwayError, NoSuchStreamError
from control_room.viewing import asking, watched

router = APIRouter(prefix="/api/v1/live", tags=["live"])

_FOUND = {**access.RESPONSES, **problems.responses(404)}
_CURSOR = paging.Cursor(TypeAdapter(tuple[AwareDatetime, uuid.UUID]))
_BY_TOKEN = access.public("a publisher shows the token of this source, 256 random bits; limited a source")
_WHIP_SESSION = "/api/v1/live/sources/{source_id}/whip/{{session_id}}"
Authorization = Annotated[str, Header(alias="Authorization", max_length=500)]


@router.get("/sources", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    viewer: asking.Person,
    *,
    flight_id: uuid.UUID | None = None,
    ended: Annotated[bool, Query(description="Also those that may not publish any more.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> schemas.LiveSourcePage:
    """Live sources, the newest first."""
    before: tuple[datetime, uuid.UUID] | None = _CURSOR.read(cursor)
    with room.database.connection() as connection:
        rows = sources.page(
            connection,
            limit=limit + 1,
            ended=ended,
            flight_id=flight_id,
            before_at=before[0] if before else None,
            before_id=before[1] if before else None,
        )
    last = rows[limit - 1] if len(rows) > limit else None
    more = _CURSOR.after((last["created_at"], last["source_id"])) if last else None
    items = [_shown(room, viewer, row) for row in rows[:limit]]
    return schemas.LiveSourcePage.model_validate({"items": items, "next_cursor": more})


@router.post("/sources", status_code=http.HTTPStatus.CREATED, responses={**access.RESPONSES, **problems.responses(409)})
def add(wanted: schemas.NewLiveSource, room: rooms.Here, viewer: asking.Person) -> schemas.NewLiveToken:
    """Register a drone's or telephone's publisher. Its token is shown this once."""
    most = room.settings.live.sources_max
    with room.database.connection() as connection:
        source_id, token = sources.add(connection, wanted, most=most, by=viewer.caller, now=room.clock())
        row = sources.item(connection, source_id)
    return schemas.NewLiveToken.model_validate({**_shown(room, viewer, row, token), "may_watch": True, "token": token})


@router.get("/sources/{source_id}", responses=_FOUND)
def detail(source_id: uuid.UUID, room: rooms.Here, viewer: asking.Person) -> schemas.LiveSourceItem:
    """One source."""
    with room.database.connection() as connection:
        row = sources.item(connection, source_id)
    return schemas.LiveSourceItem.model_validate(_shown(room, viewer, row))


@router.post("/sources/{source_id}/token", responses=_FOUND)
def renew_token(source_id: uuid.UUID, room: rooms.Here, viewer: asking.Person) -> schemas.NewLiveToken:
    """Another token; the one before opens nothing any more, and what it sends is cut off."""
    viewer.check(watched.source(source_id))
    with room.database.connection() as connection:
        token = sources.renew_token(connection, source_id, by=viewer.caller, now=room.clock())
        row = sources.item(connection, source_id)
    _cut(room, source_id)
    return schemas.NewLiveToken.model_validate({**_shown(room, viewer, row, token), "token": token})


@router.delete("/sources/{source_id}", status_code=http.HTTPStatus.NO_CONTENT, responses=_FOUND)
def end(source_id: uuid.UUID, room: rooms.Here, viewer: asking.Person) -> None:
    """It may not publish any more, and what it sends is cut off. What was recorded of it stays."""
    viewer.check(watched.source(source_id))
    with room.database.connection() as connection:
        sources.end(connection, source_id, by=viewer.caller, now=room.clock())
    _cut(room, source_id)


@router.post(
    "/sources/{source_id}/whep",
    status_code=http.HTTPStatus.CREATED,
    response_class=Response,
    responses=signalling.OFFERED,
    openapi_extra=signalling.SDP_BODY,
)
async def watch(source_id: uuid.UUID, request: Request, room: rooms.Here, viewer: asking.Person) -> Response:
    """Watch a drone or telephone (WHEP); 404 `no-such-stream` while it sends nothing."""
    thing, caller = watched.source(source_id), viewer.caller
    offer = await signalling.offered(request, room, f"user:{caller.name}")

    def permitted() -> watching.Ground:
        with room.database.connection() as connection:
            sources.item(connection, source_id)
            viewer.check(thing)
            return watching.ground(connection, caller, thing, None, room.settings.live, room.clock())

    why = await run_in_threadpool(permitted)
    name = sources.stream_of(source_id)
    return await signalling.show(room, offer, name, viewer=caller, watched=thing, why=why)


@router.post(
    "/sources/{source_id}/picture",
    response_class=Response,
    responses=saving.RESPONSES,
)
def save_picture(
    source_id: uuid.UUID, wanted: schemas.SavePicture, request: Request, room: rooms.Here, viewer: asking.Person
) -> Response:
    """Save the picture of the moment. Needs a reason; nothing of it is kept here."""
    signalling.count(request, room, f"user:{viewer.caller.name}")
    with room.database.connection() as connection:
        row = sources.item(connection, source_id)
    of = saving.Saved([sources.stream_of(source_id)], row["name"])
    return saving.save(room, viewer, watched.source(source_id), of, wanted)


@router.post(
    "/sources/{source_id}/whip",
    status_code=http.HTTPStatus.CREATED,
    response_class=Response,
    responses=signalling.OFFERED,
    openapi_extra=signalling.SDP_BODY,
    dependencies=[_BY_TOKEN, asking.shows_nobody("a publisher sends here; it gets no picture")],
)
async def publish(
    source_id: uuid.UUID,
    request: Request,
    room: rooms.Here,
    *,
    authorization: Authorization = "",
    replace: bool = False,
) -> Response:
    """Send a drone's or telephone's picture (WHIP) with `Authorization: Bearer TOKEN`.

    A publisher that is there already and sends is not pushed aside unless `replace=true`; one that fell silent is.
    """
    address = access.address_of(request)
    try:
        await run_in_threadpool(_check_token, room, source_id, authorization)
    except sources.WrongTokenError:  # counted by itself: whoever guesses does not use up what the source itself may
        await run_in_threadpool(signalling.count, request, room, f"door:{address}")
        raise
    offer = await signalling.offered(request, room, f"source:{source_id}")
    name = sources.stream_of(source_id)
    publisher = watching.of_source(source_id, address)
    return await signalling.accept(
        room,
        offer,
        name,
        "whip",
        replace=replace or await run_in_threadpool(_is_silent, offer, name),
        begin=partial(watching.begin_publish, publisher=publisher),
        location=_WHIP_SESSION.format(source_id=source_id),
        whom=str(source_id),
    )


@router.get("/sources/{source_id}/ice", responses=_FOUND, dependencies=[_BY_TOKEN])
def publishers_ice_servers(
    source_id: uuid.UUID, request: Request, room: rooms.Here, *, authorization: Authorization = ""
) -> schemas.IceServers:
    """Servers for the connection of a publisher, which has no account but its token; they end soon."""
    _check_token(room, source_id, authorization)
    signalling.count(request, room, f"source:{source_id}")
    return ice.servers(room.settings.live, str(source_id), room.clock())


@router.patch(
    "/sources/{source_id}/whip/{session_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**_FOUND, **problems.responses(415)},
    openapi_extra=signalling.TRICKLE_BODY,
    dependencies=[_BY_TOKEN],
)
async def trickle(
    source_id: uuid.UUID,
    session_id: uuid.UUID,
    request: Request,
    room: rooms.Here,
    *,
    authorization: Authorization = "",
) -> None:
    """Another ICE candidate of a publisher."""
    await run_in_threadpool(_check_token, room, source_id, authorization)
    await signalling.trickle(request, room, session_id, watching.of_source(source_id))


@router.delete(
    "/sources/{source_id}/whip/{session_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses=_FOUND,
    dependencies=[_BY_TOKEN],
)
def stop_publishing(
    source_id: uuid.UUID, session_id: uuid.UUID, room: rooms.Here, *, authorization: Authorization = ""
) -> None:
    """A publisher sends no more."""
    _check_token(room, source_id, authorization)
    signalling.leave(room, session_id, watching.of_source(source_id))


@router.post(
    "/mediamtx/auth",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses=access.RESPONSES,
    dependencies=[access.public("MediaMTX shows the secret that it shares with the room")],
)
def judge(
    asked: schemas.MediaMtxAsks,
    room: rooms.Here,
    *,
    secret: Annotated[str, Query(max_length=500, description="The room's `live.secret`.")] = "",
) -> None:
    """MediaMTX asks whether somebody may read or publish (its HTTP authentication): 204, or 401."""
    ours = room.settings.live.secret.get_secret_value()
    if not ours or not hmac.compare_digest(secret.encode(), ours.encode()):
        raise problems.NotSignedInError("this is not the secret of live video")
    with room.database.connection() as connection:
        allowed = judging.may(connection, asked, ours, room.clock())
    if not allowed:
        raise problems.NotSignedInError("nobody was sent here for that")


def _check_token(room: rooms.Room, source_id: uuid.UUID, authorization: str) -> None:
    scheme, _, token = authorization.partition(" ")
    with room.database.connection() as connection:
        sources.check_token(connection, source_id, token.strip() if scheme.lower() == "bearer" else "")


def _is_silent(offer: signalling.Offered, name: str) -> bool:
    """Whether a publisher is there that sends nothing any more."""
    state = offer.media.stream(name)
    return state is not None and state.is_published and not state.is_live


def _cut(room: rooms.Room, source_id: uuid.UUID) -> None:
    try:
        opening.open_media(room).cut(sources.stream_of(source_id))
    except (MediaAwayError, NoSuchStreamError):
        return  # nothing flows through a process that is away


def _shown(room: rooms.Room, viewer: asking.Person, row: dict[str, Any], token: str = "") -> dict[str, Any]:
    """`token`: where it is new, so that the whole RTMP address can be shown this once."""
    addresses = _addresses(room, row, token) if row["ended_at"] is None else []
    return {**row, "addresses": addresses, "may_watch": viewer.may(watched.source(row["source_id"]))}


def _addresses(room: rooms.Room, row: dict[str, Any], token: str) -> list[dict[str, str]]:
    settings = room.settings
    found = [{"kind": "whip", "url": f"{settings.http.url}/api/v1/live/sources/{row['source_id']}/whip"}]
    if settings.media.rtmp_listen and settings.live.backend == "builtin":
        host = urlsplit(settings.http.url).hostname or ""
        port = settings.media.rtmp_listen.rpartition(":")[2]
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        found.append({"kind": "rtmp", "url": f"rtmp://{place}/live/{token}"})
    return found
