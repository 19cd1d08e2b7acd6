"""What the worker does to the stored rows by the clock, in a thread and over a connection of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

import psycopg

from control_room import config
from control_room.counts import service as counts
from control_room.database import pool
from control_room.problems import ProblemError
from control_room.retention import limits, service
from control_room.store import opening

_COUNT_EVERY_S = 10.0
_RETAIN_EVERY_S = 3600.0
_log = logging.getLogger(__name__)


class Rounds:
    """Folds the counts and removes what is due, until stopped. A database or store that is away costs time only."""

    def __init__(self, settings: config.Settings, stop: threading.Event, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._stop = stop
        self._clock = clock
        self._retain_due = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="rounds", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, within_s: float) -> None:
        """A step that takes longer is ended with the process; it is done again whole."""
        self._thread.join(within_s)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.run()
            except (psycopg.Error, pool.UnreachableError, ProblemError, OSError) as error:
                _log.warning("retention and counts wait: %s", pool.one_line(error))
            self._stop.wait(_COUNT_EVERY_S)

    def run(self) -> None:
        """Once; retention only where it is due."""
        with pool.connect(self._settings.database.url, autocommit=True) as connection:
            counts.fold(connection)
            if time.monotonic() >= self._retain_due:
                self._retain(connection)
                self._retain_due = time.monotonic() + _RETAIN_EVERY_S

    def _retain(self, connection: pool.Connection) -> None:
        now = self._clock()
        run = service.Run(
            connection,
            opening.open_store(self._settings.store),
            limits.at(now, self._settings.retention),
            now,
            is_stopped=self._stop.is_set,
        )
        try:
            for step in run.steps():
                _log.info("retention: %s", step.line())
        except service.BusyError:
            _log.info("another process is at retention")
