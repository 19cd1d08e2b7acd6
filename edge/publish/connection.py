"""One connection to the broker. paho calls back on its own thread, where things are only put into a queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.errors import EdgeError
from wire import topics

if TYPE_CHECKING:
    import queue
    import ssl
    from uuid import UUID

    from wire.device import StatusMessage

KEEP_ALIVE_S = 20
ANSWER_S = 10.0
"""How long the broker may take to answer a connection or a subscription."""


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
class Ended:
    """The connection is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered a subscription."""

    refused: str | None


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker answered a connection."""

    refused: str | None


@dataclass(frozen=True, slots=True)
class Acked:
    """The room said something on `acks`."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Commanded:
    """The room said something on `commands`."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """The broker answered a publish."""

    mid: int
    refused: str | None


class Woken:
    """There is something new to send."""


Happening = Ended | Subscribed | Connected | Acked | Commanded | Taken | Woken


class Connection:
    """One connection of paho; its callbacks put into `happenings` and do nothing else."""

    def __init__(self, settings: BrokerSettings, happenings: queue.SimpleQueue[Happening], will: StatusMessage) -> None:
        self._settings = settings
        self._happenings = happenings
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"talaia-{settings.device_id}",
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = ANSWER_S / 2
        if settings.user is not None:
            self._client.username_pw_set(settings.user, settings.password)
        payload, message_id = with_id(will)
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

    def publish(self, topic: topics.Topic, payload: bytes, message_id: UUID, traceparent: str | None = None) -> int:
        """The packet's number, by which its `Taken` is known."""
        return self._client.publish(
            topic.of(self._settings.device_id),
            payload,
            topic.qos,
            topic.retain,
            _properties(PacketTypes.PUBLISH, message_id, traceparent),
        ).mid

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._happenings.put(Connected(str(reason) if reason.is_failure else None))

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._happenings.put(Ended(str(reason)))

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        self._happenings.put(Subscribed(refused[0] if refused else None))

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        commanded = message.topic == topics.COMMANDS.of(self._settings.device_id)
        self._happenings.put((Commanded if commanded else Acked)(bytes(message.payload)))

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        self._happenings.put(Taken(mid, str(reason) if reason.is_failure else None))


def with_id(message: StatusMessage) -> tuple[bytes, UUID]:
    return message.to_json(), message.message_id


def _properties(packet: int, message_id: UUID, traceparent: str | None = None) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call] # paho leaves it untyped
    named = [(topics.MESSAGE_ID_PROPERTY, str(message_id))]
    if traceparent is not None:
        named.append((topics.TRACEPARENT_PROPERTY, traceparent))
    properties.UserProperty = named
    return properties
