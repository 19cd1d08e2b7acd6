"""Takes large files of devices piece by piece, and puts the whole into the evidence store."""

from __future__ import annotations

import base64
import binascii
import http
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from control_room import problems
from control_room.evidence import service as evidence
from control_room.uploads.partial import Partial, Uploads

if TYPE_CHECKING:
    from datetime import datetime

    from control_room import callers
    from control_room.database import pool
    from control_room.store.content import Store

VERSION = "1.0.0"
LIMIT_BYTES = 4 * 1024**3
PIECE_BYTES = 16 * 1024 * 1024
"""Of one PATCH."""
KEPT_S = 7 * 24 * 3600.0
"""How long an upload waits for its next piece."""


class OtherVersionError(problems.ProblemError):
    """This room speaks tus 1.0.0; say so in `Tus-Resumable`."""

    status = http.HTTPStatus.PRECONDITION_FAILED


class NoSuchUploadError(problems.NotFoundError):
    """There is no such upload: begin it with POST."""

    name = "no-such-upload"


class OtherOffsetError(problems.ConflictError):
    """`Upload-Offset` is not what is there; ask with HEAD."""

    name = "other-offset"


class WrongUploadError(problems.UnprocessableError):
    """`Upload-Length` or `Upload-Metadata` is missing or wrong."""


class TooLongError(problems.TooLargeError):
    """More bytes than the upload's length."""


class OtherTypeError(problems.ProblemError):
    """A piece is `application/offset+octet-stream`."""

    status = http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def evidence_id_of(metadata: str) -> uuid.UUID:
    """The file that `Upload-Metadata` names as `evidence_id`.

    Raises:
        WrongUploadError: none.
    """
    pairs = (pair.strip().partition(" ") for pair in metadata.split(","))
    told = {key: value for key, _, value in pairs}
    try:
        return uuid.UUID(base64.b64decode(told["evidence_id"], validate=True).decode())
    except (KeyError, ValueError, binascii.Error):
        raise WrongUploadError("Upload-Metadata: evidence_id and an id in base64 are expected") from None


def length_of(text: str) -> int:
    """Of `Upload-Length`.

    Raises:
        WrongUploadError: none.
        TooLargeError: more than is taken here.
    """
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise WrongUploadError("Upload-Length: a number of bytes, 1 or more, is expected")
    if int(text) > LIMIT_BYTES:
        raise problems.TooLargeError(f"at most {LIMIT_BYTES} bytes are accepted here")
    return int(text)


def begin(
    connection: pool.Connection, store: Store, evidence_id: uuid.UUID, device: callers.Caller, size_bytes: int
) -> int:
    """Begin or go on: how many bytes are there.

    Raises:
        NotAnnouncedError, AnotherDevicesError, NotAsAnnouncedError: as for a whole file.
    """
    known = evidence.expect_announced(connection, evidence_id, device, size_bytes)
    return known.bytes if known.received else Uploads(store).begin(evidence_id)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is."""

    offset: int
    length: int
    is_kept: bool
    """It came in whole, and is evidence."""


def progress(connection: pool.Connection, store: Store, evidence_id: uuid.UUID, device: callers.Caller) -> Progress:
    """How far it is.

    Raises:
        NoSuchUploadError: it was not begun.
    """
    known = evidence.expect_announced(connection, evidence_id, device, None)
    offset = known.bytes if known.received else Uploads(store).offset(evidence_id)
    if offset is None:
        raise NoSuchUploadError
    return Progress(offset, known.bytes, known.received)


def open_at(store: Store, evidence_id: uuid.UUID, offset: int) -> Partial:
    """The upload, to add a piece.

    Raises:
        NoSuchUploadError: it was not begun.
        OtherOffsetError: so much is not there, or more.
        LockedError: another request adds to it.
    """
    try:
        partial = Partial(Uploads(store).path(evidence_id), store)
    except FileNotFoundError:
        raise NoSuchUploadError from None
    if partial.size_bytes != offset:
        partial.close()
        raise OtherOffsetError(headers={"Upload-Offset": str(partial.size_bytes)})
    return partial


def finish(
    connection: pool.Connection, partial: Partial, evidence_id: uuid.UUID, device: callers.Caller, now: datetime
) -> None:
    """Keep what is whole now.

    Raises:
        NotAsAnnouncedError: its SHA-256 is another; what came is thrown away.
    """
    try:
        evidence.receive(connection, evidence_id, partial, device, now)
    except evidence.NotAsAnnouncedError:
        partial.path.unlink(missing_ok=True)
        raise
