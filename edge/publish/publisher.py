"""Carries the outbox to the broker, for as long as it takes.

A message is sent again after every reconnection, and when the room's ack does not come in time; the broker's own
acknowledgement delivers nothing.
"""

from __future__ import annotations

import logging
import queue
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import uuid_utils.compat

from edge.errors import OutboxError
from edge.publish.connection import (
    ANSWER_S,
    Acked,
    BrokerError,
    Commanded,
    Connected,
    Connection,
    Ended,
    Happening,
    Subscribed,
    Taken,
    Woken,
    with_id,
)
from edge.publish.in_flight import InFlight
from wire import message as wire_message
from wire import topics
from wire.control import AckMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from threading import Event
    from uuid import UUID

    from edge.clock import Clock
    from edge.health.pulse import Pulse
    from edge.outbox import Outbox
    from edge.publish.connection import BrokerSettings
    from edge.publish.traced import Traced
    from wire.device import MetricsMessage, PositionMessage, StatusMessage

log = logging.getLogger(__name__)

_BACK_OFF_FIRST_S, _BACK_OFF_LONGEST_S = 1.0, 60.0
_SETTLED_S = 30.0
"""A connection that lasted so long ends the back-off."""
METRICS_EVERY_S = 10.0
_TIDY_EVERY_S = 3600.0
_FAREWELL_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a command."""

    payload: bytes
    command_id: UUID


class Commands(Protocol):
    """Who obeys the room. Called on the publisher's thread, so never for long; its answers wake the publisher."""

    def take(self, payload: bytes) -> None:
        """A command came; whether it is one, and the room's, is for the taker to find out."""

    def due(self, now_s: float) -> Collection[Answer]:
        """What is to be sent now."""

    def next_s(self) -> float | None:
        """When something is to be sent again, on the monotonic clock."""

    def acknowledge(self, message_ids: Iterable[UUID]) -> None:
        """The room has these; some of them may be answers."""

    def lost(self) -> None:
        """The connection is gone: what the room has not acknowledged must be sent again."""


