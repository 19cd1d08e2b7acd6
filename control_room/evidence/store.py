"""The content-addressed store on a local disk: a file is found by its SHA-256, and is whole or absent.

DIRECTORY/sha256/ab/cd/abcd...   kept files, mode 0440, never written again
DIRECTORY/incoming/...           files on their way in; what a crash left there is removed at the next start
DIRECTORY/uploads/...            large files that come piece by piece (control_room/uploads)
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http
import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO, Self

from control_room import problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StoreFullError(problems.ProblemError):
    """The disk of the evidence store is full; nothing of the file was kept."""

    status = http.HTTPStatus.INSUFFICIENT_STORAGE
    name = "store-full"


class Incoming:
    """A file on its way in, hashed while it is written. Removed at the end of the `with` block unless kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        with disk_full_is_a_problem():
            descriptor, name = tempfile.mkstemp(dir=store.incoming)
        self.path = store.incoming / name
        self._file: BinaryIO = os.fdopen(descriptor, "wb")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        with disk_full_is_a_problem():
            self._file.write(chunk)
        self._hash.update(chunk)
        self.size_bytes += len(chunk)

    def keep(self) -> None:
        """Put the file under its hash; on return it survives a power cut."""
        self._store.take(self._file, self.path, self.sha256)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):  # a full disk may refuse the last flush; the file goes anyway
            self._file.close()
        self.path.unlink(missing_ok=True)


class Store:
    """Files by their SHA-256 under one directory. Safe for several threads and processes at once."""

    def __init__(self, directory: Path) -> None:
        self._kept = directory / "sha256"
        self.incoming = directory / "incoming"
        self.uploads = directory / "uploads"
        make_directories(self._kept)
        make_directories(self.incoming)

    def path(self, sha256: str) -> Path:
        return self._kept / sha256[:2] / sha256[2:4] / sha256

    def files(self) -> Iterator[Path]:
        """All kept files."""
        return self._kept.glob("*/*/*")

    def receive(self) -> Incoming:
        """Begin a new file.

        Raises:
            StoreFullError: also from `write` and `keep`.
        """
        return Incoming(self)

    def take(self, file: BinaryIO, path: Path, sha256: str) -> None:
        """Put the whole open file that lies at `path`, on the same disk, under its hash; it survives a power cut then.

        Raises:
            StoreFullError: it stays where it was.
        """
        with disk_full_is_a_problem():
            file.flush()
            os.fchmod(file.fileno(), 0o440)
            os.fsync(file.fileno())
            target = self.path(sha256)
            make_directories(target.parent)
            path.replace(target)
            _fsync_directory(target.parent)

    def holds(self, sha256: str, size_bytes: int) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return self.path(sha256).stat().st_size == size_bytes
        return False

    def remove(self, sha256: str) -> None:
        path = self.path(sha256)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            _fsync_directory(path.parent)

    def clear_incoming(self, older_than: float) -> int:
        """Remove what a crash left half-received: files last written before `older_than` (Unix time). Their number."""
        removed = 0
        for path in self.incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    removed += 1
        return removed


@contextlib.contextmanager
def disk_full_is_a_problem() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFullError from error
        raise


def make_directories(path: Path) -> None:
    """Also makes the new directories themselves survive a power cut."""
    missing = [path, *path.parents]
    missing = missing[: next(index for index, each in enumerate(missing) if each.is_dir())]
    for each in reversed(missing):
        each.mkdir(mode=0o750, exist_ok=True)
        _fsync_directory(each.parent)


def _fsync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
