"""The media process's own HTTP interface, for the room's processes on this machine: signalling, and what is there.

Not the public one: who may watch and publish what, and the audit, are the room's (`control_room/live`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from control_room.media import fairness, figures, hub, offers, peers, pictures, spans

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from control_room.media.session import Session
    from control_room.media.streams import Stream

_OFFERED_BY_CHARACTERS_MAX = 64
SDP, FRAGMENT, PROBLEM = "application/sdp", "application/trickle-ice-sdpfrag", "application/problem+json"
_NAME_CHARACTERS_MAX = 300
_SPAN_S_DEFAULT = 30.0

_STATUSES: Mapping[type[Exception], tuple[int, str]] = {
    hub.NoSuchStreamError: (404, "no-such-stream"),
    hub.NoSuchSessionError: (404, "no-such-session"),
    hub.AlreadyPublishedError: (409, "already-published"),
    hub.FullError: (503, "full"),
    hub.TooManyOffersError: (429, "too-many-offers"),
    hub.TooManyWatchedError: (429, "too-many-watched"),
    offers.OfferError: (400, "malformed-sdp"),
    offers.NoCodecError: (406, "no-usable-codec"),
    peers.RefusedError: (400, "malformed-sdp"),
    pictures.NoPictureError: (404, "no-picture"),
    spans.NothingHeldError: (404, "nothing-held"),
}
_TITLES = {
    "no-such-stream": "Nobody publishes this",
    "no-such-session": "There is no such session",
    "already-published": "Somebody publishes this already",
    "full": "One more viewer would spoil it for the others",
    "too-many-offers": "Too many offers",
    "too-many-watched": "As many as one may watch",
    "malformed-sdp": "The offer cannot be read",
    "no-usable-codec": "No codec in common",
    "no-picture": "There is no picture",
    "nothing-held": "Nothing of that time is held",
}
_AGAIN_AFTER_S = {"full": 10, "too-many-offers": 1, "too-many-watched": 10}


def problem(status: int, name: str, detail: str) -> Response:
    """RFC 9457."""
    document = {"type": "about:blank", "title": detail or name, "status": status, "detail": detail}
    if name:
        document |= {"type": f"urn:talaia:problem:{name}", "title": _TITLES.get(name, name)}
    headers = {"Retry-After": str(_AGAIN_AFTER_S[name])} if name in _AGAIN_AFTER_S else {}
    return Response(json.dumps(document), status, headers, PROBLEM)


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, media_type="application/json")


def make_app(media: hub.Hub, secret: str, more: Sequence[Route] = ()) -> ASGIApp:
    """For who knows the secret."""
    api = _Api(media)
    routes = [
        Route("/healthz", api.healthz),
        Route("/metrics", api.metrics),
        *more,
        Route("/streams", api.streams),
        Route("/streams/{stream:path}/span.mp4", api.span),
        Route("/streams/{stream:path}/picture.jpg", api.picture),
        Route("/streams/{stream:path}", api.stream, methods=["GET", "DELETE"]),
        Route("/sessions", api.sessions),
        Route("/sessions/{session_id}", api.session, methods=["GET", "PATCH", "DELETE"]),
        Route("/{stream:path}/whip", api.whip, methods=["POST"]),
        Route("/{stream:path}/whep", api.whep, methods=["POST"]),
    ]
    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = dict.fromkeys(_STATUSES, _known)
    handlers[HTTPException] = _http
    handlers[ClientDisconnect] = _gone
    handlers[OSError] = _machine
    return _Secret(Starlette(routes=routes, exception_handlers=handlers), secret)


async def _known(_request: Request, error: Exception) -> Response:
    status, name = _STATUSES[type(error)]
    return problem(status, name, str(error))


async def _http(_request: Request, error: HTTPException) -> Response:
    return problem(error.status_code, "", error.detail)


async def _gone(_request: Request, _error: Exception) -> Response:
    return problem(400, "", "the request ended before it was whole")


async def _machine(_request: Request, error: OSError) -> Response:
    return problem(503, "full", f"the machine has no more to give: {error.strerror}")


class _Secret:
    """Answers nobody else, but that it is there."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app, self._expected = app, f"Bearer {secret}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/healthz":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                await problem(401, "not-signed-in", "Authorization: Bearer with the secret of live.secret_file")(
                    scope, receive, send
                )
                return
        await self._app(scope, receive, send)


