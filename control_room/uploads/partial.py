"""Files that are coming in piece by piece. How far one is, its size on the disk says: there is no other record.

STAGING/uploads/<upload_id>        so much of the file as has come; held by one writer at a time
STAGING/uploads/<upload_id>.from   while a piece with a checksum comes: where it began; what lies behind is unproven
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import http
import os
import uuid
from io import BufferedRandom, BufferedReader
from typing import TYPE_CHECKING, Self

from control_room import problems
from control_room.store.staging import disk_full_is_a_problem, fsync_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from control_room.store.content import Store

_MARK = ".from"
_COPY_BYTES = 4 * 1024 * 1024
_HEAD_BYTES = 4096


class LockedError(problems.ProblemError):
    """Another request writes to this upload."""

    status = http.HTTPStatus.LOCKED
    name = "upload-locked"


class Uploads:
    """The directory. Safe for several threads and processes at once."""

    def __init__(self, store: Store) -> None:
        self.directory = store.staging.uploads

    def path(self, upload_id: uuid.UUID) -> Path:
        return self.directory / str(upload_id)

    def begin(self, upload_id: uuid.UUID) -> None:
        """Make the file where it is missing."""
        with disk_full_is_a_problem():
            os.close(os.open(self.path(upload_id), os.O_RDONLY | os.O_CREAT, 0o600))

    def offset(self, upload_id: uuid.UUID) -> int | None:
        """How many bytes are there; None: there is no such file."""
        with contextlib.suppress(FileNotFoundError):
            path = self.path(upload_id)
            size_bytes, mark = path.stat().st_size, _marked(path)
            return size_bytes if mark is None else min(size_bytes, mark)
        return None

    def remove(self, upload_id: uuid.UUID) -> None:
        path = self.path(upload_id)
        path.unlink(missing_ok=True)
        _mark_of(path).unlink(missing_ok=True)

    def old(self, older_than: float) -> Iterator[uuid.UUID]:
        """Those last written before `older_than` (Unix time); what else lies there so long is removed."""
        for path in list(self.directory.iterdir()):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime >= older_than:
                    continue
                try:
                    yield uuid.UUID(path.name)
                except ValueError:
                    if path.suffix != _MARK or not path.with_suffix("").exists():
                        path.unlink()


class Partial:
    """One upload while a piece is added to it, or while it is kept as a whole."""

    def __init__(self, path: Path, store: Store) -> None:
        """Take hold of it; what a crash left of an unproven piece is gone then.

        Raises:
            FileNotFoundError: there is no such upload.
            LockedError: another request has it.
        """
        self.path = path
        self._store = store
        try:
            descriptor = os.open(path, os.O_RDWR)
        except PermissionError:  # whole, and kept already: a crash came between that and the database
            descriptor = os.open(path, os.O_RDONLY)
        self._file: BufferedRandom | BufferedReader
        self._file = os.fdopen(descriptor, "rb") if _is_read_only(descriptor) else os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.fstat(descriptor).st_nlink:
                raise FileNotFoundError(path)  # removed while it was opened
            mark = _marked(path)
            if mark is not None:
                self._cut(mark)
        except OSError as error:
            self._file.close()
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
                raise LockedError from None
            raise
        self.size_bytes = self._file.seek(0, os.SEEK_END)
        self._began = self.size_bytes
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        """Of all that has come."""
        if not self._sha256:
            self._file.flush()
            self._file.seek(0)
            self._sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
        return self._sha256

    @property
    def head(self) -> bytes:
        """Its first 4 KiB."""
        self._file.flush()
        return os.pread(self._file.fileno(), _HEAD_BYTES, 0)

    def mark(self) -> None:
        """What comes from here on is unproven until `sync`."""
        mark = _mark_of(self.path)
        with disk_full_is_a_problem():
            descriptor = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, str(self.size_bytes).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            fsync_directory(mark.parent)

    def write(self, chunk: bytes) -> None:
        with disk_full_is_a_problem():
            self._file.write(chunk)
            self._file.flush()
        self.size_bytes += len(chunk)

    def sync(self) -> None:
        """On return what has come survives a power cut."""
        with disk_full_is_a_problem():
            os.fsync(self._file.fileno())
        _mark_of(self.path).unlink(missing_ok=True)

    def give_back(self) -> None:
        """Nothing of the present piece stays."""
        with contextlib.suppress(OSError):  # a full disk refuses the last flush
            self._file.flush()
        self._cut(self._began)
        self.size_bytes = self._file.seek(0, os.SEEK_END)

    def join(self, parts: Iterable[Partial]) -> None:
        """Become what these are one after the other."""
        self._cut(0)
        with disk_full_is_a_problem():
            for part in parts:
                at = 0
                while at < part.size_bytes:
                    at += os.copy_file_range(part.descriptor, self.descriptor, _COPY_BYTES, at)
        self.size_bytes = self._file.seek(0, os.SEEK_END)

    @property
    def descriptor(self) -> int:
        return self._file.fileno()

    def keep(self) -> None:
        """Put the whole file under its hash; on return it survives a power cut.

        It stays here too, without taking place, until the database knows of it: a crash between the two costs nothing.
        """
        second = self.path.with_suffix(".whole")
        second.unlink(missing_ok=True)
        os.link(self.path, second)
        self._store.put(self._file, second, self.sha256)
        second.unlink(
            missing_ok=True
        )  # left there where it was kept before: a rename of one file to itself does nothing

    def _cut(self, size_bytes: int) -> None:
        os.ftruncate(self._file.fileno(), size_bytes)
        self._file.seek(0, os.SEEK_END)
        _mark_of(self.path).unlink(missing_ok=True)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # a full disk may refuse the last flush; what came before it stays
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _is_read_only(descriptor: int) -> bool:
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY


def _mark_of(path: Path) -> Path:
    return path.with_suffix(_MARK)


def _marked(path: Path) -> int | None:
    """Where an unproven piece began; None: there is none. A mark that was not written to its end marks nothing yet."""
    try:
        text = _mark_of(path).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    return int(text) if text.isdecimal() else None
