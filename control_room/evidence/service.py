"""Evidence: take files from devices; `showing.py` has how people see them, under a reason that is written down.

A file is announced by an event's message and received over HTTP, in either order; it is seen only when both have
happened with the same device, SHA-256 and size.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from psycopg.rows import class_row

from control_room import callers, problems
from control_room.alerts import service as alerts
from control_room.audit import service as audit
from control_room.commands import service as commands
from control_room.database import sql
from control_room.probing import signatures
from control_room.removals import service as removals
from control_room.stream import publish

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.database import pool

LIMIT_BYTES = 16 * 1024 * 1024
EARLY_FILES = 64  # of one device, waiting for their announcement
EARLY_BYTES = 256 * 1024 * 1024
EARLY_KEPT = timedelta(hours=24)

_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


class NoSuchEvidenceError(problems.NotFoundError):
    """There is no such file here, or it has not arrived yet."""


class NotAnnouncedError(problems.NotFoundError):
    """No message of this device has announced the file yet; try again when it has."""

    name = "not-announced"


class AnotherDevicesError(problems.ForbiddenError):
    """Another device announced or uploaded this id."""

    name = "another-devices-evidence"


class NotAsAnnouncedError(problems.UnprocessableError):
    """Size or SHA-256 is not what the event's message announced; nothing was kept."""

    name = "not-as-announced"


class AlreadyThereError(problems.ConflictError):
    """Another file was accepted under this id; evidence is never replaced."""

    name = "already-there"