class Publisher:
    """One thread: connects, sends, listens for acks, and begins again when the broker goes."""

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        outbox: Outbox,
        clock: Clock,
        stop: Event,
        status: Callable[[bool, str], StatusMessage],
        metrics: Callable[[], MetricsMessage],
        commands: Commands | None = None,
        positions: Callable[[], Collection[PositionMessage]] = tuple,
        pulse: Pulse,
        traced: Traced | None = None,
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._clock = clock
        self._stop = stop
        self._status = status
        self._metrics = metrics
        self._commands = commands
        self._positions = positions
        self._pulse = pulse
        self._traced = traced
        self._happenings: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._in_flight = InFlight()
        self._status_due = True
        self._metrics_at_s = 0.0
        self._tidy_at_s = 0.0

    def wake(self) -> None:
        """There is a new message in the outbox, or it is time to stop. From any thread."""
        self._happenings.put(Woken())

    def status_changed(self) -> None:
        """From any thread."""
        self._status_due = True
        self.wake()

    def run(self) -> None:
        delay_s = _BACK_OFF_FIRST_S
        while not self._stop.is_set():
            began_s = self._clock.monotonic_s()
            self._pulse.beat()
            try:
                self._serve()
            except (BrokerError, OutboxError) as error:
                log.warning("%s; trying again in about %.0f s", error, delay_s)
            if self._clock.monotonic_s() - began_s > _SETTLED_S:
                delay_s = _BACK_OFF_FIRST_S
            self._clock.wait(self._stop, delay_s * random.uniform(0.7, 1.3))
            delay_s = min(delay_s * 2, _BACK_OFF_LONGEST_S)

    def _serve(self) -> None:
        """One connection from its beginning to its end."""
        self._happenings = queue.SimpleQueue()
        self._in_flight.lost()
        if self._traced is not None:
            self._traced.lost()
        if self._commands is not None:
            self._commands.lost()
        self._status_due = True
        connection = Connection(self._settings, self._happenings, self._status(False, "connection lost"))
        try:
            connection.open()
            self._expect(Connected)
            heard = (topics.ACKS,) if self._commands is None else (topics.ACKS, topics.COMMANDS)
            connection.subscribe(*(topic.of(self._settings.device_id) for topic in heard))
            self._expect(Subscribed)
            log.info("connected to the broker at %s:%d", self._settings.host, self._settings.port)
            while not self._stop.is_set():
                self._pulse.beat()
                self._send_due(connection)
                self._take(self._next_happening())
            self._say_farewell(connection)
        finally:
            connection.close()

    def _expect(self, kind: type[Connected | Subscribed]) -> None:
        """Wait for the broker's answer, which may be a refusal."""
        until_s = self._clock.monotonic_s() + ANSWER_S
        while (left_s := until_s - self._clock.monotonic_s()) > 0 and not self._stop.is_set():
            try:
                happening = self._happenings.get(timeout=left_s)
            except queue.Empty:
                break
            if isinstance(happening, kind):
                if happening.refused is not None:
                    raise BrokerError(f"the broker refuses: {happening.refused}")
                return
            if isinstance(happening, Ended):
                raise BrokerError(f"the broker ended the connection: {happening.reason}")
        raise BrokerError(f"the broker at {self._settings.host}:{self._settings.port} does not answer")

    def _send_due(self, connection: Connection) -> None:
        now_s = self._clock.monotonic_s()
        again = self._in_flight.drop_overdue(now_s)
        if again:
            log.info("sending %d messages again that the room has not acknowledged", again)
        if self._status_due:
            self._status_due = False
            connection.publish(topics.STATUS, *with_id(self._status(True, "")))
        for pending in self._outbox.pending(self._in_flight.room, but=self._in_flight):
            traceparent = self._traceparent(pending.message_id, len(pending.payload))
            connection.publish(topics.EVENTS, pending.payload, pending.message_id, traceparent)
            self._in_flight.sent(pending.message_id, now_s)
        for answer in () if self._commands is None else self._commands.due(now_s):
            connection.publish(topics.REPLIES, answer.payload, answer.command_id)
        for position in self._positions():
            connection.publish(topics.POSITIONS, position.to_json(), uuid_utils.compat.uuid7())
        if now_s >= self._metrics_at_s:
            self._metrics_at_s = now_s + METRICS_EVERY_S
            connection.publish(topics.METRICS, self._metrics().to_json(), uuid_utils.compat.uuid7())
        if now_s >= self._tidy_at_s:
            self._tidy_at_s = now_s + _TIDY_EVERY_S
            self._outbox.forget_delivered()

    def _traceparent(self, message_id: UUID, payload_bytes: int) -> str | None:
        return None if self._traced is None else self._traced.sent(message_id, payload_bytes)

    def _next_happening(self) -> Happening | None:
        answer_s = None if self._commands is None else self._commands.next_s()
        due_s = min(at_s for at_s in (self._metrics_at_s, self._in_flight.next_s(), answer_s) if at_s is not None)
        try:
            return self._happenings.get(timeout=max(0.0, due_s - self._clock.monotonic_s()))
        except queue.Empty:
            return None

    def _take(self, happening: Happening | None) -> None:
        """Take one happening and all that wait behind it."""
        acked: list[UUID] = []
        while happening is not None:
            match happening:
                case Ended(reason):
                    raise BrokerError(f"the connection to the broker is lost: {reason}")
                case Acked(payload):
                    acked += self._read_ack(payload)
                case Commanded(payload) if self._commands is not None:
                    self._acknowledge(acked)  # what came before it tells whether it is a replay
                    acked = []
                    self._commands.take(payload)
                case Taken(_, refused) if refused is not None:
                    log.error("the broker refuses a message: %s", refused)
                case _:
                    pass
            try:
                happening = self._happenings.get_nowait()
            except queue.Empty:
                happening = None
        self._acknowledge(acked)

    def _acknowledge(self, acked: list[UUID]) -> None:
        if not acked:
            return
        self._outbox.acknowledge(acked)
        if self._commands is not None:
            self._commands.acknowledge(acked)
        if self._traced is not None:
            self._traced.acked(acked)
        self._in_flight.acked(acked)
        self._in_flight.hurry(self._clock.monotonic_s())

    def _read_ack(self, payload: bytes) -> list[UUID]:
        try:
            ack, _ = wire_message.read(AckMessage, payload)
        except wire_message.UnreadableMessageError as error:
            log.warning("an ack of the room cannot be read: %s", error)
            return []
        return ack.message_ids

    def _say_farewell(self, connection: Connection) -> None:
        mid = connection.publish(topics.STATUS, *with_id(self._status(False, "stopped")))
        until_s = self._clock.monotonic_s() + _FAREWELL_S
        while (left_s := until_s - self._clock.monotonic_s()) > 0:
            try:
                happening = self._happenings.get(timeout=left_s)
            except queue.Empty:
                return
            if isinstance(happening, Ended) or (isinstance(happening, Taken) and happening.mid == mid):
                return
