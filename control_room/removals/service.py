"""Files that leave the store: first their rows go, in a transaction that notes them, and only then they themselves.

A process that is killed in between leaves no row without its file, and no file that nobody knows: the note stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room.database import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from control_room.database import pool
    from control_room.store.content import Store

_QUERIES = sql.load(__file__)


def note(connection: pool.Connection, sha256s: Iterable[str], now: datetime) -> None:
    """In the transaction in which their rows go."""
    connection.execute(_QUERIES["note"], {"sha256s": list(sha256s), "now": now})


def take_out(connection: pool.Connection, store: Store, is_stopped: Callable[[], bool] = lambda: False) -> int:
    """What was noted, out of the store, one transaction each; how many files went. Several processes may be at it.

    The connection is in no transaction.

    Raises:
        StoreAwayError: what is left is taken out another time.
    """
    removed = 0
    while not is_stopped():
        with connection.transaction():
            row = connection.execute(_QUERIES["next"]).fetchone()
            if row is None:
                break
            given = {"sha256": row[0]}
            connection.execute(_QUERIES["lock_content"], given)
            if connection.execute(_QUERIES["uses_content"], given).fetchone() == (False,):
                store.remove(row[0])
                removed += 1
            connection.execute(_QUERIES["forget"], given)
    return removed
