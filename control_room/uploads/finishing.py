"""What an upload becomes once all of it is here: evidence, a file of a person's, or one whole of its parts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.evidence import service as evidence
from control_room.flights import receiving
from control_room.probing import service as probing
from control_room.uploads import metadata_words, protocol, service
from control_room.uploads.partial import Partial, Uploads

if TYPE_CHECKING:
    import uuid

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.probing.result import Found
    from control_room.room import Room
    from control_room.uploads.protocol import Concat
    from control_room.uploads.service import Upload

_QUERIES = sql.load(__file__)


class UnfinishedPartsError(problems.ConflictError):
    """Only partial uploads of your own that are whole can be joined."""

    name = "unfinished-parts"


class OtherContentError(problems.UnprocessableError):
    """The SHA-256 of the whole is not the one in `Upload-Metadata`; nothing was kept."""

    name = "other-content"


class RefusedFileError(problems.UnprocessableError):
    """The file is not taken; nothing was kept."""

    name = "refused-file"


def finish(room: Room, upload: Upload, partial: Partial, caller: Caller) -> None:
    """Keep what is whole now.

    Raises:
        NotAsAnnouncedError, OtherContentError, RefusedFileError: what came is thrown away.
    """
    found: Found | None = None
    try:
        if upload.kind != "partial":
            found = _judge(upload, partial)
        with room.database.connection() as connection:
            _become(connection, room, upload, partial, found=found, caller=caller)
    except (evidence.NotAsAnnouncedError, OtherContentError, RefusedFileError, receiving.TwinError) as error:
        with room.database.connection() as connection:
            connection.execute(_QUERIES["remove"], {"upload_ids": [upload.upload_id]})
            receiving.refuse(connection, upload.upload_id, _why(error), room.clock())
        Uploads(room.store).remove(upload.upload_id)
        raise
    if upload.kind != "partial":
        Uploads(room.store).remove(upload.upload_id)


def finish_if_whole(room: Room, upload: Upload, caller: Caller) -> Upload:
    """Where all bytes are here and a crash kept the last request from finishing it. The upload as it is then."""
    if upload.is_kept or upload.kind == "final" or service.offset(room, upload) < upload.length_bytes:
        return upload
    with service.open_at(room, upload, upload.length_bytes) as partial:
        finish(room, upload, partial, caller)
    with room.database.connection() as connection:
        return service.find(connection, upload.upload_id, caller)


def join(room: Room, upload: Upload, parts: list[Upload], caller: Caller) -> None:
    """Make a final upload of its parts, which are gone then.

    Raises:
        LockedError: another request joins some of them.
        NoSuchUploadError: a part's file is gone.
    """
    files = Uploads(room.store)
    opened: dict[uuid.UUID, Partial] = {}
    try:
        for part in parts:
            if part.length_bytes and part.upload_id not in opened:
                opened[part.upload_id] = Partial(files.path(part.upload_id), room.store)
        with Partial(files.path(upload.upload_id), room.store) as whole:
            whole.join(opened[part.upload_id] for part in parts if part.length_bytes)
            whole.sync()
            try:
                finish(room, upload, whole, caller)
            finally:
                upload_ids = [part.upload_id for part in parts]
                with room.database.connection() as connection:
                    connection.execute(_QUERIES["remove"], {"upload_ids": upload_ids})
                for upload_id in upload_ids:
                    files.remove(upload_id)
    except FileNotFoundError:
        raise service.NoSuchUploadError("the file of a part is gone") from None
    finally:
        for part_file in opened.values():
            part_file.close()


def parts_of(room: Room, connection: pool.Connection, concat: Concat, caller: Caller) -> list[Upload]:
    """The uploads that a final one is made of.

    Raises:
        UnfinishedPartsError, NoSuchUploadError, AnothersUploadError: as they say.
    """
    parts = [service.find(connection, part, caller) for part in concat.parts]
    for part in parts:
        if part.kind != "partial" or service.offset(room, part) != part.length_bytes:
            raise UnfinishedPartsError
    return parts


def _judge(upload: Upload, partial: Partial) -> Found | None:
    """Whether it is what was said of it, before the database is asked; what a person's file was found to be."""
    sha256 = partial.sha256
    if upload.owner_kind == "device":
        return None
    if upload.sha256 not in {None, sha256}:
        raise OtherContentError(f"said: {upload.sha256}; came: {sha256}")
    told = protocol.metadata_of(upload.metadata)
    outcome = probing.probe(partial.path, name=upload.name or "", media_type=metadata_words.media_type(told))
    if outcome.found is None:
        refused = outcome.refused
        raise RefusedFileError(
            refused.message if refused else "nothing was found in it", reason=refused.reason if refused else "damaged"
        )
    return outcome.found


def _become(
    connection: pool.Connection, room: Room, upload: Upload, partial: Partial, *, found: Found | None, caller: Caller
) -> None:
    """What the whole is from now on; in one transaction with the row that says so."""
    now = room.clock()
    parameters = {
        "upload_id": upload.upload_id,
        "now": now,
        "expires_at": now + timedelta(hours=room.settings.uploads.keep_hours),
        "sha256": None if upload.kind == "partial" else partial.sha256,
        "probe": None if found is None else Jsonb(found.model_dump(mode="json")),
    }
    if upload.kind != "partial" and upload.owner_kind == "device":
        evidence.receive(connection, upload.upload_id, partial, caller, now)
    elif upload.kind != "partial":
        file = receiving.brought_by(connection, upload.upload_id)
        connection.execute(_QUERIES["lock_content"], {"sha256": partial.sha256})
        if connection.execute(_QUERIES["finish"], parameters).fetchone() is None:
            raise service.NoSuchUploadError
        partial.keep()
        if file is not None and found is not None:
            size_bytes = partial.size_bytes
            receiving.receive(connection, file, sha256=partial.sha256, size_bytes=size_bytes, found=found, now=now)
        detail = {"sha256": partial.sha256, "bytes": partial.size_bytes, "name": upload.name}
        audit.record(connection, caller, "upload.receive", at=now, on=("upload", str(upload.upload_id)), detail=detail)
        return
    if connection.execute(_QUERIES["finish"], parameters).fetchone() is None:
        raise service.NoSuchUploadError


def _why(error: problems.ProblemError) -> str:
    """A code and a sentence, as a flight's page shows it."""
    code = error.members.get("reason") or error.name
    return f"{code}: {error.detail}"
