"""`talaia-room fsck`: whether what the room promises of its rows and files is so. It changes nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO
from uuid import UUID

from control_room.database import pool, sql
from control_room.events import service as events
from control_room.events.gap import Gap
from control_room.store.content import NoSuchContentError, Store

_QUERIES = sql.load(__file__)
_File = tuple[UUID, str, int | None]  # id of evidence, upload, footage or finding, sha256, bytes where its row knows
_SETTLED_S = 60.0  # a younger file may still be waiting for its row


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What is stored of one device."""

    device_id: str
    stored: int
    """Different messages."""
    duplicates: int
    gaps: list[Gap]
    dead_letters: int
    """Messages of it that were refused and not ingested since; they count neither as stored nor as gaps."""
    removed: int
    """Messages, stored or refused, that retention removed; they are no gaps."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that contradicts a promise."""

    code: str
    object: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    devices: list[DeviceReport]
    violations: list[Violation]

    @property
    def is_sound(self) -> bool:
        return not self.violations and not any(device.gaps or device.duplicates for device in self.devices)

    def as_json(self) -> dict[str, Any]:
        def gap(each: Gap) -> dict[str, Any]:
            return {"outbox_id": each.outbox_id, "from": each.first, "to": each.last}

        return {
            "devices": [
                {
                    "device_id": device.device_id,
                    "stored": device.stored,
                    "duplicates": device.duplicates,
                    "gaps": [gap(each) for each in device.gaps],
                    "dead_letters": device.dead_letters,
                    "removed": device.removed,
                }
                for device in self.devices
            ],
            "violations": [dataclasses.asdict(violation) for violation in self.violations],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        for device in self.devices:
            counted = f"{device.stored} stored, {device.duplicates} duplicates, {device.dead_letters} dead letters"
            yield f"{device.device_id}: {counted}" + (f", {device.removed} removed" if device.removed else "")
            for gap in device.gaps:
                yield f"{device.device_id}: gap: {gap.first} to {gap.last} of outbox {gap.outbox_id}"
        for violation in self.violations:
            yield f"{violation.code}: {violation.object}: {violation.message}"
        yield "sound" if self.is_sound else "NOT sound"


def check(connection: pool.Connection, store: Store, progress: TextIO | None = None) -> Report:
    """Check rows, all of the same moment, and files. The connection is at the start of a transaction.

    On a terminal, `progress` shows how far the files are.
    """
    files = {content.sha256: content.kept_at for content in store.contents()}
    connection.execute(_QUERIES["one_moment"])
    gaps: defaultdict[str, list[Gap]] = defaultdict(list)
    for gap in events.gaps(connection):
        gaps[gap.device_id].append(gap)
    devices = [
        DeviceReport(device_id, stored, duplicates, gaps[device_id], dead_letters, removed)
        for device_id, stored, duplicates, dead_letters, removed in connection.execute(_QUERIES["devices"])
    ]
    violations = [Violation(*row) for row in connection.execute(_QUERIES["violations_in_rows"])]
    received = received_files(connection)
    violations += _violations_in_files(_shown(received, progress), store)
    leaving = {str(sha256) for (sha256,) in connection.execute(_QUERIES["leaving_files"])}
    violations += _orphans({sha256 for _, sha256, _ in received} | leaving, files)
    return Report(devices, violations)


def received_files(connection: pool.Connection) -> list[_File]:
    """Files that must be in the store: id, SHA-256, bytes."""
    return connection.execute(_QUERIES["received_files"]).fetchall()


def _shown(received: list[_File], progress: TextIO | None) -> Iterator[_File]:
    told = time.monotonic()
    for number, each in enumerate(received, start=1):
        if progress is not None and progress.isatty() and time.monotonic() - told > 1:
            told = time.monotonic()
            progress.write(f"\r{number} of {len(received)} files ")
            progress.flush()
        yield each
    if progress is not None and progress.isatty():
        progress.write("\r\033[K")


def _violations_in_files(received: Iterable[_File], store: Store) -> Iterator[Violation]:
    """By what is in the store now: the list of its files is older than the rows, and a running room goes on."""
    for evidence_id, sha256, size_bytes in received:
        if _is(store, sha256, size_bytes):
            continue
        if store.size_bytes(sha256) is None:
            yield Violation("evidence_file_missing", str(evidence_id), f"no file {sha256} is in the store")
        else:
            yield Violation("evidence_file_differs", str(evidence_id), f"{sha256} is not of hash and size of its row")


def _orphans(known: set[str], files: dict[str, float]) -> Iterator[Violation]:
    for sha256, kept_at in files.items():
        if sha256 not in known and time.time() - kept_at > _SETTLED_S:
            yield Violation("orphan_file", sha256, "no row names this file")


def _is(store: Store, sha256: str, size_bytes: int | None) -> bool:
    digest, came = hashlib.sha256(), 0
    try:
        for piece in store.read(sha256):
            digest.update(piece)
            came += len(piece)
    except (OSError, NoSuchContentError):
        return False
    return digest.hexdigest() == sha256 and size_bytes in {None, came}
