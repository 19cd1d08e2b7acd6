"""Carries the outbox to the broker, for as long as it takes.

A message is sent again after every reconnection, and when the room's ack does not come in time; the broker's own
acknowledgement delivers nothing. paho calls back on its own thread, where things are only put into a queue.
"""

from __future__ import annotations

import logging
import queue
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import paho.mqtt.client as mqtt
import uuid_utils.compat
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.errors import EdgeError, OutboxError
from wire import message as wire_message
from wire import topics
from wire.control import AckMessage

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Iterable, Iterator
    from threading import Event
    from uuid import UUID

    from edge.clock import Clock
    from edge.health.pulse import Pulse
    from edge.outbox import Outbox
    from wire.device import MetricsMessage, StatusMessage

log = logging.getLogger(__name__)

KEEP_ALIVE_S = 20
IN_FLIGHT_MAX = 100
_ANSWER_S = 10.0
"""How long the broker may take to answer a connection or a subscription."""
_BACK_OFF_FIRST_S, _BACK_OFF_LONGEST_S = 1.0, 60.0
_SETTLED_S = 30.0
"""A connection that lasted so long ends the back-off."""
_ACK_FIRST_S, _ACK_LONGEST_S = 15.0, 60.0
METRICS_EVERY_S = 10.0
_TIDY_EVERY_S = 3600.0
_FAREWELL_S = 1.0


class BrokerError(EdgeError):
    """The broker cannot be reached or refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where the broker is and who we are there."""

    host: str
    port: int
    device_id: str
    user: str | None = None
    password: str | None = None
    trust: ssl.SSLContext | None = None
    """With TLS; None: without."""


@dataclass(frozen=True, slots=True)
class _Ended:
    reason: str


@dataclass(frozen=True, slots=True)
class _Subscribed:
    refused: str | None


@dataclass(frozen=True, slots=True)
class _Connected:
    refused: str | None


@dataclass(frozen=True, slots=True)
class _Acked:
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Commanded:
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Taken:
    """The broker answered a publish."""

    mid: int
    refused: str | None


class _Woken:
    """There is something new to send."""


_Happening = _Ended | _Subscribed | _Connected | _Acked | _Commanded | _Taken | _Woken


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


class InFlight:
    """Messages that were sent and wait for the room's ack; never more than `IN_FLIGHT_MAX`."""

    def __init__(self) -> None:
        self._again_at_s: dict[UUID, float] = {}
        self._wait_s: dict[UUID, float] = {}

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._again_at_s)

    @property
    def room(self) -> int:
        return IN_FLIGHT_MAX - len(self._again_at_s)

    def sent(self, message_id: UUID, now_s: float) -> None:
        wait_s = self._wait_s.get(message_id, _ACK_FIRST_S)
        self._again_at_s[message_id] = now_s + wait_s
        self._wait_s[message_id] = min(wait_s * 2, _ACK_LONGEST_S)

    def acked(self, message_ids: Iterable[UUID]) -> None:
        """Forget these. The room is there: what was waited for longest need not wait out its time."""
        for message_id in message_ids:
            self._again_at_s.pop(message_id, None)
            self._wait_s.pop(message_id, None)

    def hurry(self, now_s: float) -> None:
        """The room answers again: send what it has not answered soon."""
        for message_id, wait_s in self._wait_s.items():
            if wait_s > 2 * _ACK_FIRST_S and message_id in self._again_at_s:
                self._again_at_s[message_id] = now_s
                self._wait_s[message_id] = _ACK_FIRST_S

    def lost(self) -> None:
        """The connection is gone: everything must be sent again."""
        self._again_at_s.clear()
        self._wait_s.clear()

    def drop_overdue(self, now_s: float) -> int:
        """Forget what waited too long, so that it is sent again."""
        overdue = [message_id for message_id, at_s in self._again_at_s.items() if at_s <= now_s]
        for message_id in overdue:
            del self._again_at_s[message_id]
        return len(overdue)

    def next_s(self) -> float | None:
        return min(self._again_at_s.values(), default=None)


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
        pulse: Pulse,
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._clock = clock
        self._stop = stop
        self._status = status
        self._metrics = metrics
        self._commands = commands
        self._pulse = pulse
        self._happenings: queue.SimpleQueue[_Happening] = queue.SimpleQueue()
        self._in_flight = InFlight()
        self._status_due = True
        self._metrics_at_s = 0.0
        self._tidy_at_s = 0.0

    def wake(self) -> None:
        """There is a new message in the outbox, or it is time to stop. From any thread."""
        self._happenings.put(_Woken())

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
        if self._commands is not None:
            self._commands.lost()
        self._status_due = True
        connection = _Connection(self._settings, self._happenings, self._status(False, "connection lost"))
        try:
            connection.open()
            self._expect(_Connected)
            heard = (topics.ACKS,) if self._commands is None else (topics.ACKS, topics.COMMANDS)
            connection.subscribe(*(topic.of(self._settings.device_id) for topic in heard))
            self._expect(_Subscribed)
            log.info("connected to the broker at %s:%d", self._settings.host, self._settings.port)
            while not self._stop.is_set():
                self._pulse.beat()
                self._send_due(connection)
                self._take(self._next_happening())
            self._say_farewell(connection)
        finally:
            connection.close()

    def _expect(self, kind: type[_Connected | _Subscribed]) -> None:
        """Wait for the broker's answer, which may be a refusal."""
        until_s = self._clock.monotonic_s() + _ANSWER_S
        while (left_s := until_s - self._clock.monotonic_s()) > 0 and not self._stop.is_set():
            try:
                happening = self._happenings.get(timeout=left_s)
            except queue.Empty:
                break
            if isinstance(happening, kind):
                if happening.refused is not None:
                    raise BrokerError(f"the broker refuses: {happening.refused}")
                return
            if isinstance(happening, _Ended):
                raise BrokerError(f"the broker ended the connection: {happening.reason}")
        raise BrokerError(f"the broker at {self._settings.host}:{self._settings.port} does not answer")

    def _send_due(self, connection: _Connection) -> None:
        now_s = self._clock.monotonic_s()
        again = self._in_flight.drop_overdue(now_s)
        if again:
            log.info("sending %d messages again that the room has not acknowledged", again)
        if self._status_due:
            self._status_due = False
            connection.publish(topics.STATUS, *_with_id(self._status(True, "")))
        for pending in self._outbox.pending(self._in_flight.room, but=self._in_flight):
            connection.publish(topics.EVENTS, pending.payload, pending.message_id)
            self._in_flight.sent(pending.message_id, now_s)
        for answer in () if self._commands is None else self._commands.due(now_s):
            connection.publish(topics.REPLIES, answer.payload, answer.command_id)
        if now_s >= self._metrics_at_s:
            self._metrics_at_s = now_s + METRICS_EVERY_S
            connection.publish(topics.METRICS, self._metrics().to_json(), uuid_utils.compat.uuid7())
        if now_s >= self._tidy_at_s:
            self._tidy_at_s = now_s + _TIDY_EVERY_S
            self._outbox.forget_delivered()

    def _next_happening(self) -> _Happening | None:
        answer_s = None if self._commands is None else self._commands.next_s()
        due_s = min(at_s for at_s in (self._metrics_at_s, self._in_flight.next_s(), answer_s) if at_s is not None)
        try:
            return self._happenings.get(timeout=max(0.0, due_s - self._clock.monotonic_s()))
        except queue.Empty:
            return None

    def _take(self, happening: _Happening | None) -> None:
        """Take one happening and all that wait behind it."""
        acked: list[UUID] = []
        while happening is not None:
            match happening:
                case _Ended(reason):
                    raise BrokerError(f"the connection to the broker is lost: {reason}")
                case _Acked(payload):
                    acked += self._read_ack(payload)
                case _Commanded(payload) if self._commands is not None:
                    self._commands.take(payload)
                case _Taken(_, refused) if refused is not None:
                    log.error("the broker refuses a message: %s", refused)
                case _:
                    pass
            try:
                happening = self._happenings.get_nowait()
            except queue.Empty:
                happening = None
        if acked:
            self._outbox.acknowledge(acked)
            if self._commands is not None:
                self._commands.acknowledge(acked)
            self._in_flight.acked(acked)
            self._in_flight.hurry(self._clock.monotonic_s())

    def _read_ack(self, payload: bytes) -> list[UUID]:
        try:
            ack, _ = wire_message.read(AckMessage, payload)
        except wire_message.UnreadableMessageError as error:
            log.warning("an ack of the room cannot be read: %s", error)
            return []
        return ack.message_ids

    def _say_farewell(self, connection: _Connection) -> None:
        mid = connection.publish(topics.STATUS, *_with_id(self._status(False, "stopped")))
        until_s = self._clock.monotonic_s() + _FAREWELL_S
        while (left_s := until_s - self._clock.monotonic_s()) > 0:
            try:
                happening = self._happenings.get(timeout=left_s)
            except queue.Empty:
                return
            if isinstance(happening, _Ended) or (isinstance(happening, _Taken) and happening.mid == mid):
                return


