"""`talaia-room worker`: from the broker into the database. It commits first and acks after.

`broker.Inbox` -> `Waiting.take` -> `reading.read` -> `storing.store` (one transaction) -> `Delivery.settle`,
`Inbox.ack`. What is not committed stays unacked, so the broker, and behind it the device's outbox, still has it.

Several workers share the events; one of them leads (`leading.py`).
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from control_room import config, tracing
from control_room.broker_access.keeping import Keeping
from control_room.database import pool
from control_room.enrolment import authority
from control_room.ingest import broker, reading, storing
from control_room.ingest.ahead import Ahead, Batch, suit_process
from control_room.ingest.leading import HUNG_AFTER, Leading
from control_room.ingest.traced import TracedBatch
from control_room.ingest.waiting import Waiting
from control_room.retention.rounds import Rounds
from running.watchdog import Watchdog
from wire import topics

_LOG = logging.getLogger(__name__)
STUCK_AFTER_S = 30.0
"""Messages that wait for so long without being read: whoever reads them hangs."""
_IDLE_S = 0.1  # how long the loop waits for a first message before it looks at its other duties
_BACK_OFF_MIN_S, _BACK_OFF_MAX_S = 0.5, 15.0
_STOP_TURNS, _STOP_TURN_S = 40, 0.1
_LAST_SPANS_S = 1.0
_RECEIVE_MAXIMUM = 65_535  # MQTT's own limit; `Waiting` bounds the bytes, and must see far to be fair


def run(settings: config.Settings, stop: threading.Event) -> None:
    """Work until `stop` is set; a broker or database that is away is waited for."""
    worker = Worker(settings, stop, lambda: datetime.now(UTC))
    try:
        worker.run()
    finally:
        worker.close()


def exit_if_stuck() -> None:
    """Called once a stop is asked for: ends the process if the database holds it up. Nothing is lost by that."""
    threading.Thread(target=_exit_in_time, name="exit", daemon=True).start()


def _exit_in_time() -> None:
    """By turns of its own: a machine that stood still has not held it up."""
    for _ in range(_STOP_TURNS):
        time.sleep(_STOP_TURN_S)
    os._exit(1)


class Worker:
    """One connection to each side."""

    def __init__(self, settings: config.Settings, stop: threading.Event, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._stop = stop
        self._clock = clock
        self._waiting = Waiting()
        self._inbox = broker.Inbox(
            settings.mqtt,
            self._waiting,
            client_id=f"{settings.mqtt.client_id}-{settings.ingest.worker}",
            shares=(topics.EVENTS,),
            receive_maximum=_RECEIVE_MAXIMUM,
        )
        self._connection: pool.Connection | None = None
        self._leading = Leading(settings, self._waiting, self._inbox)
        town = authority.load(settings.enrolment) if settings.broker.admin_url else None
        self._keeping = None if town is None else Keeping(settings, town, stop)
        self._rounds = Rounds(settings, stop, clock)
        self._tracing = tracing.start(
            settings.tracing, service="talaia-worker", instance=f"{settings.mqtt.client_id}-{settings.ingest.worker}"
        )
        limits = settings.ingest
        self._ahead = Ahead(self._waiting, limits.batch_messages, limits.batch_ms / 1000, self._tracing)
        self._warned: set[str] = set()
        self._watchdog = Watchdog()
        self._moved_s = time.monotonic()
        """When a batch last came, or there was nothing to come."""

    def run(self) -> None:
        self._inbox.start()
        self._rounds.start()
        if self._keeping is not None:
            self._keeping.thread.start()
        self._ahead.start()
        suit_process()
        self._watchdog.ready()  # a broker or a database that is away is waited for
        while not self._stop.is_set():
            if time.monotonic() - self._moved_s < STUCK_AFTER_S:
                self._watchdog.turn(self._status)
            batch = self._ahead.next(_IDLE_S)
            if batch is not None or self._waiting.is_all_done():
                self._moved_s = time.monotonic()
            if batch is not None:
                self._ingest(batch)
                self._waiting.done(len(batch.outcomes))
            self._do_chores()

    def close(self) -> None:
        self._watchdog.stopping()
        self._waiting.close()
        self._ahead.close()
        self._leading.lose()
        self._inbox.stop()
        if self._connection is not None:
            self._connection.close()
        if self._tracing is not None:
            self._tracing.close(_LAST_SPANS_S)

    def _ingest(self, batch: Batch) -> None:
        """Until it is stored, or a stop is asked for: then the broker still has it."""
        self._warn(batch.outcomes)
        if batch.trace is not None:
            batch.trace.mark("queue")
        stored = self._persist(batch.outcomes, batch.trace)
        if stored is None:
            return
        for outcome in batch.outcomes:
            outcome.delivery.settle()
        for device_id, message_ids in stored.acks.items():
            self._inbox.ack(device_id, message_ids)
        if batch.trace is not None:
            batch.trace.mark("ack")
            batch.trace.end()
        for refused in stored.refused:
            _LOG.warning("dead letter on %s: %s: %s", refused.delivery.topic, refused.reason, refused.detail)

    def _persist(self, outcomes: list[reading.Outcome], trace: TracedBatch | None) -> storing.Stored | None:
        delay_s = _BACK_OFF_MIN_S
        while not self._stop.is_set():
            self._watchdog.turn(self._status)
            try:
                connection = self._connected()
                # What the lead brought is another's, where the lead was lost since.
                ours = [outcome for outcome in outcomes if outcome.delivery.is_ours]
                return storing.store(connection, ours, self._clock(), trace=trace)
            except psycopg.errors.TransactionRollback as error:  # two wanted the same: the other one has it now
                _LOG.warning("the database has it tried again: %s", pool.one_line(error))
                continue
            except (psycopg.Error, pool.UnreachableError) as error:
                self._lose(error)
            self._stop.wait(delay_s * random.uniform(0.75, 1.25))
            delay_s = min(2 * delay_s, _BACK_OFF_MAX_S)
        return None

    def _status(self) -> str:
        """A line for `systemctl status`."""
        broker_is = "connected" if self._inbox.hears_since else "away"
        database_is = "connected" if self._connection else "away"
        return f"broker {broker_is}, database {database_is}, {len(self._waiting)} messages wait"

    def _connected(self) -> pool.Connection:
        if self._connection is None:
            connection = pool.connect(self._settings.database.url, autocommit=True)
            storing.bind(connection, HUNG_AFTER)
            storing.prepare(connection)
            self._connection = connection
            _LOG.info("connected to the database")
        return self._connection

    def _lose(self, error: Exception) -> None:
        _LOG.error("the database does not take it: %s", pool.one_line(error))
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._leading.lose()

    def _do_chores(self) -> None:
        try:
            self._leading.do_due(self._connected, self._clock())
        except (psycopg.Error, pool.UnreachableError) as error:
            self._lose(error)

    def _warn(self, outcomes: list[reading.Outcome]) -> None:
        """Once for each thing that a newer version said and this one leaves out."""
        for outcome in outcomes:
            for warning in getattr(outcome, "warnings", ()):
                if warning not in self._warned and len(self._warned) < 1000:  # noqa: PLR2004 - a bound, no measure
                    self._warned.add(warning)
                    _LOG.warning("%s: %s", outcome.delivery.topic, warning)
