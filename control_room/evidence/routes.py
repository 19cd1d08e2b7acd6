"""`/api/v1/evidence/{evidence_id}`: devices put files, people open them."""

import http
import uuid
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from control_room import access, fields, problems
from control_room import room as rooms
from control_room.evidence import marking, schemas, service, showing
from control_room.store import download as downloads
from control_room.store.staging import Incoming
from control_room.viewing import asking

router = APIRouter(prefix="/api/v1/evidence", tags=["evidence"])

_UPLOAD_TIMEOUT_S = 300
_WRITE_BYTES = 1024 * 1024
_SHOWN = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4", "video/webm": "webm"}
"""What a browser may show in the page; anything else is only handed out, as bytes."""


class SlowUploadError(problems.ProblemError):
    """The file did not come in whole within 5 minutes; nothing was kept."""

    status = http.HTTPStatus.REQUEST_TIMEOUT


def _expected(evidence_id: uuid.UUID, request: Request, room: rooms.Here, caller: access.Device) -> None:
    length = request.headers.get("content-length", "")
    with room.database.connection() as connection:
        service.expect(connection, evidence_id, caller, int(length) if length.isdecimal() else None)


async def _incoming(
    request: Request, room: rooms.Here, _expected: Annotated[None, Depends(_expected)]
) -> AsyncIterator[Incoming]:
    """The body, written to the store's disk while it arrives; gone afterwards unless the route kept it."""
    with Incoming(room.store) as incoming:
        try:
            with anyio.fail_after(_UPLOAD_TIMEOUT_S):
                chunks = bytearray()
                async for chunk in request.stream():
                    chunks += chunk
                    if len(chunks) >= _WRITE_BYTES:
                        await run_in_threadpool(incoming.write, bytes(chunks))
                        chunks.clear()
                await run_in_threadpool(incoming.write, bytes(chunks))
        except TimeoutError:
            raise SlowUploadError from None
        yield incoming


@router.put(
    "/{evidence_id}",
    status_code=http.HTTPStatus.CREATED,
    responses={
        **access.RESPONSES,
        **problems.responses(408, 409, 413, 429, 507),
        200: {"model": schemas.ReceiptItem, "description": "The same file was there already."},
    },
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
def put(
    evidence_id: uuid.UUID,
    incoming: Annotated[Incoming, Depends(_incoming)],
    room: rooms.Here,
    caller: access.Device,
    response: Response,
) -> schemas.ReceiptItem:
    """A whole file, 16 MiB at most. Its size and SHA-256 must be those that an event's message of the device named.

    It may come before that message; then it waits unseen. The same file again is answered 200.
    """
    with room.database.connection() as connection:
        receipt = service.receive(connection, evidence_id, incoming, caller, room.clock())
    if not receipt.is_new:
        response.status_code = http.HTTPStatus.OK
    return schemas.ReceiptItem(
        evidence_id=evidence_id, sha256=incoming.sha256, bytes=incoming.size_bytes, announced=receipt.announced
    )


@router.get(
    "/{evidence_id}",
    response_class=StreamingResponse,
    responses={
        **access.RESPONSES,
        **problems.responses(404, 410, 416),
        200: {"description": "The file.", "content": {media_type: {} for media_type in _SHOWN}},
        206: {"description": "A range of its bytes."},
        304: {"description": "The caller has it already."},
    },
)
def get(
    evidence_id: uuid.UUID,
    request: Request,
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    reason: Annotated[fields.Line | None, Query(description="Why, where the alert is closed; lasts 15 min.")] = None,
    download: Annotated[bool, Query(description="As a file to keep, not to show in the page.")] = False,
) -> Response:
    """The file, whole or a range. Who opened it and why is in the audit before the first byte leaves."""
    with room.database.connection() as connection:
        stored = showing.show(
            connection, room.store, evidence_id, by=viewer, reason=reason, download=download, now=room.clock()
        )
    extension = _SHOWN.get(stored.media_type)
    return downloads.answer(
        request,
        room.store,
        stored.sha256,
        stored.bytes,
        media_type=stored.media_type if extension else "application/octet-stream",
        name=f"{stored.kind}-{evidence_id}.{extension or 'bin'}",
        shown=bool(extension) and not download,
    )


@router.get(
    "/{evidence_id}/marked",
    response_class=Response,
    responses={
        **access.RESPONSES,
        **problems.responses(404, 410, 429),
        200: {"description": "The marked copy.", "content": {"video/mp4": {}, "image/jpeg": {}}},
    },
)
def marked(
    evidence_id: uuid.UUID,
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    reason: Annotated[fields.Line | None, Query(description="Why, where the alert is closed; lasts 15 min.")] = None,
) -> Response:
    """A copy of a clip or picture to keep, with user, camera and time burned in. The original stays as it came."""
    now = room.clock()
    with room.database.connection() as connection:
        stored = showing.show(connection, room.store, evidence_id, by=viewer, reason=reason, download=True, now=now)
    content = marking.copy(room, stored, viewer, now)
    name = f"{stored.kind}-{evidence_id}-marked.{marking.TYPES[stored.media_type]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, http.HTTPStatus.OK, headers, stored.media_type)


@router.post(
    "/{evidence_id}/keep",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404)},
)
def keep(evidence_id: uuid.UUID, wanted: schemas.Keep, room: rooms.Here, caller: access.Operator) -> None:
    """Keep a copy that was fetched to be looked at, which else is erased after a day."""
    with room.database.connection() as connection:
        service.keep(connection, evidence_id, by=caller, reason=wanted.reason, now=room.clock())
