"""The worker's end of MQTT. paho's own thread only puts what arrives into a queue; nothing is acked but by `settle`."""

from __future__ import annotations

import logging
import queue
import ssl
import time
import urllib.parse
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from control_room import config
from control_room.ingest import reading
from control_room.ingest.delivery import Delivery, Receipt
from wire import topics
from wire.control import AckMessage

_LOG = logging.getLogger(__name__)
_KEEP_ALIVE_S = 30
_SESSION_KEPT_S = 7 * 24 * 3600
_RETRY_MIN_S, _RETRY_MAX_S = 1, 15
_ACKS_IN_MESSAGE = 1000  # the limit of wire.control.AckMessage
_WAITING_QOS_0 = 10_000  # unsure messages that may wait while the database is away; later ones are let go


def new_client(settings: config.Mqtt, client_id: str, *, manual_ack: bool) -> mqtt.Client:
    """A client with the credentials of the settings, not yet connected.

    Raises:
        config.ConfigError: the file of the certificate authority cannot be read.
    """
    url = urllib.parse.urlsplit(settings.url)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5, manual_ack=manual_ack)
    if url.username:
        client.username_pw_set(urllib.parse.unquote(url.username), urllib.parse.unquote(url.password or ""))
    if url.scheme == "mqtts":
        try:
            client.tls_set_context(ssl.create_default_context(cafile=settings.ca_file or None))
        except OSError as error:
            raise config.ConfigError(f"mqtt.ca_file: got {settings.ca_file!r}; allowed: a PEM file ({error})") from None
    client.reconnect_delay_set(_RETRY_MIN_S, _RETRY_MAX_S)
    return client


def start(client: mqtt.Client, settings: config.Mqtt, *, session_kept_s: int, receive_maximum: int) -> None:
    """Connect in paho's own thread, again whenever the connection is lost; a session of the broker is taken up."""
    url = urllib.parse.urlsplit(settings.url)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own gap
    properties.SessionExpiryInterval = session_kept_s
    properties.ReceiveMaximum = receive_maximum
    port = url.port or (8883 if url.scheme == "mqtts" else 1883)
    client.connect_async(url.hostname or "", port, _KEEP_ALIVE_S, clean_start=not session_kept_s, properties=properties)
    client.loop_start()


class Inbox:
    """What devices say, in the order in which it arrives."""

    def __init__(self, settings: config.Mqtt, receive_maximum: int) -> None:
        self.connected_since: datetime | None = None
        """The server's clock; None while the broker is away."""
        self._settings = settings
        self._receive_maximum = receive_maximum
        self._connection = 0
        self._waiting: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        self._client = new_client(settings, settings.client_id, manual_ack=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish

    def start(self) -> None:
        start(
            self._client,
            self._settings,
            session_kept_s=_SESSION_KEPT_S,
            receive_maximum=self._receive_maximum,
        )

    def stop(self) -> None:
        """Leave; the broker keeps the session and all that was not settled."""
        self.connected_since = None
        self._client.disconnect()
        self._client.loop_stop()

    def take(self, most: int, within_s: float, first_within_s: float) -> list[Delivery]:
        """Up to `most` deliveries: those that come until `within_s` after the first; none when no first one comes."""
        try:
            taken = [self._waiting.get(timeout=first_within_s)]
        except queue.Empty:
            return []
        deadline = time.monotonic() + within_s
        while len(taken) < most:
            try:
                taken.append(self._waiting.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
        return taken

    def is_empty(self) -> bool:
        """All that arrived was taken."""
        return self._waiting.empty()

    def settle(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these are safe; it sends no more than the receive maximum before that."""
        for delivery in deliveries:
            receipt = delivery.receipt
            if receipt is not None and receipt.connection == self._connection:
                self._client.ack(receipt.packet_id, receipt.qos)

    def ack(self, device_id: str, message_ids: list[UUID]) -> None:
        """Tell the device that these are committed. Without a broker it is not told, and sends them again."""
        if self.connected_since is None:
            return
        for first in range(0, len(message_ids), _ACKS_IN_MESSAGE):
            some = message_ids[first : first + _ACKS_IN_MESSAGE]
            message = AckMessage(device_id=device_id, sent_at=datetime.now(UTC), message_ids=some)
            self._client.publish(topics.ACKS.of(device_id), message.to_json(), topics.ACKS.qos)

    def command(self, device_id: str, command_id: UUID, payload: bytes) -> bool:
        """Give a command to the broker; false where it is away."""
        if self.connected_since is None:
            return False
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own gap
        properties.UserProperty = (topics.MESSAGE_ID_PROPERTY, str(command_id))
        self._client.publish(topics.COMMANDS.of(device_id), payload, topics.COMMANDS.qos, properties=properties)
        return True

    def _on_connect(
        self,
        client: mqtt.Client,
        _data: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _LOG.error("the broker refuses: %s", reason)
            return
        self._connection += 1
        self.connected_since = datetime.now(UTC)
        client.subscribe([(topic.of_all, SubscribeOptions(qos=topic.qos)) for topic in reading.READ_TOPICS])
        _LOG.info("connected to the broker (%s session)", "kept" if flags.session_present else "new")

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self.connected_since is not None:
            _LOG.warning("lost the broker: %s", reason)
        self.connected_since = None

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for topic, reason in zip(reading.READ_TOPICS, reasons, strict=True):
            if reason.is_failure:
                _LOG.error("the broker lets this worker not hear %s: %s", topic.of_all, reason)

    def _on_publish(
        self, _client: mqtt.Client, _data: object, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _LOG.error("the broker refuses an ack, so the device will send again: %s", reason)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.qos == 0 and self._waiting.qsize() > _WAITING_QOS_0:
            return
        properties: Any = message.properties
        named = dict(getattr(properties, "UserProperty", []))
        self._waiting.put(
            Delivery(
                topic=message.topic,
                payload=bytes(message.payload),
                received_at=datetime.now(UTC),
                message_id_property=named.get(topics.MESSAGE_ID_PROPERTY),
                receipt=Receipt(self._connection, message.mid, message.qos) if message.qos else None,
            )
        )
