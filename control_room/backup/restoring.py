"""`talaia-room restore`: a backup into an empty machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from control_room import callers
from control_room.audit import service as audit
from control_room.backup import keys, tables
from control_room.backup.asked import BackupError
from control_room.backup.folder import KEYS, Backup, Folder
from control_room.database import community, migrate, pool
from control_room.store.staging import Incoming

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from control_room import config
    from control_room.backup.progress import Progress
    from control_room.store.content import Store

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """How it is asked for."""

    folder: Path
    name: str | None
    """None: the newest."""
    passphrase: bytes | None
    """None: without the keys."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it."""

    backup: Backup
    rows: int
    devices_to_ask: int


def restore(settings: config.Settings, store: Store, wanted: Wanted, now: datetime, progress: Progress) -> Restored:
    """Keys, then files, then rows in one transaction: cut off, it can be begun again.

    Raises:
        BackupError: the machine is not empty, the backup is damaged or of another release; one line.
        OSError: something cannot be written.
        psycopg.Error, pool.UnreachableError, migrate.MigrationError: the database.
    """
    backup = Folder(wanted.folder).chosen(wanted.name)
    backup.check()
    _check_release(backup)
    kept_keys = _keys(settings, backup, wanted.passphrase)
    _check_store(backup, store)
    migrate.migrate(settings.database.url)
    with pool.connect(settings.database.url) as connection:
        _check_database(connection)
    keys.write(kept_keys)
    try:
        _bring_files(Folder(wanted.folder), backup, store, progress)
        with pool.connect(settings.database.url) as connection:
            _check_database(connection)
            rows = _load(connection, backup, progress)
            _settle(connection, backup, now)
            asked = connection.execute(tables.QUERIES["await_newer"], {"now": now}).rowcount
            connection.execute(tables.QUERIES["note_restore"], {"now": now, "backup_id": backup.manifest.backup_id})
            on = ("backup", backup.manifest.backup_id)
            audit.record(connection, callers.command(), "backup.restore", at=now, on=on)
        with pool.connect(settings.database.url, autocommit=True) as connection:
            connection.execute("ANALYZE")
    finally:
        progress.end()
    return Restored(backup, rows, asked)


def _check_release(backup: Backup) -> None:
    known, had = {name for name, _ in migrate.files()}, set(backup.manifest.migrations)
    if known != had:
        different = ", ".join(sorted(known ^ had))
        raise BackupError(
            f"the backup was made by release {backup.manifest.version} with another schema ({different}):"
            " restore it with that release, then upgrade"
        )


def _keys(settings: config.Settings, backup: Backup, passphrase: bytes | None) -> dict[Path, bytes]:
    sealed = backup.path / KEYS
    if passphrase is None or not sealed.exists():
        return {}
    return keys.check_free(keys.unseal(sealed.read_bytes(), passphrase), settings)


def _check_store(backup: Backup, store: Store) -> None:
    """Files of this backup may be there: an attempt that was cut off brought them."""
    named = {file.sha256 for file in backup.files()}
    if any(content.sha256 not in named for content in store.contents()):
        raise BackupError("the store has files of something else; a backup goes into an empty machine")


def _check_database(connection: pool.Connection) -> None:
    filled = [name for name in tables.kept(connection) if not tables.is_empty(connection, name)]
    if filled:
        raise BackupError(f"the database has rows in {', '.join(filled)}; a backup goes into an empty machine")


def _bring_files(folder: Folder, backup: Backup, store: Store, progress: Progress) -> None:
    progress.begin("files")
    for line in backup.files():
        if store.size_bytes(line.sha256) == line.bytes:
            continue
        path = folder.file(line.sha256)
        if not path.exists():
            raise BackupError(f"the backup lacks the file {line.sha256}")
        with path.open("rb") as file, Incoming(store) as incoming:
            while piece := file.read(_READ_BYTES):
                incoming.write(piece)
                progress.add(len(piece))
            if incoming.sha256 != line.sha256:
                raise BackupError(f"the backup's file {line.sha256} is damaged; take another backup")
            incoming.keep()


def _load(connection: pool.Connection, backup: Backup, progress: Progress) -> int:
    here = tables.kept(connection)
    tables_of = {table.name: table for table in backup.manifest.tables}
    foreign = tables_of.keys() - here.keys()
    if foreign:
        raise BackupError(f"this database has no {', '.join(sorted(foreign))}")
    rows = 0
    for name in here:
        table = tables_of.get(name)
        if table is None:
            continue
        progress.begin(f"rows of {name}")
        came = tables.load(connection, table, backup.path / "tables" / f"{name}.gz", progress.add)
        if came != table.rows:
            raise BackupError(f"{name}: {came} rows instead of {table.rows}")
        rows += came
    return rows


def _settle(connection: pool.Connection, backup: Backup, now: datetime) -> None:
    for name, value in backup.manifest.sequences.items():
        if value:
            connection.execute(tables.QUERIES["set_sequence"], {"name": name, "value": value})
    erased = {"ids": [UUID(one) for one in backup.manifest.erased], "at": now}
    connection.execute(tables.QUERIES["set_erased"], erased)
    connection.execute(tables.QUERIES["set_footage_erased"], erased)
    connection.execute(tables.QUERIES["set_live_recordings_erased"], erased)
    connection.execute(tables.QUERIES["forget_pictures"], erased)
    connection.execute(tables.QUERIES["remove_uploads"], erased)
    if community.is_counting(connection):
        community.leave_to_timescale(connection)