class Whole(Protocol):
    """A file that has come in whole and is not kept yet."""

    size_bytes: int

    @property
    def sha256(self) -> str: ...

    @property
    def head(self) -> bytes:
        """Its first 4 KiB."""

    def keep(self) -> None:
        """Put it into the store."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the database has of a file."""

    device_id: str
    event_id: uuid.UUID | None
    command_id: uuid.UUID | None
    sha256: str
    bytes: int
    media_type: str | None
    announced: bool
    received: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an upload."""

    is_new: bool
    """False where the same file was there already."""
    announced: bool


def expect(connection: pool.Connection, evidence_id: uuid.UUID, device: callers.Caller, size_bytes: int | None) -> None:
    """Refuse an upload before it is read, where it is already known that it cannot be accepted.

    Raises:
        AnotherDevicesError: the id is another device's.
        NotAsAnnouncedError: another size was announced.
        TooManyRequestsError: too many early files of this device wait.
    """
    known = _known(connection, "known", evidence_id)
    if known is None:
        _check_early(connection, device)
        return
    if known.device_id != device.name:
        raise AnotherDevicesError
    if known.announced and size_bytes is not None and size_bytes != known.bytes:
        raise NotAsAnnouncedError(f"{known.bytes} bytes were announced, {size_bytes} come")


def expect_announced(
    connection: pool.Connection, evidence_id: uuid.UUID, device: callers.Caller, size_bytes: int | None
) -> Known:
    """What is known of a file that may only come once it was announced.

    Raises:
        NotAnnouncedError: not yet.
        AnotherDevicesError: the id is another device's.
        NotAsAnnouncedError: another size was announced.
    """
    known = _known(connection, "known", evidence_id)
    if known is None or not known.announced:
        raise NotAnnouncedError
    if known.device_id != device.name:
        raise AnotherDevicesError
    if size_bytes is not None and size_bytes != known.bytes:
        raise NotAsAnnouncedError(f"{known.bytes} bytes were announced, {size_bytes} come")
    return known


def receive(
    connection: pool.Connection, evidence_id: uuid.UUID, incoming: Whole, device: callers.Caller, now: datetime
) -> Receipt:
    """Keep a file that has come in whole, where it is the one that was announced or nothing was announced yet.

    Raises:
        AnotherDevicesError: the id is another device's.
        NotAsAnnouncedError: another size or SHA-256 was announced.
        AlreadyThereError: an early file of other content is there.
        TooManyRequestsError: too many early files of this device wait.
        StoreFullError: the disk is full.
    """
    if incoming.size_bytes == 0:
        raise NotAsAnnouncedError("a file without a byte is no evidence")
    connection.execute(_QUERIES["lock_content"], {"sha256": incoming.sha256})
    parameters = {
        "evidence_id": evidence_id,
        "device_id": device.name,
        "sha256": incoming.sha256,
        "bytes": incoming.size_bytes,
        "now": now,
    }
    known = _known(connection, "lock", evidence_id)
    if known is None:
        _check_early(connection, device)
        if connection.execute(_QUERIES["add_early"], parameters).fetchone() is not None:
            incoming.keep()
            _write_receipt(connection, evidence_id, incoming, device, now)
            return Receipt(is_new=True, announced=False)
        known = _known(connection, "lock", evidence_id)
    if known is None or known.device_id != device.name:
        raise AnotherDevicesError
    _check_content(known, incoming)
    if known.received:
        return Receipt(is_new=False, announced=known.announced)
    incoming.keep()
    connection.execute(_QUERIES["set_received"], parameters)
    _write_receipt(connection, evidence_id, incoming, device, now)
    _tell(connection, known)
    return Receipt(is_new=True, announced=True)


def keep(
    connection: pool.Connection, evidence_id: uuid.UUID, *, by: callers.Caller, reason: str, now: datetime
) -> None:
    """Keep a copy that was only fetched to be looked at.

    Raises:
        NoSuchEvidenceError: unknown, not arrived, or erased.
    """
    row = connection.execute(_QUERIES["keep"], {"evidence_id": evidence_id}).fetchone()
    if row is None:
        raise NoSuchEvidenceError
    audit.record(connection, by, "evidence.keep", at=now, on=("evidence", str(evidence_id)), reason=reason)
    if row[0] is not None:
        commands.tell(connection, [row[0]])


def erase_expired(connection: pool.Connection, now: datetime) -> int:
    """Erase copies that were fetched to be looked at and not kept; how many. Their rows stay and say so.

    Their files leave the store with `removals.take_out`.
    """
    expired = connection.execute(_QUERIES["expired_copies"], {"now": now}).fetchall()
    removals.note(connection, (sha256 for _, sha256, _ in expired), now)
    for evidence_id, _, _ in expired:
        audit.record(connection, callers.ROOM, "evidence.erase", at=now, on=("evidence", str(evidence_id)))
    commands.tell(connection, sorted({command_id for _, _, command_id in expired if command_id is not None}))
    return len(expired)


def remove_expired(connection: pool.Connection, now: datetime) -> int:
    """Remove early files that nothing announced within a day; how many. They leave the store like erased ones."""
    expired = connection.execute(_QUERIES["expired_early"], {"before": now - EARLY_KEPT}).fetchall()
    removals.note(connection, (sha256 for (sha256,) in expired), now)
    if expired:
        _log.warning("%d early evidence files were never announced and are removed", len(expired))
    return len(expired)


def _known(connection: pool.Connection, query: str, evidence_id: uuid.UUID) -> Known | None:
    with connection.cursor(row_factory=class_row(Known)) as cursor:
        return cursor.execute(_QUERIES[query], {"evidence_id": evidence_id}).fetchone()


def _check_early(connection: pool.Connection, device: callers.Caller) -> None:
    row = connection.execute(_QUERIES["waiting"], {"device_id": device.name}).fetchone()
    files, size_bytes = row if row is not None else (0, 0)
    if files >= EARLY_FILES or size_bytes >= EARLY_BYTES:
        raise problems.TooManyRequestsError("too many files wait for the message that announces them", retry_after_s=60)


def _check_content(known: Known, incoming: Whole) -> None:
    if (known.sha256, known.bytes) == (incoming.sha256, incoming.size_bytes):
        _check_kind(known.media_type or "", incoming.head)
        return
    if known.announced:
        raise NotAsAnnouncedError(
            f"announced: {known.bytes} bytes with SHA-256 {known.sha256};"
            f" came: {incoming.size_bytes} bytes with {incoming.sha256}"
        )
    raise AlreadyThereError


def _check_kind(media_type: str, head: bytes) -> None:
    """A picture or video that is plainly something else is not kept; nothing is read beyond its first bytes."""
    if not media_type.startswith(("image/", "video/")):
        return
    words = signatures.alien(head)
    kind = signatures.kind_of(head)
    if words is None and kind not in {None, signatures.TEXT} and kind is not signatures.said_to_be(media_type):
        words = kind.media_type if kind is not None else None
    if words is not None and signatures.said_to_be(media_type) is not None:
        raise NotAsAnnouncedError(f"announced: {media_type}; came: {words}")


def _write_receipt(
    connection: pool.Connection, evidence_id: uuid.UUID, incoming: Whole, device: callers.Caller, now: datetime
) -> None:
    detail = {"sha256": incoming.sha256, "bytes": incoming.size_bytes}
    audit.record(connection, device, "evidence.receive", at=now, on=("evidence", str(evidence_id)), detail=detail)


def _tell(connection: pool.Connection, known: Known) -> None:
    """Show the screens that the file of the alert or the command can be had now."""
    if known.command_id is not None:
        commands.tell(connection, [known.command_id])
        return
    parameters = {"device_id": known.device_id, "event_id": known.event_id}
    for (alert_id,) in connection.execute(_QUERIES["alert_of"], parameters).fetchall():
        publish.publish(connection, "alert", alerts.item(connection, alert_id))
