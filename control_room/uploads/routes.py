"""`/api/v1/uploads`: tus 1.0 for devices and people. A device's upload is named by the evidence that it becomes."""

import http
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import anyio
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from control_room import access, problems
from control_room import room as rooms
from control_room.callers import Caller
from control_room.evidence import routes as evidence
from control_room.uploads import finishing, protocol, schemas, service
from control_room.uploads.limits import PIECE_IDLE_S, Limits
from control_room.uploads.partial import Partial

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])

_WRITE_BYTES = 1024 * 1024
_PIECE_BODY: dict[str, object] = {"requestBody": {"content": {protocol.PIECE: {}}}}


class OtherTypeError(problems.ProblemError):
    """A piece is `application/offset+octet-stream`."""

    status = http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class _Piece:
    """A piece that has come whole, or an answer to a request without one."""

    def __init__(self, upload: service.Upload, partial: Partial | None, offset: int) -> None:
        self.upload = upload
        self.partial = partial
        self.offset = offset


@router.options("", status_code=http.HTTPStatus.NO_CONTENT, responses=access.RESPONSES)
def able(room: rooms.Here, _caller: access.Uploader) -> Response:
    """What of tus is spoken here."""
    headers = {
        "Tus-Version": protocol.VERSION,
        "Tus-Extension": protocol.EXTENSIONS,
        "Tus-Max-Size": str(service.limit_bytes(room.settings.uploads)),
        "Tus-Checksum-Algorithm": ",".join(protocol.ALGORITHMS),
    }
    return Response(status_code=http.HTTPStatus.NO_CONTENT, headers=headers)


def _begun(request: Request, room: rooms.Here, caller: access.Uploader) -> service.Upload:
    protocol.check_version(request.headers.get("tus-resumable"))
    _limits(request).begin(caller, room.clock())
    headers = request.headers
    if "upload-defer-length" in headers:
        raise protocol.WrongUploadError("Upload-Defer-Length: the length must be known; send Upload-Length")
    concat = protocol.concat_of(headers.get("upload-concat", ""), router.prefix)
    metadata = headers.get("upload-metadata", "")
    if concat.kind == "final":
        return _joined(room, caller, concat, metadata, headers.get("upload-length"))
    length = protocol.number_of(headers.get("upload-length"), "Upload-Length")
    if _has_body(request):
        _check_piece(request, 0, length)
    with room.database.connection() as connection:
        return service.begin(room, connection, caller, concat, length=length, metadata=metadata)


def _joined(
    room: rooms.Room, caller: Caller, concat: protocol.Concat, metadata: str, length: str | None
) -> service.Upload:
    if length is not None:
        raise protocol.WrongUploadError("Upload-Length: a final upload is as long as its parts")
    with room.database.connection() as connection:
        parts = finishing.parts_of(room, connection, concat, caller)
        total = sum(part.length_bytes for part in parts)
        upload = service.begin(room, connection, caller, concat, length=total, metadata=metadata)
    if not upload.is_kept:
        finishing.join(room, upload, parts, caller)
    with room.database.connection() as connection:
        return service.find(connection, upload.upload_id, caller)


async def _begun_with(
    request: Request, room: rooms.Here, caller: access.Uploader, upload: Annotated[service.Upload, Depends(_begun)]
) -> AsyncIterator[_Piece]:
    """The new upload with what the same request brings."""
    if not _has_body(request) or upload.is_kept:
        yield _Piece(upload, None, await run_in_threadpool(service.offset, room, upload))
        return
    async with _grown(request, room, caller, upload, 0) as partial:
        yield _Piece(upload, partial, partial.size_bytes)


