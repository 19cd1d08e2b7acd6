"""`talaia-room backup`: rows of one moment, the files that they name, and the keys."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from uuid_utils import compat as uuids

from control_room import callers
from control_room.audit import service as audit
from control_room.backup import keys, tables
from control_room.backup.asked import BackupError
from control_room.backup.folder import (
    FILES,
    FORMAT,
    KEYS,
    Backup,
    FileLine,
    Folder,
    Manifest,
    described,
    kept_since,
    write_synced,
)
from control_room.database import migrate, pool
from control_room.fsck import report
from control_room.store.content import NoSuchContentError
from control_room.store.staging import fsync_directory, make_directories

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_room import config
    from control_room.backup.progress import Progress
    from control_room.store.content import Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """How it is asked for."""

    folder: Path
    passphrase: bytes | None
    """None: without the keys, which the caller has said that he wants."""
    keep_days: int


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it."""

    backup: Backup
    added_bytes: int
    forgotten: int
    """Older backups that were removed."""


def make(
    settings: config.Settings, store: Store, wanted: Wanted, clock: Callable[[], datetime], progress: Progress
) -> Made:
    """Make one, then note it, then remove those that are too old. A crash anywhere leaves the last good one.

    Raises:
        BackupError: one line.
        OSError: the folder cannot be written.
        psycopg.Error, pool.UnreachableError: the database went away.
    """
    folder = Folder(wanted.folder)
    part = folder.begin(clock())
    try:
        with pool.connect(settings.database.url) as connection:
            making = _Making(connection, store, folder, part, progress)
            manifest = making.run(settings, wanted.passphrase, clock)
        backup = folder.finish(part, manifest)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # by another name if it is whole
        progress.end()
    _note(settings, backup, making.added_bytes)
    forgotten = folder.forget(kept_since(clock(), wanted.keep_days))
    return Made(backup, making.added_bytes, forgotten)


class _Making:
    def __init__(
        self, connection: pool.Connection, store: Store, folder: Folder, part: Path, progress: Progress
    ) -> None:
        self._connection = connection
        self._store = store
        self._folder = folder
        self._part = part
        self._progress = progress
        self.added_bytes = 0

    def run(self, settings: config.Settings, passphrase: bytes | None, clock: Callable[[], datetime]) -> Manifest:
        self._connection.execute(tables.QUERIES["one_moment"])
        if pending := migrate.pending(self._connection):
            raise BackupError(f"the database lacks {', '.join(pending)}; run talaia-room migrate")
        begun_at = clock()
        dumped = []
        for name, columns in tables.kept(self._connection).items():
            if name == tables.UNFOLDED:
                continue
            self._progress.begin(f"rows of {name}")
            target = self._part / "tables" / f"{name}.gz"
            dumped.append(tables.dump(self._connection, name, columns, target, self._progress.add))
        sequences: dict[str, int] = dict(self._connection.execute(tables.QUERIES["sequences"]).fetchall())
        migrations = [name for (name,) in self._connection.execute(tables.QUERIES["migrations"])]
        received = report.received_files(self._connection)
        self._connection.rollback()  # copying files may take long: no old moment is held for it
        files, absent = self._copy_files(self._sizes(received))
        erased, missing = self._sort_absent([one for one, sha256, _ in received if sha256 in absent])
        self._write_files(files)
        if passphrase is not None and (found := keys.present(settings)):
            write_synced(self._part / KEYS, keys.seal(found, passphrase))
        members = sorted(str(path.relative_to(self._part)) for path in self._part.rglob("*") if path.is_file())
        described_members = [described(self._part, name) for name in members]
        self.added_bytes += sum(member.bytes for member in described_members)
        return Manifest(
            format=FORMAT,
            version=metadata.version("talaia"),
            backup_id=str(uuids.uuid7()),
            begun_at=begun_at,
            ended_at=clock(),
            migrations=migrations,
            tables=dumped,
            sequences=sequences,
            files=len(files),
            files_bytes=sum(file.bytes for file in files),
            erased=[str(one) for one in erased],
            missing=[str(one) for one in missing],
            members=described_members,
        )

    def _sizes(self, received: list[tuple[UUID, str, int | None]]) -> dict[str, int]:
        """Of each file; where its row does not know, as the store has it."""
        known = {sha256: size_bytes for _, sha256, size_bytes in received if size_bytes is not None}
        unknown = {sha256 for _, sha256, _ in received} - known.keys()
        return known | {sha256: self._store.size_bytes(sha256) or 0 for sha256 in sorted(unknown)}

    def _copy_files(self, wanted: dict[str, int]) -> tuple[list[FileLine], set[str]]:
        """Those that are in the folder now, and those that the store has not."""
        files, absent = [], set()
        self._progress.begin("files")
        for sha256, size_bytes in wanted.items():
            target = self._folder.file(sha256)
            if target.exists() and target.stat().st_size == size_bytes:
                self._progress.add(size_bytes)
            elif not self._copy(sha256, target):
                absent.add(sha256)
                continue
            files.append(FileLine(sha256=sha256, bytes=size_bytes))
        return files, absent

    def _copy(self, sha256: str, target: Path) -> bool:
        """Whether the store had it whole. It is hashed on the way and appears under its name once it is safe."""
        make_directories(target.parent)
        digest = hashlib.sha256()
        descriptor, name = tempfile.mkstemp(dir=self._part)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in self._store.read(sha256):
                    digest.update(piece)
                    file.write(piece)
                    self._progress.add(len(piece))
                os.fchmod(file.fileno(), 0o400)
                file.flush()
                os.fsync(file.fileno())
            if digest.hexdigest() != sha256:
                return False
            self.added_bytes += path.stat().st_size
            path.replace(target)
            fsync_directory(target.parent)
        except NoSuchContentError:
            return False
        finally:
            path.unlink(missing_ok=True)
        return True

    def _sort_absent(self, ids: list[UUID]) -> tuple[list[UUID], list[UUID]]:
        """Those erased since the rows were read, and those that are lost."""
        if not ids:
            return [], []
        named = {one for (one,) in self._connection.execute(tables.QUERIES["names"], {"ids": ids})}
        self._connection.rollback()
        return [one for one in ids if one not in named], [one for one in ids if one in named]

    def _write_files(self, files: list[FileLine]) -> None:
        with gzip.open(self._part / FILES, "xt", encoding="utf-8") as lines:
            lines.writelines(f"{file.model_dump_json()}\n" for file in files)


def _note(settings: config.Settings, backup: Backup, added_bytes: int) -> None:
    manifest = backup.manifest
    rows = sum(table.rows for table in manifest.tables)
    with pool.connect(settings.database.url) as connection:
        connection.execute(
            tables.QUERIES["note_backup"],
            {
                "backup_id": manifest.backup_id,
                "begun_at": manifest.begun_at,
                "ended_at": manifest.ended_at,
                "bytes": added_bytes,
                "files": manifest.files,
                "rows": rows,
            },
        )
        on = ("backup", manifest.backup_id)
        audit.record(connection, callers.command(), "backup.make", at=manifest.ended_at, on=on)
