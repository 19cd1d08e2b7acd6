"""An offer of a browser or a publisher, from the request to the answered session; media passes elsewhere."""

from __future__ import annotations

import contextlib
import hashlib
import http
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from control_room import access, problems
from control_room.attempts import service as attempts
from control_room.live import ice, media, opening, watching

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from fastapi import Request

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.live.watching import Ground
    from control_room.room import Room
    from control_room.uploads.attempts import Attempts
    from control_room.viewing.watched import Watched

_OFFER_MAX_BYTES = 64 * 1024
_MEDIA_MOST = 16
_MINUTE = timedelta(minutes=1)
_VIDEO = re.compile(rb"^m=video \d{1,5} [A-Za-z/]{3,40} \d", re.MULTILINE)
SDP_BODY = {"requestBody": {"required": True, "content": {media.SDP: {"schema": {"type": "string"}}}}}
TRICKLE_BODY = {"requestBody": {"required": True, "content": {media.TRICKLE: {"schema": {"type": "string"}}}}}
SESSION = "/api/v1/live/sessions/{session_id}"
OFFERED: dict[int | str, dict[str, Any]] = {
    **access.RESPONSES,
    **problems.responses(400, 404, 406, 409, 415, 429, 504),
    201: {
        "description": "The answer; its Location is the session, for PATCH and DELETE.",
        "content": {media.SDP: {"schema": {"type": "string"}}},
        "headers": {
            "Location": {"schema": {"type": "string"}},
            "Link": {"schema": {"type": "string"}, "description": "Each ICE server, rel=ice-server."},
        },
    },
}


class NotSdpError(problems.ProblemError):
    """An offer is application/sdp, a candidate application/trickle-ice-sdpfrag."""

    status = http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    name = "not-sdp"


class MalformedSdpError(problems.ProblemError):
    """This is no session description that offers video."""

    status = http.HTTPStatus.BAD_REQUEST
    name = "malformed-sdp"


@dataclass(frozen=True, slots=True)
class Offered:
    """What came in, read and counted."""

    sdp: bytes
    media: media.Media
    by: str
    """By which the media process tells one caller from another; it names nobody."""


class Begin(Protocol):
    """Writes a session down; `media_session` is its name at the media process."""

    def __call__(self, connection: pool.Connection, *, stream: str, media_session: str, now: datetime) -> uuid.UUID: ...


def count(request: Request, room: Room, key: str) -> None:
    """Count an offer of one person, device or source, by whichever serving process; raises `TooManyRequestsError`.

    What is too much for this process alone is refused without asking the database.
    """
    now, most = room.clock(), room.settings.live.offers_a_minute
    here: Attempts = request.app.state.live_offers
    wait_s = here.take(key, now)
    if not wait_s:
        with room.database.connection() as connection:
            wait_s = attempts.take(connection, "live_offer", key, most, now, window=_MINUTE)
    if wait_s:
        raise problems.TooManyRequestsError(
            f"at most {most} live pictures may be asked for in a minute", retry_after_s=wait_s
        )


async def body(request: Request, media_type: str = media.SDP) -> bytes:
    """Of an offer or a candidate.

    Raises:
        NotSdpError, MalformedSdpError: another kind of body, or plainly none of that kind.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise NotSdpError(f"Content-Type must be {media_type}")
    content = await request.body()
    if len(content) > _OFFER_MAX_BYTES or (media_type == media.SDP and not _looks_like_offer(content)):
        raise MalformedSdpError
    return content


def _looks_like_offer(content: bytes) -> bool:
    """Enough to ask a device to send for it; the media process reads the rest."""
    media_lines = content.count(b"\nm=")
    has_keys = b"\na=ice-ufrag:" in content and b"\na=fingerprint:" in content
    is_video = _VIDEO.search(content) is not None
    return (
        content.startswith(b"v=0") and is_video and has_keys and media_lines <= _MEDIA_MOST and b"\x00" not in content
    )


async def offered(request: Request, room: Room, key: str) -> Offered:
    """Raises also what `count`, `body` and `opening.open_media` raise."""
    await run_in_threadpool(count, request, room, key)
    by = hashlib.sha256(key.encode()).hexdigest()[:16]
    return Offered(await body(request), opening.open_media(room), by)


async def accept(
    room: Room,
    offer: Offered,
    stream: str,
    kind: media.Kind,
    *,
    replace: bool = False,
    begin: Begin,
    location: str,
    whom: str,
) -> Response:
    """Have the offer answered and write the session down by `begin`.

    Raises:
        NoSuchStreamError, RefusedError, MediaAwayError: what the media process says.
    """

    def both() -> Response:
        accepted = offer.media.offer(stream, kind, offer.sdp, by=offer.by, replace=replace)
        try:
            with room.database.connection() as connection:
                session_id = begin(connection, stream=stream, media_session=accepted.session, now=room.clock())
        except BaseException:
            offer.media.end(accepted.session)  # nobody watches what is not written down
            raise
        answer = Response(accepted.sdp, http.HTTPStatus.CREATED, media_type=media.SDP)
        answer.headers["Location"] = location.format(session_id=session_id)
        for link in ice.links(ice.servers(room.settings.live, whom, room.clock())):
            answer.headers.append("Link", link)
        return answer

    return await run_in_threadpool(both)


async def show(room: Room, offer: Offered, stream: str, *, viewer: Caller, watched: Watched, why: Ground) -> Response:
    """Have a viewer's offer answered; raises what `accept` raises."""
    begin = partial(watching.begin_view, viewer=viewer, watched=watched, why=why)
    return await accept(room, offer, stream, "whep", begin=begin, location=SESSION, whom=viewer.name)


async def trickle(request: Request, room: Room, session_id: uuid.UUID, caller: Caller) -> None:
    """Raises `NoSuchLiveSessionError` where it is not this caller's."""
    fragment = await body(request, media.TRICKLE)

    def forward() -> None:
        with room.database.connection() as connection:
            session = watching.own(connection, session_id, caller)
        opening.open_media(room).trickle(session["media_session"], fragment)

    await run_in_threadpool(forward)


def leave(room: Room, session_id: uuid.UUID, caller: Caller) -> None:
    """End one's own session; raises `NoSuchLiveSessionError`."""
    with room.database.connection() as connection:
        session = watching.own(connection, session_id, caller)
        watching.end(connection, session_id, caller, "left", room.clock())
    with contextlib.suppress(media.MediaAwayError):
        opening.open_media(room).end(session["media_session"])
