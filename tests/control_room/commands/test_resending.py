"""A message that is lost between device and room is asked for again: in its time, seldom, and not for ever."""

from __future__ import annotations

import base64
import json
import queue
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from control_room import config
from control_room.commands import keys, resending
from control_room.database import pool
from control_room.events import service as events
from control_room.retention import limits
from control_room.retention import service as retention
from control_room.store.local import LocalStore
from tests.control_room import messages, services
from tests.control_room.ingest.test_worker import Setting
from tests.control_room.messages import RECEIVED
from wire import topics
from wire.commands import signed_bytes
from wire.control import CommandMessage

AFTER = timedelta(seconds=60)
OUTBOX = uuid.UUID(int=1)
WITHIN_S = 120


@pytest.fixture
def signer(tmp_path: Path) -> keys.Signer:
    return keys.make(config.Commands(key_file=str(tmp_path / "command.key")))


def arrive(connection: pool.Connection, *sequences: int) -> None:
    deliveries = [messages.delivery(messages.event(sequence=number)) for number in sequences]
    messages.ingest(connection, *deliveries)


def quay(connection: pool.Connection) -> None:
    messages.add_device(connection)
    messages.ingest(connection, messages.delivery(messages.status(), topics.STATUS))


class Room:
    """Looks for gaps, `after_s` seconds after the messages came."""

    def __init__(self, connection: pool.Connection, signer: keys.Signer) -> None:
        self._connection, self._signer = connection, signer

    def look(self, after_s: float) -> None:
        with self._connection.transaction():
            resending.look(self._connection, self._signer, AFTER, RECEIVED + timedelta(seconds=after_s))

    def asked(self) -> list[tuple[int, int]]:
        found = messages.rows(self._connection, "SELECT arguments FROM commands ORDER BY command_id")
        return [(row["arguments"]["from"], row["arguments"]["to"]) for row in found]


@pytest.fixture
def room(connection: pool.Connection, signer: keys.Signer) -> Room:
    quay(connection)
    return Room(connection, signer)


def test_a_gap_that_closes_in_time_is_not_asked_for(room: Room, connection: pool.Connection) -> None:
    arrive(connection, 1, 2, 4, 5)
    room.look(0)
    room.look(59)
    arrive(connection, 3)
    room.look(60)
    room.look(600)
    assert room.asked() == []
    (outbox,) = messages.rows(connection, "SELECT greatest, settled, gap_since FROM outboxes")
    assert outbox == {"greatest": 5, "settled": 5, "gap_since": None}


def test_one_command_asks_for_all_that_is_missing_and_says_so_in_the_audit(
    room: Room, connection: pool.Connection
) -> None:
    arrive(connection, 2, 5, 6, 9)
    room.look(0)
    room.look(61)
    assert room.asked() == [(1, 8)]
    (audited,) = messages.rows(connection, "SELECT actor_kind, actor, action FROM audit WHERE object_kind = 'command'")
    assert audited == {"actor_kind": "system", "actor": "room", "action": "command.resend"}
    arrive(connection, 1, 3, 4, 7, 8)
    for after_s in (70, 1000, 5000):
        room.look(after_s)
    assert room.asked() == [(1, 8)]


def test_what_retention_took_is_never_asked_for(room: Room, connection: pool.Connection, tmp_path: Path) -> None:
    """1 to 4 leave before anybody looked for gaps; of 5 to 8 only what was lost is missing."""
    arrive(connection, 1, 2, 3, 4)
    connection.execute("UPDATE alerts SET state = 'closed', close_reason = 'false_alarm' WHERE told_sequence <> 2")
    later = RECEIVED + timedelta(days=35)
    due = limits.at(later, config.Retention())
    steps = list(retention.Run(connection, LocalStore(tmp_path / "store"), due, later).steps())
    assert sum(step.rows for step in steps) == 4
    room.look(0)
    (outbox,) = messages.rows(connection, "SELECT settled, gap_since FROM outboxes")
    assert outbox == {"settled": 4, "gap_since": None}
    connection.execute("UPDATE outboxes SET settled = 0")  # as before a settling was ever known
    arrive(connection, 5, 8)
    room.look(0)
    room.look(61)
    assert room.asked() == [(6, 7)]


