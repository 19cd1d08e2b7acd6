"""Something that a worker does by the clock, in a transaction of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_room.database import pool

_AWAY_S = 2.0
"""Where it failed, which is where the database is away, it is not tried again before."""


class Chore:
    """Due at once, and then every so often."""

    def __init__(
        self,
        every_s: float,
        work: Callable[[pool.Connection, datetime], object],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`work` gets the server's time."""
        self._every_s = every_s
        self._work = work
        self._clock_s = clock_s
        self._due_s = clock_s()

    def do_if_due(self, connect: Callable[[], pool.Connection], now: datetime) -> None:
        """Connects only where it is due.

        Raises:
            psycopg.Error, pool.UnreachableError: the database is away.
        """
        if self._clock_s() < self._due_s:
            return
        self._due_s = self._clock_s() + max(self._every_s, _AWAY_S)
        connection = connect()
        with connection.transaction():
            self._work(connection, now)
        self._due_s = self._clock_s() + self._every_s
