"""Connections to the database: plain tuples or dictionaries by request, always in UTC."""

from __future__ import annotations

from typing import Any

import psycopg
import psycopg_pool

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = psycopg_pool.ConnectionPool[Connection]

CONNECT_WITHIN_S = 5
POOLED_WITHIN_S = 5.0
"""How long a caller waits for a connection of the pool, then gets `PoolTimeout`."""
_SESSION = "-c TimeZone=UTC"


class UnreachableError(Exception):
    """The database cannot be reached."""


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """One connection, for a command or the worker.

    Raises:
        UnreachableError: no server, no such database, or it refuses the user; one line.
    """
    try:
        return psycopg.connect(url, autocommit=autocommit, connect_timeout=CONNECT_WITHIN_S, options=_SESSION)
    except psycopg.Error as error:
        raise UnreachableError(one_line(error)) from error


def open_pool(url: str, *, size: int = 10) -> Pool:
    """A pool that reconnects by itself.

    It opens without waiting for the database, so that the service starts, and says so in `/readyz`, while that is away.
    """
    return psycopg_pool.ConnectionPool(
        url,
        connection_class=psycopg.Connection[tuple[Any, ...]],
        kwargs={"connect_timeout": CONNECT_WITHIN_S, "options": _SESSION},
        min_size=1,
        max_size=size,
        timeout=POOLED_WITHIN_S,
        max_idle=300.0,
        reconnect_timeout=0,
        check=psycopg_pool.ConnectionPool.check_connection,
        open=True,
        name="talaia-room",
    )


def one_line(error: BaseException) -> str:
    """What the library said, without its line breaks."""
    return " ".join(str(error).split())