def test_it_asks_ever_less_often_and_then_gives_up(room: Room, connection: pool.Connection) -> None:
    arrive(connection, 1, 3)
    asked_at = []
    for after_s in (0, 59, 60, 179, 180, 419, 420, 899, 900, 1859, 1860, 3779, 3780, 9000):
        before = len(room.asked())
        room.look(after_s)
        asked_at += [after_s] * (len(room.asked()) - before)
    assert asked_at == [60, 180, 420, 900, 1860]
    given_up = messages.rows(connection, "SELECT object_id, detail FROM audit WHERE action = 'outbox.give_up'")
    assert [(row["object_id"], row["detail"]["first"], row["detail"]["last"]) for row in given_up] == [
        (str(OUTBOX), 2, 2)
    ]
    counts = messages.rows(connection, "SELECT outcome, messages FROM ingest_counts WHERE outcome LIKE 'gap%%'")
    assert {row["outcome"]: row["messages"] for row in counts} == {"gap_asked": 5, "gap_given_up": 1}
    assert [(gap.first, gap.last) for gap in events.gaps(connection)] == [(2, 2)], "it is still shown"
    arrive(connection, 5)
    room.look(20_000)
    room.look(20_061)
    assert room.asked()[-1] == (4, 4), "what is missing later is asked for all the same"


def test_a_device_that_refuses_is_not_asked_again(room: Room, connection: pool.Connection) -> None:
    arrive(connection, 1, 3)
    room.look(0)
    room.look(60)
    connection.execute("UPDATE commands SET state = 'failed', error = 'its outbox is another', ended_at = now()")
    room.look(180)
    assert room.asked() == [(2, 2)]
    assert messages.rows(connection, "SELECT settled, ask_at FROM outboxes") == [{"settled": 2, "ask_at": None}]


def test_a_device_that_is_away_is_asked_when_it_is_back(room: Room, connection: pool.Connection) -> None:
    arrive(connection, 1, 3)
    room.look(0)
    messages.ingest(connection, messages.delivery(messages.status(online=False), topics.STATUS))
    room.look(60)
    assert room.asked() == []
    messages.ingest(connection, messages.delivery(messages.status(), topics.STATUS))
    room.look(70)
    assert room.asked() == [(2, 2)]


def test_a_refused_message_is_no_gap(room: Room, connection: pool.Connection) -> None:
    refused = messages.event(sequence=2, severity="dreadful")
    messages.ingest(connection, messages.delivery(refused))
    arrive(connection, 1, 3)
    room.look(0)
    room.look(600)
    assert room.asked() == []


class Device:
    """Speaks for `quay` over MQTT, and keeps what the room orders."""

    def __init__(self, url: str) -> None:
        self.orders: queue.SimpleQueue[CommandMessage] = queue.SimpleQueue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, f"quay-{uuid.uuid4()}", protocol=mqtt.MQTTv5)
        self._client.on_message = self._hear
        listening = threading.Event()
        self._client.on_subscribe = lambda *_: listening.set()
        host, _, port = url.rpartition("/")[2].partition(":")
        self._client.connect(host, int(port))
        self._client.subscribe(topics.COMMANDS.of("quay"), qos=1)
        self._client.loop_start()
        assert listening.wait(WITHIN_S)

    def _hear(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.orders.put(CommandMessage.model_validate_json(message.payload))

    def say(self, content: dict[str, Any], topic: topics.Topic = topics.EVENTS) -> None:
        given = self._client.publish(topic.of("quay"), json.dumps(content).encode(), qos=topic.qos)
        given.wait_for_publish(WITHIN_S)
        assert given.is_published()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def device(broker: services.Broker) -> Iterator[Device]:
    made = Device(broker.url)
    yield made
    made.close()


def test_a_lost_message_comes_after_all(
    tmp_path: Path, database_url: str, broker: services.Broker, device: Device, signer: keys.Signer
) -> None:
    """Over a real broker: the second of three messages never reaches it, until the room asks."""
    setting = Setting(tmp_path, database_url, broker.url)
    with setting.file.open("a", encoding="utf-8") as file:
        file.write(f'[commands]\nkey_file = "{tmp_path / "command.key"}"\nresend_after_s = 1\n')
    with pool.connect(database_url, autocommit=True) as connection:
        quay(connection)
    sent = [messages.event(sequence=number, outbox_id=str(OUTBOX)) for number in (1, 2, 3)]
    try:
        setting.start_worker()
        device.say(sent[0])
        device.say(sent[2])
        order = device.orders.get(timeout=WITHIN_S)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(signer.public)).verify(
            base64.b64decode(order.signature), signed_bytes(order)
        )
        assert (order.kind, order.arguments) == ("resend", {"outbox_id": str(OUTBOX), "from": 2, "to": 2})
        device.say(sent[1])
        services.wait_until(lambda: setting.count("SELECT settled FROM outboxes") == 3, WITHIN_S, "the gap to close")
    finally:
        setting.stop()
    with pool.connect(database_url, autocommit=True) as connection:
        assert events.gaps(connection) == []