@router.post(
    "",
    status_code=http.HTTPStatus.CREATED,
    responses={**access.RESPONSES, **problems.responses(400, 404, 408, 409, 412, 413, 415, 423, 429, 507)},
    openapi_extra=_PIECE_BODY,
)
def begin(
    piece: Annotated[_Piece, Depends(_begun_with)], room: rooms.Here, caller: access.Uploader, request: Request
) -> Response:
    """Begin to send a file, with or without its first piece, or go on: `Upload-Offset` says how much of it is there.

    A device names the announced `evidence_id` in `Upload-Metadata`; a person may give `filename`, `filetype`, `sha256`.
    `Upload-Concat` makes it a part of a file, or joins such parts.
    """
    answer = _went_on(request, room, piece, caller)
    answer.status_code = http.HTTPStatus.CREATED
    answer.headers["Location"] = f"{router.prefix}/{piece.upload.upload_id}"
    return answer


@router.head("/{upload_id}", responses={**access.RESPONSES, **problems.responses(404, 412, 423)})
def progress(upload_id: uuid.UUID, room: rooms.Here, caller: access.Uploader, request: Request) -> Response:
    """How much is there."""
    protocol.check_version(request.headers.get("tus-resumable"))
    with room.database.connection() as connection:
        upload = service.find(connection, upload_id, caller)
    upload = finishing.finish_if_whole(room, upload, caller)
    headers = {"Upload-Length": str(upload.length_bytes), "Cache-Control": "no-store"}
    if upload.is_kept or upload.kind != "final":
        headers["Upload-Offset"] = str(service.offset(room, upload))
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    if upload.concat:
        headers["Upload-Concat"] = upload.concat
    if not upload.is_kept:
        headers["Upload-Expires"] = protocol.expires(upload.expires_at)
    return Response(headers=headers)


@router.get("/{upload_id}", responses={**access.RESPONSES, **problems.responses(404)})
def get(upload_id: uuid.UUID, room: rooms.Here, caller: access.Uploader) -> schemas.UploadItem:
    """How far it is, and, of a person's file that is here, what it was found to be."""
    with room.database.connection() as connection:
        upload = service.find(connection, upload_id, caller)
    return schemas.UploadItem.model_validate(
        {
            "upload_id": upload.upload_id,
            "kind": upload.kind,
            "state": "finished" if upload.is_kept else "coming",
            "name": upload.name,
            "offset": service.offset(room, upload),
            "length": upload.length_bytes,
            "sha256": upload.sha256,
            "found": upload.probe,
            "expires_at": upload.expires_at,
        }
    )


def _place(upload_id: uuid.UUID, request: Request, room: rooms.Here, caller: access.Uploader) -> service.Upload:
    """The upload to which a piece comes."""
    protocol.check_version(request.headers.get("tus-resumable"))
    if not _has_type(request):
        raise OtherTypeError
    at = protocol.number_of(request.headers.get("upload-offset"), "Upload-Offset")
    with room.database.connection() as connection:
        upload = service.find(connection, upload_id, caller)
    if upload.kind == "final":
        raise service.FinalError
    if upload.is_kept and at != upload.length_bytes:
        raise service.OtherOffsetError(headers={"Upload-Offset": str(upload.length_bytes)})
    here = service.offset(room, upload)
    if at != here:
        raise service.OtherOffsetError(headers={"Upload-Offset": str(here)})
    _check_piece(request, at, upload.length_bytes)
    return upload


async def _added(
    request: Request, room: rooms.Here, caller: access.Uploader, upload: Annotated[service.Upload, Depends(_place)]
) -> AsyncIterator[_Piece]:
    if upload.is_kept:
        yield _Piece(upload, None, upload.length_bytes)
        return
    at = protocol.number_of(request.headers.get("upload-offset"), "Upload-Offset")
    async with _grown(request, room, caller, upload, at) as partial:
        yield _Piece(upload, partial, partial.size_bytes)


@router.patch(
    "/{upload_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(400, 404, 408, 409, 412, 413, 415, 423, 429, 507)},
    openapi_extra=_PIECE_BODY,
)
def add(
    upload_id: uuid.UUID,  # noqa: ARG001 - what `_place` finds; here for the page that describes the route
    piece: Annotated[_Piece, Depends(_added)],
    room: rooms.Here,
    caller: access.Uploader,
    request: Request,
) -> Response:
    """The next piece at `Upload-Offset`. With the last one the file must be as it was announced, and of a kind taken.

    `Upload-Checksum` proves the piece: one that differs is answered 460, and nothing of it stays.
    """
    return _went_on(request, room, piece, caller)


