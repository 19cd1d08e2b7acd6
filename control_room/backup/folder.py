"""Where backups lie, and what one consists of.

FOLDER/files/ab/cd/abcd...       files of the store by their SHA-256, each once for all backups
FOLDER/backups/20261122T040000Z/ one backup: tables, the list of its files, keys, and manifest.json, written last
FOLDER/backups/....part/         one that is being made, or that was cut off: nothing of it counts
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from control_room.backup.asked import BackupError
from control_room.store.staging import fsync_directory, make_directories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = "talaia.backup/1"
MANIFEST, FILES, KEYS = "manifest.json", "files.jsonl.gz", "keys.sealed"
_PART = ".part"
_READ_BYTES = 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Member(_Part):
    """A file of the backup itself."""

    name: str
    bytes: int
    sha256: str


class Table(_Part):
    """Rows of one table, as text of COPY, in the member `tables/NAME.gz`."""

    name: str
    columns: list[str]
    rows: int


class Manifest(_Part):
    """What a backup says of itself."""

    format: str
    version: str
    """Of Talaia."""
    backup_id: str
    begun_at: datetime
    """The moment that its rows are of (server)."""
    ended_at: datetime
    migrations: list[str]
    tables: list[Table]
    sequences: dict[str, int]
    files: int
    files_bytes: int
    erased: list[str]
    """Ids of evidence whose files were erased while it was made."""
    missing: list[str]
    """Ids whose files the store did not have though it should."""
    members: list[Member]


class FileLine(_Part):
    """One file of the store."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Backup:
    """One whole backup."""

    path: Path
    manifest: Manifest

    def files(self) -> Iterator[FileLine]:
        with gzip.open(self.path / FILES, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield FileLine.model_validate_json(line)

    def check(self) -> None:
        """Read its own members.

        Raises:
            BackupError: one is damaged or missing.
        """
        for member in self.manifest.members:
            if not self.path.joinpath(member.name).is_file() or described(self.path, member.name) != member:
                raise BackupError(f"{self.path.name}: {member.name} is damaged or missing; take another backup")


class Folder:
    """All backups of a room."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._backups = directory / "backups"
        self._files = directory / "files"

    def file(self, sha256: str) -> Path:
        return self._files / sha256[:2] / sha256[2:4] / sha256

    def begin(self, begun_at: datetime) -> Path:
        """A fresh directory for a backup; what an interrupted one left is removed.

        Raises:
            OSError: it cannot be made.
        """
        make_directories(self._backups)
        for left in self._backups.glob(f"*{_PART}"):
            shutil.rmtree(left)
        part = self._backups / f"{begun_at:%Y%m%dT%H%M%S}Z{_PART}"
        part.mkdir(mode=0o700)
        (part / "tables").mkdir(mode=0o700)
        return part

    def finish(self, part: Path, manifest: Manifest) -> Backup:
        """From now on it is the newest."""
        write_synced(part / MANIFEST, manifest.model_dump_json(indent=1).encode())
        fsync_directory(part / "tables")
        fsync_directory(part)
        target = part.with_name(part.name.removesuffix(_PART))
        if target.exists():
            raise BackupError(f"{target.name} is there already; wait a second")
        part.replace(target)
        fsync_directory(self._backups)
        return Backup(target, manifest)

    def whole(self) -> list[Backup]:
        """Those that can be restored, the oldest first.

        Raises:
            BackupError: a manifest cannot be read.
        """
        found = sorted(self._backups.glob(f"*Z/{MANIFEST}"))
        return [Backup(path.parent, _manifest(path)) for path in found]

    def chosen(self, name: str | None) -> Backup:
        """The newest, or the one of this name.

        Raises:
            BackupError: there is none.
        """
        whole = [backup for backup in self.whole() if name in {None, backup.path.name}]
        if not whole:
            raise BackupError(f"{self.directory}: no whole backup {name or ''}".rstrip())
        return whole[-1]

    def forget(self, before: datetime) -> int:
        """Remove backups that ended before, but never the newest, and files that none of the rest names; how many."""
        whole = self.whole()
        old = [backup for backup in whole[:-1] if backup.manifest.ended_at < before]
        for backup in old:
            (backup.path / MANIFEST).unlink()  # first, so that half of one is none
            shutil.rmtree(backup.path)
        named = {file.sha256 for backup in whole if backup not in old for file in backup.files()}
        for path in self._files.glob("*/*/*"):
            if path.name not in named:
                path.unlink()
        return len(old)


def kept_since(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def described(folder: Path, name: str) -> Member:
    digest, size_bytes = hashlib.sha256(), 0
    with (folder / name).open("rb") as file:
        while piece := file.read(_READ_BYTES):
            digest.update(piece)
            size_bytes += len(piece)
    return Member(name=name, bytes=size_bytes, sha256=digest.hexdigest())


def write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _manifest(path: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError):
        raise BackupError(f"{path}: no manifest of a backup") from None
    if manifest.format != FORMAT:
        raise BackupError(f"{path}: {manifest.format}; this release reads {FORMAT}")
    return manifest
