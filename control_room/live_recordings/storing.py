"""Copies a finished file into the store, in the transaction that makes its row."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from control_room.database import sql
from control_room.store.staging import Incoming

if TYPE_CHECKING:
    from pathlib import Path

    from control_room.database import pool
    from control_room.store.content import Store

_QUERIES = sql.load(__file__)
_PIECE_BYTES = 1024 * 1024


def put(connection: pool.Connection, store: Store, path: Path) -> tuple[str, int]:
    """A copy into the store; its SHA-256 and size. Raises StoreFullError, StoreAwayError."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        connection.execute(_QUERIES["lock_content"], {"sha256": sha256})
        file.seek(0)
        with Incoming(store) as incoming:
            while piece := file.read(_PIECE_BYTES):
                incoming.write(piece)
            incoming.keep()
            return incoming.sha256, incoming.size_bytes
