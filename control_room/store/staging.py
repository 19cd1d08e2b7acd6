"""Files on their way in, always on a local disk: the one of a local store, so that keeping a file is a rename.

DIRECTORY/incoming/...   whole files, while they come; what a crash left there is removed after an hour
DIRECTORY/uploads/...    files that come piece by piece (control_room/uploads)
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO, Self

from control_room.store.content import StoreFullError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from control_room.store.content import Store

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_HEAD_BYTES = 4096


class Staging:
    """The directories. Safe for several threads and processes at once."""

    def __init__(self, directory: Path) -> None:
        self.incoming = directory / "incoming"
        self.uploads = directory / "uploads"
        make_directories(self.incoming)
        make_directories(self.uploads)

    def clear_incoming(self, older_than: float) -> int:
        """Remove what a crash left half-received: files last written before `older_than` (Unix time). Their number."""
        removed = 0
        for path in self.incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    removed += 1
        return removed


class Incoming:
    """A file on its way in, hashed while it is written. Removed at the end of the `with` block unless kept."""

    def __init__(self, store: Store) -> None:
        """Begin it.

        Raises:
            StoreFullError: also from `write` and `keep`.
        """
        self._store = store
        self._hash = hashlib.sha256()
        self._head = b""
        self.size_bytes = 0
        with disk_full_is_a_problem():
            descriptor, name = tempfile.mkstemp(dir=store.staging.incoming)
        self.path = store.staging.incoming / name
        self._file: BinaryIO = os.fdopen(descriptor, "wb")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def head(self) -> bytes:
        """Its first 4 KiB."""
        return self._head

    def write(self, chunk: bytes) -> None:
        with disk_full_is_a_problem():
            self._file.write(chunk)
        self._hash.update(chunk)
        self._head += chunk[: _HEAD_BYTES - len(self._head)]
        self.size_bytes += len(chunk)

    def keep(self) -> None:
        """Put the file under its hash; on return it survives a power cut."""
        self._store.put(self._file, self.path, self.sha256)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):  # a full disk may refuse the last flush; the file goes anyway
            self._file.close()
        self.path.unlink(missing_ok=True)


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
        fsync_directory(each.parent)


def fsync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
