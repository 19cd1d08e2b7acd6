"""Takes large files piece by piece: of devices what they announced, of people what they filmed.

An upload becomes evidence (`control_room.evidence`) where a device sends it. A person's file is looked into
(`control_room.probing`) and waits, under `upload_id`, to be made part of something of his: see `finishing`.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import uuid_utils.compat
from psycopg.rows import class_row

from control_room import problems
from control_room.audit import service as audit
from control_room.callers import Role
from control_room.database import sql
from control_room.evidence import service as evidence
from control_room.flights import receiving
from control_room.removals import service as removals
from control_room.store.content import StoreFullError
from control_room.uploads import metadata_words, protocol
from control_room.uploads.partial import Partial, Uploads

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.config import Uploads as Settings
    from control_room.database import pool
    from control_room.room import Room
    from control_room.uploads.protocol import Concat, Kind

_GIB = 1024**3
_QUERIES = sql.load(__file__)


class NoSuchUploadError(problems.NotFoundError):
    """There is no such upload, or it was not gone on with for too long: begin it with POST."""

    name = "no-such-upload"


class AnothersUploadError(problems.ForbiddenError):
    """Somebody else began this upload."""

    name = "anothers-upload"


class OtherOffsetError(problems.ConflictError):
    """`Upload-Offset` is not what is there; ask with HEAD."""

    name = "other-offset"


class TooLongError(problems.TooLargeError):
    """More bytes than the upload's length; nothing of the piece was kept."""

    name = "too-many-bytes"


class EmptyFileError(problems.UnprocessableError):
    """A file without a byte is nothing to keep."""

    name = "empty-file"


class FinalError(problems.ForbiddenError):
    """A final upload is made of its parts; nothing is added to it."""

    name = "final-upload"


class KeptError(problems.ForbiddenError):
    """The whole is here and is evidence; its sender cannot take it back."""

    name = "already-evidence"


@dataclass(frozen=True, slots=True)
class Upload:
    """What the database has of one."""

    upload_id: uuid.UUID
    owner_kind: str
    owner: str
    kind: Kind
    length_bytes: int
    metadata: str
    concat: str
    name: str | None
    sha256: str | None
    probe: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None

    @property
    def is_kept(self) -> bool:
        """Nothing more can come of it."""
        return self.finished_at is not None


def begin(
    room: Room, connection: pool.Connection, caller: Caller, concat: Concat, *, length: int, metadata: str
) -> Upload:
    """Begin one, or, of a device's file, go on.

    Raises:
        WrongUploadError, EmptyFileError, TooLargeError, TooManyRequestsError, StoreFullError: as they say.
        NotAnnouncedError, AnotherDevicesError, NotAsAnnouncedError: as for a whole file.
    """
    told = protocol.metadata_of(metadata)
    settings = room.settings.uploads
    _check_length(settings, concat.kind, length)
    now = room.clock()
    upload_id, finished = uuid_utils.compat.uuid7(), length == 0
    of_a_person = caller.role is not Role.DEVICE and concat.kind != "partial"
    footage_id = metadata_words.footage_id(told) if of_a_person else None
    if footage_id is not None:
        receiving.expect(connection, footage_id, upload_id, caller, length)
    if caller.role is Role.DEVICE and concat.kind != "partial":
        upload_id = metadata_words.evidence_id(told)
        known = evidence.expect_announced(connection, upload_id, caller, length)
        finished = known.received
    parameters = {
        "upload_id": upload_id,
        "owner_kind": caller.kind,
        "owner": caller.name,
        "kind": concat.kind,
        "length_bytes": length,
        "metadata": metadata,
        "concat": concat.text,
        "name": metadata_words.name(told),
        "sha256": metadata_words.sha256(told),
        "now": now,
        "expires_at": now + timedelta(hours=settings.keep_hours),
        "finished_at": now if finished else None,
    }
    connection.execute(_QUERIES["lock_owner"], parameters)
    before = _find(connection, upload_id)
    if before is None:
        _check_quota(room, connection, parameters, length)
        connection.execute(_QUERIES["begin"], parameters)
    upload = find(connection, upload_id, caller)
    if not upload.is_kept:
        Uploads(room.store).begin(upload_id)
    return upload


