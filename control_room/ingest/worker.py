"""`talaia-room worker`: from the broker into the database. It commits first and acks after.

`broker.Inbox.take` -> `reading.read` -> `storing.store` (one transaction) -> `Inbox.settle`, `Inbox.ack`. What is not
committed stays unacked, so the broker, and behind it the device's outbox, still has it.
"""

from __future__ import annotations

import logging
import os
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from control_room import config
from control_room.commands import keys
from control_room.commands.resending import Resending
from control_room.commands.sending import Sending
from control_room.database import pool
from control_room.ingest import broker, housekeeping, reading, storing
from control_room.ingest.delivery import Delivery

_LOG = logging.getLogger(__name__)
_IDLE_S = 0.5  # how long the loop waits for a first message before it looks at its other duties
_BACK_OFF_MIN_S, _BACK_OFF_MAX_S = 0.5, 15.0
_STOP_WITHIN_S = 4.0


def run(settings: config.Settings, stop: threading.Event) -> None:
    """Work until `stop` is set; a broker or database that is away is waited for."""
    worker = Worker(settings, stop, lambda: datetime.now(UTC))
    try:
        worker.run()
    finally:
        worker.close()


def exit_if_stuck() -> None:
    """Called once a stop is asked for: ends the process if the database holds it up. Nothing is lost by that."""
    timer = threading.Timer(_STOP_WITHIN_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


class Worker:
    """One connection to each side."""

    def __init__(self, settings: config.Settings, stop: threading.Event, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._stop = stop
        self._clock = clock
        # As much again as a batch, so that the next one gathers while this one is committed.
        self._inbox = broker.Inbox(settings.mqtt, min(65_535, 2 * settings.ingest.batch_messages))
        self._connection: pool.Connection | None = None
        self._housekeeping = housekeeping.Housekeeping(settings.mqtt.client_id)
        self._sending = Sending()
        self._resending = Resending(settings.commands, keys.load(settings.commands))
        self._warned: set[str] = set()

    def run(self) -> None:
        self._inbox.start()
        limits = self._settings.ingest
        while not self._stop.is_set():
            batch = self._inbox.take(limits.batch_messages, limits.batch_ms / 1000, _IDLE_S)
            if batch:
                self._ingest(batch)
            self._do_chores()

    def close(self) -> None:
        self._inbox.stop()
        if self._connection is not None:
            self._connection.close()

    def _ingest(self, batch: list[Delivery]) -> None:
        """Until it is stored, or a stop is asked for: then the broker still has it."""
        outcomes = [reading.read(delivery) for delivery in batch]
        self._warn(outcomes)
        stored = self._persist(lambda connection: storing.store(connection, outcomes, self._clock()))
        if stored is None:
            return
        self._inbox.settle(batch)
        for device_id, message_ids in stored.acks.items():
            self._inbox.ack(device_id, message_ids)
        for refused in stored.refused:
            _LOG.warning("dead letter on %s: %s: %s", refused.delivery.topic, refused.reason, refused.detail)

    def _persist(self, work: Callable[[pool.Connection], storing.Stored]) -> storing.Stored | None:
        delay_s = _BACK_OFF_MIN_S
        while not self._stop.is_set():
            try:
                return work(self._connected())
            except (psycopg.Error, pool.UnreachableError) as error:
                self._lose(error)
            self._stop.wait(delay_s * random.uniform(0.75, 1.25))
            delay_s = min(2 * delay_s, _BACK_OFF_MAX_S)
        return None

    def _connected(self) -> pool.Connection:
        if self._connection is None:
            connection = pool.connect(self._settings.database.url, autocommit=True)
            storing.prepare(connection)
            self._connection = connection
            _LOG.info("connected to the database")
        return self._connection

    def _lose(self, error: Exception) -> None:
        _LOG.error("the database does not take it: %s", pool.one_line(error))
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _do_chores(self) -> None:
        try:
            if self._sending.is_due():
                self._sending.run(self._connected, self._inbox.command, self._clock())
            if self._resending.is_due():
                self._resending.run(self._connected, self._clock())
            if not self._housekeeping.is_due():
                return
            self._housekeeping.run(
                self._connected,
                broker_since=self._inbox.connected_since,
                has_caught_up=self._inbox.is_empty(),
                now=self._clock(),
            )
        except (psycopg.Error, pool.UnreachableError) as error:
            self._lose(error)

    def _warn(self, outcomes: list[reading.Outcome]) -> None:
        """Once for each thing that a newer version said and this one leaves out."""
        for outcome in outcomes:
            for warning in getattr(outcome, "warnings", ()):
                if warning not in self._warned and len(self._warned) < 1000:  # noqa: PLR2004 - a bound, no measure
                    self._warned.add(warning)
                    _LOG.warning("%s: %s", outcome.delivery.topic, warning)
