"""The store on a local disk.

DIRECTORY/sha256/ab/cd/abcd...   kept files, mode 0440, never written again
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, BinaryIO

from control_room.store.content import READ_BYTES, Content, NoSuchContentError
from control_room.store.staging import Staging, disk_full_is_a_problem, fsync_directory, make_directories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LocalStore:
    """See `control_room.store.content.Store`."""

    def __init__(self, directory: Path) -> None:
        self._kept = directory / "sha256"
        make_directories(self._kept)
        self.staging = Staging(directory)

    def path(self, sha256: str) -> Path:
        return self._kept / sha256[:2] / sha256[2:4] / sha256

    def put(self, file: BinaryIO, path: Path, sha256: str) -> None:
        with disk_full_is_a_problem():
            file.flush()
            os.fchmod(file.fileno(), 0o440)
            os.fsync(file.fileno())
            target = self.path(sha256)
            make_directories(target.parent)
            path.replace(target)
            fsync_directory(target.parent)

    def size_bytes(self, sha256: str) -> int | None:
        with contextlib.suppress(FileNotFoundError):
            return self.path(sha256).stat().st_size
        return None

    def read(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NoSuchContentError(sha256) from None
        return _pieces(file, first, last)

    def remove(self, sha256: str) -> None:
        path = self.path(sha256)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            fsync_directory(path.parent)

    def contents(self) -> Iterator[Content]:
        for path in self._kept.glob("*/*/*"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                found = path.stat()
                yield Content(path.name, found.st_size, found.st_mtime)


def _pieces(file: BinaryIO, first: int, last: int | None) -> Iterator[bytes]:
    with file:
        left = os.fstat(file.fileno()).st_size - first if last is None else last - first + 1
        file.seek(first)
        while left > 0 and (piece := file.read(min(left, READ_BYTES))):
            left -= len(piece)
            yield piece
