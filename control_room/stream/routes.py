"""`/api/v1/stream`: changes as server-sent events.

First `snapshot`, or with `Last-Event-ID` what was missed; then `alert`, `camera`, `device` and `position` with the
whole item, as their lists give it, and `heartbeat` every 10 s.
"""

import http
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from control_room import access, problems
from control_room import room as rooms
from control_room.stream import hub as hubs
from control_room.stream import resume, schemas

router = APIRouter(prefix="/api/v1/stream", tags=["stream"])

_RETRY_MS = 1000  # how long a browser waits before it comes back
_GRACE_S = 0.2  # for the last words to a browser that does not read

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `snapshot` (Snapshot), `alert` (AlertItem), `camera` (CameraItem),"
        " `device` (DeviceItem), `position` (LastPositionItem) and `heartbeat` (Heartbeat), each with `data` of one"
        " line of JSON.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
EVENT_MODELS = (schemas.Snapshot, schemas.Heartbeat)
"""For OpenAPI, which cannot say what is inside a stream."""


@router.get("", response_class=Response, responses={**_EVENTS, **access.RESPONSES})
async def stream(
    room: rooms.Here,
    caller: access.Person,
    last_event_id: Annotated[str | None, Query(max_length=40, description="As the header Last-Event-ID.")] = None,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID", max_length=40)] = None,
) -> Response:
    """Changes as they happen. Ends when the session does; a browser that does not keep up is cut off and resumes."""
    subscriber = room.hub.subscribe(caller.session)
    if subscriber is None:
        raise problems.UnavailableError("the live stream cannot begin now")
    kinds = subscriber.kinds = resume.kinds_for(caller.role)
    try:
        missed_from = _number(last_event_id_header or last_event_id)
        beginning = await run_in_threadpool(room.beginnings.begin, kinds, missed_from)
    except BaseException:
        room.hub.unsubscribe(subscriber)
        raise
    subscriber.after = beginning.stream_id
    return EventStream(room.hub, subscriber, beginning)


class EventStream(Response):
    """Sends the beginning, then what the subscriber gets, until either side ends it."""

    media_type = "text/event-stream"

    def __init__(self, hub: hubs.Hub, subscriber: hubs.Subscriber, beginning: resume.Beginning) -> None:
        self._hub = hub
        self._subscriber = subscriber
        self._beginning = beginning
        self.status_code = http.HTTPStatus.OK
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """The response of ASGI."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async with anyio.create_task_group() as tasks:
                for work in (partial(self._pump, send), partial(_until_gone, receive), self._subscriber.ended.wait):
                    tasks.start_soon(_then_stop, work, tasks.cancel_scope)
        finally:
            self._hub.unsubscribe(self._subscriber)
        with anyio.move_on_after(_GRACE_S):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        await _say(send, f"retry: {_RETRY_MS}\n\n".encode() + self._beginning.text)
        while True:
            text = await self._subscriber.next()
            if text:
                await _say(send, text)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _then_stop(work: Callable[[], Awaitable[object]], scope: anyio.CancelScope) -> None:
    await work()
    scope.cancel()


async def _say(send: Callable[[Any], Awaitable[None]], text: bytes) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": True})


def _number(last_event_id: str | None) -> int | None:
    """None for what this room never gave: the browser then gets a snapshot."""
    if last_event_id is None or not last_event_id.isdecimal():
        return None
    number = int(last_event_id)
    return number if number < 2**63 else None
