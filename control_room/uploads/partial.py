"""Files that are coming in piece by piece. How far one is, its size on the disk says: there is no other record.

DIRECTORY/uploads/<evidence_id>   so much of the file as has come; held by one writer at a time
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import http
import os
from typing import TYPE_CHECKING, Self

from control_room import problems
from control_room.store.staging import disk_full_is_a_problem

if TYPE_CHECKING:
    import uuid
    from io import BufferedRandom
    from pathlib import Path
    from types import TracebackType

    from control_room.store.content import Store


class LockedError(problems.ProblemError):
    """Another request writes to this upload."""

    status = http.HTTPStatus.LOCKED


class Uploads:
    """The directory. Safe for several threads and processes at once."""

    def __init__(self, store: Store) -> None:
        self._directory = store.staging.uploads

    def path(self, evidence_id: uuid.UUID) -> Path:
        return self._directory / str(evidence_id)

    def begin(self, evidence_id: uuid.UUID) -> int:
        """Make the upload where it is missing; how many bytes of it are there."""
        with disk_full_is_a_problem():
            descriptor = os.open(self.path(evidence_id), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def offset(self, evidence_id: uuid.UUID) -> int | None:
        """How many bytes are there; None: there is no such upload."""
        with contextlib.suppress(FileNotFoundError):
            return self.path(evidence_id).stat().st_size
        return None

    def remove(self, evidence_id: uuid.UUID) -> None:
        self.path(evidence_id).unlink(missing_ok=True)

    def clear(self, older_than: float) -> int:
        """Remove what nobody went on with: last written before `older_than` (Unix time). Their number."""
        removed = 0
        for path in self._directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    removed += 1
        return removed


class Partial:
    """One upload while a piece is added to it, or while it is kept as a whole."""

    def __init__(self, path: Path, store: Store) -> None:
        """Take hold of it.

        Raises:
            FileNotFoundError: there is no such upload.
            LockedError: another request has it.
        """
        self.path = path
        self._store = store
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
                raise LockedError from None
            raise
        self._file: BufferedRandom = os.fdopen(descriptor, "r+b")
        self.size_bytes = self._file.seek(0, os.SEEK_END)
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        """Of all that has come."""
        if not self._sha256:
            self._file.flush()
            self._file.seek(0)
            self._sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
        return self._sha256

    def write(self, chunk: bytes) -> None:
        with disk_full_is_a_problem():
            self._file.write(chunk)
            self._file.flush()
        self.size_bytes += len(chunk)

    def sync(self) -> None:
        """On return what has come survives a power cut."""
        with disk_full_is_a_problem():
            os.fsync(self._file.fileno())

    def keep(self) -> None:
        """Put the whole file under its hash; on return it survives a power cut."""
        self._store.put(self._file, self.path, self.sha256)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # a full disk may refuse the last flush; what came before it stays
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