@router.delete(
    "/{upload_id}",
    status_code=http.HTTPStatus.NO_CONTENT,
    responses={**access.RESPONSES, **problems.responses(404, 412, 423)},
)
def end(upload_id: uuid.UUID, room: rooms.Here, caller: access.Uploader, request: Request) -> Response:
    """Give it up: what came is thrown away. Evidence that came in whole stays."""
    protocol.check_version(request.headers.get("tus-resumable"))
    with room.database.connection() as connection:
        upload = service.find(connection, upload_id, caller)
    service.end(room, upload, caller)
    return Response(status_code=http.HTTPStatus.NO_CONTENT)


@asynccontextmanager
async def _grown(
    request: Request, room: rooms.Room, caller: Caller, upload: service.Upload, at: int
) -> AsyncIterator[Partial]:
    """The upload with the request's piece; what came of a torn piece stays, unless a checksum was to prove it."""
    said = request.headers.get("upload-checksum")
    checksum = None if said is None else protocol.Checksum(said)
    with _limits(request).one_piece(caller):
        partial = await run_in_threadpool(service.open_at, room, upload, at)
        with partial:
            if checksum is not None:
                await run_in_threadpool(partial.mark)
            try:
                await _receive(request, partial, upload.length_bytes, checksum)
            except (service.TooLongError, protocol.MismatchError):
                await run_in_threadpool(partial.give_back)
                raise
            except BaseException:
                if checksum is not None:
                    with anyio.CancelScope(shield=True):
                        await run_in_threadpool(partial.give_back)
                raise
            yield partial


async def _receive(request: Request, partial: Partial, length: int, checksum: protocol.Checksum | None) -> None:
    chunks = bytearray()
    body = aiter(request.stream())
    try:
        while True:
            with anyio.fail_after(PIECE_IDLE_S):
                chunk = await anext(body, None)
            if chunk is None:
                break
            if partial.size_bytes + len(chunks) + len(chunk) > length:
                raise service.TooLongError
            chunks += chunk
            if checksum is not None:
                checksum.update(chunk)
            if len(chunks) >= _WRITE_BYTES:
                await run_in_threadpool(partial.write, bytes(chunks))
                chunks.clear()
    except (TimeoutError, ClientDisconnect) as error:
        await run_in_threadpool(partial.write, bytes(chunks))
        if isinstance(error, TimeoutError):
            raise evidence.SlowUploadError from None
        raise
    if checksum is not None and not checksum.holds():
        raise protocol.MismatchError
    await run_in_threadpool(partial.write, bytes(chunks))
    await run_in_threadpool(partial.sync)


def _went_on(request: Request, room: rooms.Room, piece: _Piece, caller: Caller) -> Response:
    upload = piece.upload
    headers = {"Upload-Offset": str(piece.offset)}
    if piece.partial is not None and piece.offset == upload.length_bytes:
        finishing.finish(room, upload, piece.partial, caller)
    elif not upload.is_kept:
        expires_at = upload.expires_at if request.method == "POST" and piece.partial is None else None
        headers["Upload-Expires"] = protocol.expires(expires_at or service.go_on(room, upload))
    return Response(status_code=http.HTTPStatus.NO_CONTENT, headers=headers)


def _check_piece(request: Request, at: int, length: int) -> None:
    """Before the first byte is read.

    Raises:
        OtherTypeError, TooLongError, WrongChecksumError: as they say.
    """
    if not _has_type(request):
        raise OtherTypeError
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and at + int(announced) > length:
        raise service.TooLongError
    said = request.headers.get("upload-checksum")
    if said is not None:
        protocol.Checksum(said)


def _has_type(request: Request) -> bool:
    return request.headers.get("content-type") == protocol.PIECE


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _limits(request: Request) -> Limits:
    found: Limits = request.app.state.upload_limits
    return found
