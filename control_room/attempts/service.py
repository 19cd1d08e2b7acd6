"""How often something was tried lately at a door of the room, whichever of its processes was asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from control_room.database import sql

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool

Kind = Literal["login", "enrolment", "live_offer", "live_rewind"]
WINDOW = timedelta(minutes=15)
"""The longest, and what they are forgotten after."""
_QUERIES = sql.load(__file__)


def take(
    connection: pool.Connection, kind: Kind, key: str, limit: int, now: datetime, *, window: timedelta = WINDOW
) -> float:
    """Count one attempt and return 0; where there were `limit` of late, count none and return the seconds to wait."""
    given = {"kind": kind, "key": key, "limit": limit, "now": now, "since": now - window}
    if connection.execute(_QUERIES["take"], given).fetchone() is not None:
        return 0.0
    row = connection.execute(_QUERIES["wait_s"], given).fetchone()
    return 1.0 if row is None else max(1.0, float(row[0]))


def forget(connection: pool.Connection, kind: Kind, *keys: str) -> None:
    """What was tried does not count any more."""
    connection.execute(_QUERIES["forget"], {"kind": kind, "keys": list(keys)})


def forget_old(connection: pool.Connection, now: datetime) -> None:
    connection.execute(_QUERIES["forget_old"], {"before": now - WINDOW})
