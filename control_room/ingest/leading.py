"""What one of the workers does for all: it hears what must stay in order, gives commands, and acts by the clock.

Which one, an advisory lock on its connection to the database says. So what it stores over that connection is stored
while it leads: another can only lead once that connection, and its transaction, is gone. One that hangs while its
connection lives on has it ended by the database, at the word of another (`end_hung_leader`).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from control_room.backup import recovering
from control_room.commands import keys, resending, sending
from control_room.configurations import service as configurations
from control_room.database import sql
from control_room.health import service as health
from control_room.ingest import broker, housekeeping, orphans
from control_room.ingest.chores import Chore
from wire import topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_room import config
    from control_room.database import pool
    from control_room.ingest.waiting import Waiting

HUNG_AFTER = timedelta(seconds=20)
"""A leader asks the database for commands to send ten times a second."""

_LOG = logging.getLogger(__name__)
_LOCK = 0x74616C77  # "talw"
_TRY_EVERY_S = 1.0
_SIGN_OF_LIFE_EVERY_S = 10.0
_RETURNING_EVERY_S = 10.0
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
        self._orphans = orphans.Orphans(settings.mqtt, waiting, own.client_id)
        self._own_chores = [Chore(_SIGN_OF_LIFE_EVERY_S, self._give_sign_of_life), Chore(_TRY_EVERY_S, self._try)]
        self._chores = [
            Chore(sending.LOOK_EVERY_S, lambda connection, now: sending.send_due(connection, own.command, now)),
            Chore(sending.EXPIRE_EVERY_S, sending.expire),
            *self._orders(),
            Chore(orphans.LOOK_EVERY_S, self._orphans.look),
            Chore(housekeeping.LOOK_EVERY_S, self._keep_house),
        ]

    def _orders(self) -> list[Chore]:
        """What the room orders by itself: nothing without a key."""
        settings = self._settings.commands
        signer = keys.load(settings)
        if signer is None:
            return []
        after_s = settings.resend_after_s
        return [
            Chore(
                min(resending.LOOK_EVERY_S, after_s),
                lambda connection, now: resending.look(connection, signer, timedelta(seconds=after_s), now),
            ),
            Chore(recovering.LOOK_EVERY_S, lambda connection, now: recovering.look(connection, signer, now)),
            Chore(recovering.LOOK_EVERY_S, lambda connection, now: recovering.look_for_files(connection, signer, now)),
            Chore(_RETURNING_EVERY_S, lambda connection, now: configurations.send_again(connection, signer, now)),
        ]

    def do_due(self, connect: Callable[[], pool.Connection], now: datetime) -> None:
        """Everything that is due.

        Raises:
            psycopg.Error, pool.UnreachableError: the database is away; `lose` must be called.
        """
        for chore in self._own_chores:
            chore.do_if_due(connect, now)
        if self._inbox is not None:
            for chore in self._chores:
                chore.do_if_due(connect, now)

    def lose(self) -> None:
        """The connection to the database is gone, and with it the lead."""
        self._orphans.lose()
        if self._inbox is not None:
            self._inbox.stop()
            self._inbox = None
            _LOG.info("%s leads no more", self._own.client_id)

    def _give_sign_of_life(self, connection: pool.Connection, now: datetime) -> None:
        oldest_at = self._waiting.oldest_at()
        oldest_s = None if oldest_at is None else max(0.0, (now - oldest_at).total_seconds())
        queue = health.Queue(waiting=len(self._waiting), unsettled=self._own.unsettled, oldest_s=oldest_s)
        broker_since = self._own.hears_since
        health.note_worker(connection, self._own.client_id, broker_since=broker_since, now=now, queue=queue)

    def _try(self, connection: pool.Connection, _now: datetime) -> None:
        if self._inbox is not None:
            return
        if not try_to_lead(connection):
            if end_hung_leader(connection, HUNG_AFTER):
                _LOG.warning("the worker that leads says nothing any more; its connection to the database is ended")
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

    def _keep_house(self, connection: pool.Connection, now: datetime) -> None:
        has_caught_up = self._waiting.is_all_done()
        broker_since = None if self._inbox is None else self._inbox.hears_since
        housekeeping.look(connection, now, broker_since=broker_since, has_caught_up=has_caught_up)


def try_to_lead(connection: pool.Connection) -> bool:
    """As long as the connection lives."""
    return connection.execute(_QUERIES["try_to_lead"], {"lock": _LOCK}).fetchone() == (True,)


def end_hung_leader(connection: pool.Connection, after: timedelta) -> bool:
    """Whether the leader's connection was ended, because the database has waited for its next word for so long.

    With it go its lead and its transaction; a leader that wakes up finds that out before it stores anything.
    """
    given = {"lock": _LOCK, "after": after}
    return connection.execute(_QUERIES["end_hung_leader"], given).fetchone() == (True,)
