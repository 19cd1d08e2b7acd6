"""The worker's end of MQTT. paho's thread only puts what arrives into `Waiting`; nothing is acked but by `settle`."""

from __future__ import annotations

import logging
import ssl
import time
import urllib.parse
from collections.abc import Sequence
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
from control_room.ingest.waiting import Waiting
from wire import topics
from wire.control import AckMessage

_LOG = logging.getLogger(__name__)
_KEEP_ALIVE_S = 30
_SESSION_KEPT_S = 7 * 24 * 3600
_RETRY_MIN_S, _RETRY_MAX_S = 1, 15
_ACKS_IN_MESSAGE = 1000  # the limit of wire.control.AckMessage
_ACKS_IN_FLIGHT = 100
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


def _shared(settings: config.Mqtt, topic: topics.Topic) -> str:
    """Each message of this filter goes to one of the room's workers."""
    return f"$share/{settings.client_id}/{topic.of_all}"


class Inbox:
    """One session of the broker: what devices say, into `Waiting`."""

    def __init__(
        self,
        settings: config.Mqtt,
        waiting: Waiting,
        *,
        client_id: str,
        hears: Sequence[topics.Topic] = (),
        shares: Sequence[topics.Topic] = (),
        receive_maximum: int,
        gives_way: bool = False,
    ) -> None:
        """A session, not yet connected.

        Args:
            settings: where the broker is.
            waiting: where what arrives is put.
            client_id: names the session.
            hears: of which topics it gets every message.
            shares: of which topics each message goes to one of all sessions that share them.
            receive_maximum: how many messages may be unsettled.
            gives_way: end with the connection, for another may have taken the session; otherwise take it back.
        """
        self.client_id = client_id
        self.connected_since: datetime | None = None
        """The server's clock; None while the broker is away."""
        self.hears_since: datetime | None = None
        """Since when nothing is missed: the broker has said that it deals to us. None while it has not."""
        self.is_over = False
        self._settings = settings
        self._waiting = waiting
        self._heard = [(topic.of_all, topic.qos) for topic in hears] + [
            (_shared(settings, topic), topic.qos) for topic in shares
        ]
        self._receive_maximum = receive_maximum
        self._gives_way = gives_way
        self._connection = 0
        self._received = self._settled = 0
        self._heard_s = time.monotonic()
        self._client = new_client(settings, client_id, manual_ack=True)
        self._client.max_inflight_messages_set(_ACKS_IN_FLIGHT)
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
        self._end(None)

    def end_session(self) -> None:
        """Leave for ever: the broker forgets the session, and what was not settled in it."""
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]  # paho's own gap
        properties.SessionExpiryInterval = 0
        self._end(properties)

    def is_drained(self, for_s: float) -> bool:
        """All that came is settled, and nothing more has come for so long."""
        silent_s = time.monotonic() - self._heard_s
        return self.connected_since is not None and self._received <= self._settled and silent_s > for_s

    @property
    def unsettled(self) -> int:
        """How many came over this connection and are not settled."""
        return max(0, self._received - self._settled)

    def settle(self, receipt: Receipt) -> None:
        """Tell the broker that this one is safe; it sends no more than the receive maximum before that."""
        if receipt.qos and receipt.connection == self._connection:
            self._settled += 1
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
        self._received = self._settled = 0
        self._heard_s = time.monotonic()
        self.connected_since = datetime.now(UTC)
        if self._heard:
            client.subscribe([(heard, SubscribeOptions(qos=qos)) for heard, qos in self._heard])
        client.unsubscribe(self._unheard())
        session = "kept" if flags.session_present else "new"
        _LOG.info("%s: connected to the broker (%s session)", self.client_id, session)

    def _on_disconnect(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self.connected_since is not None:
            _LOG.warning("%s: lost the broker: %s", self.client_id, reason)
        self.connected_since = self.hears_since = None
        if self._gives_way:
            self.is_over = True
            client.disconnect()

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for (heard, _), reason in zip(self._heard, reasons, strict=True):
            if reason.is_failure:
                _LOG.error("the broker lets %s not hear %s: %s", self.client_id, heard, reason)
        if not any(reason.is_failure for reason in reasons):
            self.hears_since = datetime.now(UTC)
            _LOG.info("%s: hears the broker", self.client_id)

    def _on_publish(
        self, _client: mqtt.Client, _data: object, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _LOG.error("the broker refuses an ack, so the device will send again: %s", reason)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.qos == 0 and len(self._waiting) > _WAITING_QOS_0:
            return
        properties: Any = message.properties
        named = dict(getattr(properties, "UserProperty", []))
        receipt = Receipt(self, self._connection, message.mid, message.qos)
        self._received += bool(message.qos)
        self._heard_s = time.monotonic()
        self._waiting.put(
            Delivery(
                topic=message.topic,
                payload=bytes(message.payload),
                received_at=datetime.now(UTC),
                message_id_property=named.get(topics.MESSAGE_ID_PROPERTY),
                traceparent=named.get(topics.TRACEPARENT_PROPERTY),
                receipt=receipt,
            )
        )

    def _unheard(self) -> list[str]:
        """A session of before may hear what is others' now."""
        heard = {heard for heard, _ in self._heard}
        every = [each for topic in reading.READ_TOPICS for each in (topic.of_all, _shared(self._settings, topic))]
        return [each for each in every if each not in heard]

    def _end(self, properties: Properties | None) -> None:
        self.is_over = True
        self.connected_since = self.hears_since = None
        self._waiting.discard(lambda delivery: not delivery.is_ours)
        self._client.disconnect(properties=properties)
        self._client.loop_stop()
