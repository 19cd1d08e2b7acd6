"""Sessions of workers that live no more: what the broker keeps for them is taken over, and the sessions are ended.

The broker goes on dealing messages to a session whose worker is away. A worker that is started again finds them; for
one that is not, the leading worker comes with its client id, hears nothing new, stores what waits, and ends it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from control_room.database import sql
from control_room.health.service import WORKER_SILENT_AFTER
from control_room.ingest import broker

if TYPE_CHECKING:
    from datetime import datetime

    from control_room import config
    from control_room.database import pool
    from control_room.ingest.waiting import Waiting

_LOG = logging.getLogger(__name__)
LOOK_EVERY_S = 5.0
_DRAINED_AFTER_S = 10.0
_RECEIVE_MAXIMUM = 1000
_QUERIES = sql.load(__file__)


class Orphans:
    """Of the leading worker."""

    def __init__(
        self, settings: config.Mqtt, waiting: Waiting, own_name: str, drained_after_s: float = _DRAINED_AFTER_S
    ) -> None:
        self._settings = settings
        self._waiting = waiting
        self._own_name = own_name
        self._drained_after_s = drained_after_s
        self._adopted: dict[str, broker.Inbox] = {}
        self._since: datetime | None = None
        """When it began to look: whoever lives had as long from then to say so."""

    def look(self, connection: pool.Connection, now: datetime) -> None:
        self._since = self._since or now
        if now - self._since > WORKER_SILENT_AFTER:
            given = {"own": self._own_name, "before": now - WORKER_SILENT_AFTER}
            for (name,) in connection.execute(_QUERIES["silent_workers"], given).fetchall():
                if name.removeprefix(f"{self._settings.client_id}-").isdecimal():
                    self._adopt(name)
        for name, inbox in list(self._adopted.items()):
            self._end_where_done(connection, name, inbox)

    def lose(self) -> None:
        """Somebody else will lead."""
        for inbox in self._adopted.values():
            inbox.stop()
        self._adopted.clear()
        self._since = None

    def _adopt(self, name: str) -> None:
        if name in self._adopted:
            return
        _LOG.warning("%s says nothing any more; what the broker keeps for it is taken over", name)
        inbox = broker.Inbox(
            self._settings, self._waiting, client_id=name, receive_maximum=_RECEIVE_MAXIMUM, gives_way=True
        )
        self._adopted[name] = inbox
        inbox.start()

    def _end_where_done(self, connection: pool.Connection, name: str, inbox: broker.Inbox) -> None:
        if inbox.is_over:
            _LOG.info("%s is back, or the broker was lost", name)
            inbox.stop()
            del self._adopted[name]
        elif inbox.is_drained(self._drained_after_s):
            inbox.end_session()
            del self._adopted[name]
            connection.execute(_QUERIES["forget_worker"], {"worker": name})
            _LOG.info("nothing of %s is left at the broker", name)