class _Connection:
    """One connection of paho; its callbacks put into `happenings` and do nothing else."""

    def __init__(
        self, settings: BrokerSettings, happenings: queue.SimpleQueue[_Happening], will: StatusMessage
    ) -> None:
        self._settings = settings
        self._happenings = happenings
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"talaia-{settings.device_id}",
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = _ANSWER_S / 2
        if settings.user is not None:
            self._client.username_pw_set(settings.user, settings.password)
        payload, message_id = _with_id(will)
        self._client.will_set(
            topics.STATUS.of(settings.device_id),
            payload,
            topics.STATUS.qos,
            topics.STATUS.retain,
            _properties(PacketTypes.WILLMESSAGE, message_id),
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    def open(self) -> None:
        settings = self._settings
        try:
            if settings.trust is not None:
                self._client.tls_set_context(settings.trust)
            self._client.connect(settings.host, settings.port, KEEP_ALIVE_S, clean_start=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise BrokerError(f"the broker at {settings.host}:{settings.port} cannot be reached: {reason}") from None
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def subscribe(self, *spelled: str) -> None:
        self._client.subscribe([(topic, 1) for topic in spelled])

    def publish(self, topic: topics.Topic, payload: bytes, message_id: UUID) -> int:
        """The packet's number, by which its `_Taken` is known."""
        return self._client.publish(
            topic.of(self._settings.device_id),
            payload,
            topic.qos,
            topic.retain,
            _properties(PacketTypes.PUBLISH, message_id),
        ).mid

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._happenings.put(_Connected(str(reason) if reason.is_failure else None))

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._happenings.put(_Ended(str(reason)))

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        self._happenings.put(_Subscribed(refused[0] if refused else None))

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        commanded = message.topic == topics.COMMANDS.of(self._settings.device_id)
        self._happenings.put((_Commanded if commanded else _Acked)(bytes(message.payload)))

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        self._happenings.put(_Taken(mid, str(reason) if reason.is_failure else None))


def _with_id(message: StatusMessage) -> tuple[bytes, UUID]:
    return message.to_json(), message.message_id


def _properties(packet: int, message_id: UUID) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call] # paho leaves it untyped
    properties.UserProperty = (topics.MESSAGE_ID_PROPERTY, str(message_id))
    return properties
