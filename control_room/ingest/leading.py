"""What one of the workers does for all: it hears what must stay in order, gives commands, and acts by the clock.

Which one, an advisory lock on its connection to the database says. So what it stores over that connection is stored
while it leads: another can only lead once that connection, and its transaction, is gone.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from control_room.backup.recovering import Recovering
from control_room.commands import keys
from control_room.commands.resending import Resending
from control_room.commands.sending import Sending
from control_room.configurations.sending import Returning
from control_room.database import sql
from control_room.health import service as health
from control_room.ingest import broker, housekeeping
from control_room.ingest.orphans import Orphans
from wire import topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_room import config
    from control_room.database import pool
    from control_room.ingest.waiting import Waiting

_LOG = logging.getLogger(__name__)
_LOCK = 0x74616C77  # "talw"
_TRY_EVERY_S = 1.0
_RECEIVE_MAXIMUM = 1000
_HEARS = (topics.STATUS, topics.METRICS, topics.POSITIONS, topics.REPLIES)
_QUERIES = sql.load(__file__)


class Leading:
    """Of one worker; it may or may not lead."""

    def __init__(self, settings: config.Settings, waiting: Waiting, own: broker.Inbox) -> None:
        self._settings = settings
        self._waiting = waiting
        self._own = own
        self._inbox: broker.Inbox | None = None
        """None: another leads."""
        self._try_s = time.monotonic()
        self._sign_of_life = housekeeping.SignOfLife(own.client_id)
        self._housekeeping = housekeeping.Housekeeping()
        self._orphans = Orphans(settings.mqtt, waiting, own.client_id)
        self._sending = Sending()
        signer = keys.load(settings.commands)
        self._resending = Resending(settings.commands, signer)
        self._recovering = Recovering(signer)
        self._returning = Returning(signer)

    def do_due(self, connect: Callable[[], pool.Connection], now: datetime) -> None:
        """Everything that is due.

        Raises:
            psycopg.Error, pool.UnreachableError: the database is away; `lose` must be called.
        """
        if self._sign_of_life.is_due():
            self._sign_of_life.give(connect, self._own.connected_since, now, self._queue(now))
        if self._inbox is None:
            self._try(connect)
        if self._inbox is not None:
            self._lead(connect, self._inbox, now)

    def lose(self) -> None:
        """The connection to the database is gone, and with it the lead."""
        self._orphans.lose()
        if self._inbox is not None:
            self._inbox.stop()
            self._inbox = None
            _LOG.info("%s leads no more", self._own.client_id)

    def _queue(self, now: datetime) -> health.Queue:
        oldest_at = self._waiting.oldest_at()
        oldest_s = None if oldest_at is None else max(0.0, (now - oldest_at).total_seconds())
        return health.Queue(waiting=len(self._waiting), unsettled=self._own.unsettled, oldest_s=oldest_s)

    def _try(self, connect: Callable[[], pool.Connection]) -> None:
        if time.monotonic() < self._try_s:
            return
        self._try_s = time.monotonic() + _TRY_EVERY_S
        if connect().execute(_QUERIES["try_to_lead"], {"lock": _LOCK}).fetchone() != (True,):
            return
        _LOG.info("%s leads", self._own.client_id)
        self._inbox = broker.Inbox(
            self._settings.mqtt,
            self._waiting,
            client_id=self._settings.mqtt.client_id,
            hears=_HEARS,
            receive_maximum=_RECEIVE_MAXIMUM,
        )
        self._inbox.start()

    def _lead(self, connect: Callable[[], pool.Connection], inbox: broker.Inbox, now: datetime) -> None:
        if self._sending.is_due():
            self._sending.run(connect, self._own.command, now)
        if self._resending.is_due():
            self._resending.run(connect, now)
        if self._recovering.is_due():
            self._recovering.run(connect, now)
        if self._returning.is_due():
            self._returning.run(connect, now)
        if self._orphans.is_due():
            self._orphans.look(connect, now)
        if self._housekeeping.is_due():
            has_caught_up = self._waiting.is_all_done()
            self._housekeeping.run(connect, broker_since=inbox.connected_since, has_caught_up=has_caught_up, now=now)
