"""What a store of files by their SHA-256 can do, wherever it keeps them."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from control_room import problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from control_room.store.staging import Staging

READ_BYTES = 1024 * 1024
"""What `read` gives at a time, at most."""


class StoreFullError(problems.ProblemError):
    """The disk of the evidence store is full; nothing of the file was kept."""

    status = http.HTTPStatus.INSUFFICIENT_STORAGE
    name = "store-full"


class StoreAwayError(problems.UnavailableError):
    """The evidence store does not answer; nothing was changed."""


class NoSuchContentError(Exception):
    """The store has no file of this SHA-256."""


@dataclass(frozen=True, slots=True)
class Content:
    """One kept file."""

    sha256: str
    """What its name says; only reading it proves that."""
    bytes: int
    kept_at: float
    """Unix time by the store's clock."""


class Store(Protocol):
    """Safe for several threads and processes at once. A file is whole or absent.

    Every method may raise StoreAwayError where the store is on a network.
    """

    staging: Staging
    """A local directory where files are while they come in."""

    def put(self, file: BinaryIO, path: Path, sha256: str) -> None:
        """Keep the whole open file that lies at `path` in the staging; on return it survives a power cut.

        `path` is gone then. Whoever calls knows that this is its SHA-256.

        Raises:
            StoreFullError: it stays where it was.
        """

    def size_bytes(self, sha256: str) -> int | None:
        """None: there is none."""

    def read(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes from `first` to `last`, both included, or to the end; in pieces.

        Raises:
            NoSuchContentError: at once, not with the first piece.
        """

    def remove(self, sha256: str) -> None:
        """Harmless where there is none."""

    def contents(self) -> Iterator[Content]:
        """All of them, in no order."""
