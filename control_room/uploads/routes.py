"""`/api/v1/uploads`: tus 1.0 with creation and termination. An upload is named by the evidence that it becomes."""

import http
import uuid
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from control_room import access, callers, problems
from control_room import room as rooms
from control_room.evidence import routes as evidence
from control_room.uploads import service
from control_room.uploads.partial import Partial, Uploads

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])

_PIECE_TIMEOUT_S = 300
_TUS = {"Tus-Resumable": service.VERSION}
_PIECE = "application/offset+octet-stream"


def _speaks_tus(request: Request) -> None:
    if request.headers.get("tus-resumable") != service.VERSION:
        raise service.OtherVersionError(headers={"Tus-Version": service.VERSION})


Tus = Annotated[None, Depends(_speaks_tus)]


@router.options("", status_code=http.HTTPStatus.NO_CONTENT, responses=access.RESPONSES)
def able(_caller: access.Device) -> Response:
    """What of tus is spoken here."""
    headers = {
        "Tus-Version": service.VERSION,
        "Tus-Extension": "creation,termination",
        "Tus-Max-Size": str(service.LIMIT_BYTES),
    }
    return Response(status_code=http.HTTPStatus.NO_CONTENT, headers=_TUS | headers)


@router.post(
    "",
    status_code=http.HTTPStatus.CREATED,
    responses={**access.RESPONSES, **problems.responses(404, 412, 413, 507)},
)
def begin(request: Request, room: rooms.Here, caller: access.Device, _tus: Tus) -> Response:
    """Begin to send a file that was announced, or go on: `Upload-Offset` says how much of it is there.

    `Upload-Metadata` has `evidence_id`, `Upload-Length` the size that was announced.
    """
    evidence_id = service.evidence_id_of(request.headers.get("upload-metadata", ""))
    size_bytes = service.length_of(request.headers.get("upload-length", ""))
    with room.database.connection() as connection:
        offset = service.begin(connection, room.store, evidence_id, caller, size_bytes)
    headers = {"Location": f"{router.prefix}/{evidence_id}", "Upload-Offset": str(offset)}
    return Response(status_code=http.HTTPStatus.CREATED, headers=_TUS | headers)


@router.head("/{evidence_id}", responses={**access.RESPONSES, **problems.responses(404, 412)})
def progress(evidence_id: uuid.UUID, room: rooms.Here, caller: access.Device, _tus: Tus) -> Response:
    """How much is there."""
    with room.database.connection() as connection:
        found = service.progress(connection, room.store, evidence_id, caller)
    headers = {"Upload-Offset": str(found.offset), "Upload-Length": str(found.length), "Cache-Control": "no-store"}
    return Response(headers=_TUS | headers)


def _place(
    evidence_id: uuid.UUID, request: Request, room: rooms.Here, caller: access.Device, _tus: Tus
) -> service.Progress:
    """How far the upload is to which a piece comes."""
    if request.headers.get("content-type") != _PIECE:
        raise service.OtherTypeError
    with room.database.connection() as connection:
        return service.progress(connection, room.store, evidence_id, caller)


async def _grown(
    evidence_id: uuid.UUID, request: Request, room: rooms.Here, place: Annotated[service.Progress, Depends(_place)]
) -> AsyncIterator[Partial | None]:
    """The upload with the request's piece; what came of a torn piece stays. None: the whole was kept before."""
    offset = request.headers.get("upload-offset", "")
    if not offset.isascii() or not offset.isdecimal():
        raise service.WrongUploadError("Upload-Offset: a number of bytes is expected")
    if place.is_kept:
        yield None
        return
    partial = await run_in_threadpool(service.open_at, room.store, evidence_id, int(offset))
    with partial:
        try:
            with anyio.fail_after(_PIECE_TIMEOUT_S):
                async for chunk in request.stream():
                    if partial.size_bytes + len(chunk) > place.length:
                        raise service.TooLongError
                    await run_in_threadpool(partial.write, chunk)
                await run_in_threadpool(partial.sync)
        except TimeoutError:
            raise evidence.SlowUploadError from None
        yield partial


@router.patch(
    "/{evidence_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404, 408, 409, 412, 413, 415, 423, 507)},
    openapi_extra={"requestBody": {"required": True, "content": {_PIECE: {}}}},
)
def add(
    evidence_id: uuid.UUID,
    place: Annotated[service.Progress, Depends(_place)],
    partial: Annotated[Partial | None, Depends(_grown)],
    room: rooms.Here,
    caller: access.Device,
) -> Response:
    """The next piece, 16 MiB at most, at `Upload-Offset`. With the last one the file must be as it was announced."""
    offset = place.length if partial is None else partial.size_bytes
    if partial is not None and offset == place.length:
        _finish(room, partial, evidence_id, caller)
    headers = _TUS | {"Upload-Offset": str(offset)}
    return Response(status_code=http.HTTPStatus.NO_CONTENT, headers=headers)


def _finish(room: rooms.Room, partial: Partial, evidence_id: uuid.UUID, caller: callers.Caller) -> None:
    with room.database.connection() as connection:
        service.finish(connection, partial, evidence_id, caller, room.clock())


@router.delete(
    "/{evidence_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404, 412)},
)
def end(evidence_id: uuid.UUID, room: rooms.Here, caller: access.Device, _tus: Tus) -> Response:
    """Give it up: what came is thrown away. A file that came in whole stays."""
    with room.database.connection() as connection:
        service.progress(connection, room.store, evidence_id, caller)
    Uploads(room.store).remove(evidence_id)
    return Response(status_code=http.HTTPStatus.NO_CONTENT, headers=_TUS)