def find(connection: pool.Connection, upload_id: uuid.UUID, caller: Caller) -> Upload:
    """One of the caller's.

    Raises:
        NoSuchUploadError, AnothersUploadError: as they say.
    """
    upload = _find(connection, upload_id)
    if upload is None:
        raise NoSuchUploadError
    if (upload.owner_kind, upload.owner) != (caller.kind, caller.name):
        raise AnothersUploadError
    return upload


def offset(room: Room, upload: Upload) -> int:
    """How many bytes are here.

    Raises:
        NoSuchUploadError: its file is gone.
    """
    here = upload.length_bytes if upload.is_kept else Uploads(room.store).offset(upload.upload_id)
    if here is None:
        raise NoSuchUploadError
    return here


def open_at(room: Room, upload: Upload, at: int) -> Partial:
    """The upload, to add a piece.

    Raises:
        FinalError, NoSuchUploadError, LockedError: as they say.
        OtherOffsetError: so much is not there, or more.
    """
    if upload.kind == "final":
        raise FinalError
    try:
        partial = Partial(Uploads(room.store).path(upload.upload_id), room.store)
    except FileNotFoundError:
        raise NoSuchUploadError from None
    if partial.size_bytes != at:
        partial.close()
        raise OtherOffsetError(headers={"Upload-Offset": str(partial.size_bytes)})
    return partial


def go_on(room: Room, upload: Upload) -> datetime:
    """It stays a while longer; until when."""
    expires_at = room.clock() + timedelta(hours=room.settings.uploads.keep_hours)
    with room.database.connection() as connection:
        connection.execute(_QUERIES["go_on"], {"upload_id": upload.upload_id, "expires_at": expires_at})
    return expires_at


def end(room: Room, upload: Upload, caller: Caller) -> None:
    """Give it up; what came is thrown away.

    Raises:
        KeptError: it is evidence.
        LockedError: a piece comes just now.
    """
    if upload.is_kept and upload.owner_kind == "device" and upload.kind != "partial":
        raise KeptError
    path = Uploads(room.store).path(upload.upload_id)
    if path.exists():
        with Partial(path, room.store):
            _forget(room, upload, caller)
    else:
        _forget(room, upload, caller)


def _forget(room: Room, upload: Upload, caller: Caller) -> None:
    with room.database.connection() as connection:
        connection.execute(_QUERIES["remove"], {"upload_ids": [upload.upload_id]})
        if upload.is_kept and upload.sha256 is not None and upload.kind != "partial":
            now = room.clock()
            removals.note(connection, [upload.sha256], now)
            on = ("upload", str(upload.upload_id))
            audit.record(connection, caller, "upload.erase", at=now, on=on, detail={"sha256": upload.sha256})
    Uploads(room.store).remove(upload.upload_id)
    with room.database.connection() as connection:
        removals.take_out(connection, room.store)


def _find(connection: pool.Connection, upload_id: uuid.UUID) -> Upload | None:
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(_QUERIES["known"], {"upload_id": upload_id}).fetchone()


def _check_length(settings: Settings, kind: Kind, length: int) -> None:
    limit = limit_bytes(settings)
    if length > limit:
        raise problems.TooLargeError(f"at most {limit} bytes are accepted here")
    if length == 0 and kind != "partial":
        raise EmptyFileError


def limit_bytes(settings: Settings) -> int:
    """Of one upload."""
    return int(settings.max_gib * _GIB)


def _check_quota(room: Room, connection: pool.Connection, parameters: dict[str, Any], length: int) -> None:
    settings = room.settings.uploads
    row = connection.execute(_QUERIES["held"], parameters).fetchone()
    count, held = (int(value) for value in row) if row is not None else (0, 0)
    if count >= settings.open_max:
        raise problems.TooManyRequestsError(
            f"{count} uploads are open, {settings.open_max} may be: finish or end one", retry_after_s=60
        )
    if held + length > settings.quota_gib * _GIB:
        raise problems.TooManyRequestsError(
            f"{held} bytes are claimed, {length} more would be over {settings.quota_gib} GiB", retry_after_s=3600
        )
    if shutil.disk_usage(room.store.staging.uploads).free < length:
        raise StoreFullError