class _Api:
    def __init__(self, media: hub.Hub) -> None:
        self._hub = media
        self._pictures = pictures.Pictures(media.clock)
        self._cutting = asyncio.Lock()
        """One film at a time: each is held in memory until it is whole, and live pictures come first."""

    async def healthz(self, _request: Request) -> Response:
        return _json({"status": "ok"})

    async def metrics(self, _request: Request) -> Response:
        return Response(figures.metrics(self._hub), media_type=figures.METRICS_TYPE)

    async def streams(self, _request: Request) -> Response:
        return _json([figures.of_stream(self._hub, stream) for stream in self._hub.streams.values()])

    async def stream(self, request: Request) -> Response:
        if request.method == "DELETE":
            await self._hub.cut_off(_name(request))
            return Response(status_code=204)
        return _json(figures.of_stream(self._hub, self._stream(request)))

    def _stream(self, request: Request) -> Stream:
        name = _name(request)
        found = self._hub.streams.get(name)
        if found is None:
            raise hub.NoSuchStreamError(f"there is no stream {name}")
        return found

    async def sessions(self, _request: Request) -> Response:
        return _json([figures.of_session(self._hub, session) for session in self._hub.sessions.values()])

    async def session(self, request: Request) -> Response:
        session = self._hub.session(request.path_params["session_id"])
        if request.method == "DELETE":
            await self._hub.end(session.session_id, "it was told to")
            return Response(status_code=204)
        if request.method == "GET":
            return _json(figures.of_session(self._hub, session))
        fragment = (await _body(request, FRAGMENT)).decode("ascii", "replace")
        found = [line.strip().removeprefix("a=candidate:") for line in fragment.splitlines()]
        marked = [line for line, whole in zip(found, fragment.splitlines(), strict=True) if "a=candidate:" in whole]
        await session.peer.add_candidates(marked)
        return Response(status_code=204)

    async def whip(self, request: Request) -> Response:
        replace = request.query_params.get("replace", "") in {"true", "1"}
        name, offer = _name(request), await _body(request, SDP)
        session, answer = await self._hub.publish(name, offer, replace=replace, by=_by(request))
        return _created(session, answer)

    async def whep(self, request: Request) -> Response:
        session, answer = await self._hub.watch(_name(request), await _body(request, SDP), by=_by(request))
        return _created(session, answer)

    async def span(self, request: Request) -> Response:
        stream = self._stream(request)
        begin, end = _span(request, self._hub.clock.now())
        async with self._cutting:
            frames = stream.ring.between(begin, end)
            content = await asyncio.to_thread(spans.mp4, frames)
        headers = {
            "X-Span-From": frames[0].arrived_at.isoformat(),
            "X-Span-To": frames[-1].arrived_at.isoformat(),
            "X-Span-Frames": str(len(frames)),
        }
        return Response(content, headers=headers, media_type=spans.MEDIA_TYPE)

    async def picture(self, request: Request) -> Response:
        self._pictures.forget_all_but(set(self._hub.streams.values()))
        still = await self._pictures.of(self._stream(request))
        return Response(still.content, headers={"X-Taken-At": still.taken_at.isoformat()}, media_type="image/jpeg")


def _created(session: Session, answer: str) -> Response:
    return Response(answer, 201, {"Location": f"/sessions/{session.session_id}"}, SDP)


def _by(request: Request) -> str:
    return request.headers.get(fairness.OFFERED_BY, "")[:_OFFERED_BY_CHARACTERS_MAX]


def _name(request: Request) -> str:
    """Of the stream: camera/DEVICE/CAMERA, source/SOURCE, or with what more the room puts behind."""
    name: str = request.path_params["stream"]
    parts = name.split("/")
    is_sound = parts[0] in {"camera", "source"} and 2 <= len(parts) <= 4 and all(parts)  # noqa: PLR2004 - as above
    if not is_sound or len(name) > _NAME_CHARACTERS_MAX or not name.isprintable():
        raise HTTPException(404, "streams are camera/DEVICE/CAMERA and source/SOURCE")
    return name


async def _body(request: Request, media_type: str) -> bytes:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise HTTPException(415, f"the body must be {media_type}")
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > offers.OFFER_BYTES_MAX:
            raise HTTPException(413, f"more than {offers.OFFER_BYTES_MAX} bytes")
    return content


def _span(request: Request, now: datetime) -> tuple[datetime, datetime]:
    query = request.query_params
    begin = end = now
    with contextlib.suppress(ValueError, OverflowError):
        if "from" in query:
            begin = datetime.fromisoformat(query["from"])
            end = datetime.fromisoformat(query["to"]) if "to" in query else now
        else:
            begin = now - timedelta(seconds=float(query.get("seconds", _SPAN_S_DEFAULT)))
    if begin.tzinfo is None or end.tzinfo is None or end <= begin:
        raise HTTPException(422, "?seconds= above 0, or ?from= and ?to= with their zones, from before to")
    return begin.astimezone(UTC), end.astimezone(UTC)
