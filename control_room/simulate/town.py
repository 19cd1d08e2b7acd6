"""`talaia-room simulate`: a town of devices that speaks to the room over the real broker.

Every device keeps what it wrote until the room's ack names it and sends it again every few seconds, as a real one does.
A share of the messages is sent twice at once, another only later, so that order and number are as bad as in life. All
devices share one connection, with the room's credentials.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO
from uuid import UUID

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from uuid_utils import compat as uuids

from control_room.database import pool, sql
from control_room.ingest import broker
from control_room.simulate.device import Device, Written
from wire import message, topics
from wire.control import AckMessage

if TYPE_CHECKING:
    from control_room import config

SETTLE_WITHIN_S = 120.0
_CONNECT_WITHIN_S = 15.0
_AGAIN_AFTER_S, _LOOK_EVERY_S = 5.0, 1.0
_TWICE_SHARE, _LATER_SHARE = 0.03, 0.03
_TICK_S = 0.02

_QUERIES = sql.load(__file__)


class SimulationError(Exception):
    """The simulation cannot run; one line."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How large and how long."""

    devices: int
    rate: float
    """Messages a second of all devices together, on average."""
    seconds: float
    seed: int = 0


def run(settings: config.Settings, plan: Plan, ledger: Path | None, progress: TextIO) -> dict[str, int | float | None]:
    """Send what the plan says and wait until all is acked, at most 120 s: `sent`, `acked`, `unacked`.

    Raises:
        SimulationError: no broker, or the ledger cannot be written.
        pool.UnreachableError: the database cannot be reached.
    """
    chance = random.Random(plan.seed)
    devices = [
        Device(f"simulated-{number:05d}", random.Random(chance.random()), (settings.town.lat, settings.town.lon))
        for number in range(1, plan.devices + 1)
    ]
    _register(settings, devices)
    with _ledger(ledger) as lines, _connected(settings) as outboxes:
        _send(plan, _Town(devices, chance, lines), outboxes, progress)
        outboxes.settle(SETTLE_WITHIN_S)
    if progress.isatty():
        progress.write("\n")
    return outboxes.result()


@dataclass(frozen=True, slots=True)
class _Town:
    devices: list[Device]
    chance: random.Random
    ledger: IO[str] | None

    def write(self) -> Written:
        """The next message of any of them, in the ledger before it is on its way."""
        written = self.chance.choice(self.devices).write(datetime.now(UTC))
        if self.ledger is not None:
            self.ledger.write(json.dumps(written.ledger_line()) + "\n")
        return written


def _register(settings: config.Settings, devices: list[Device]) -> None:
    with pool.connect(settings.database.url) as connection, connection.cursor() as cursor:
        named = [{"device_id": each.device_id, "name": each.device_id.replace("-", " ")} for each in devices]
        cursor.executemany(_QUERIES["add_device"], named)


@contextlib.contextmanager
def _ledger(path: Path | None) -> Iterator[IO[str] | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise SimulationError(f"--ledger: {path}: {error.strerror}") from None
    with file:
        yield file


@contextlib.contextmanager
def _connected(settings: config.Settings) -> Iterator[Outboxes]:
    client = broker.new_client(settings.mqtt, f"talaia-simulate-{uuids.uuid7()}", manual_ack=False)
    client.max_inflight_messages_set(1000)
    outboxes = Outboxes(client)
    broker.start(client, settings.mqtt, session_kept_s=0, receive_maximum=1000)
    try:
        if not outboxes.listening.wait(_CONNECT_WITHIN_S):
            raise SimulationError(f"no broker answers at {settings.mqtt.url.rpartition('@')[2]}")
        yield outboxes
    finally:
        client.disconnect()
        client.loop_stop()


class Outboxes:
    """What all devices wrote and is not acked yet."""

    def __init__(self, client: mqtt.Client) -> None:
        self.listening = threading.Event()
        """Acks can be heard."""
        self.written = 0
        self._client = client
        self._lock = threading.Lock()
        self._pending: dict[UUID, tuple[Written, float]] = {}
        """With the monotonic time of the last sending, in that order."""
        self._ack_s: list[float] = []
        self._looked = 0.0
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self.listening.set()
        client.on_message = self._on_message

    def pending(self) -> int:
        with self._lock:
            return len(self._pending)

    def write(self, written: Written) -> None:
        """Keep it; the caller sends it."""
        self.written += 1
        with self._lock:
            self._pending[written.message_id] = (written, time.monotonic())

    def send(self, written: Written) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own gap
        properties.UserProperty = [(topics.MESSAGE_ID_PROPERTY, str(written.message_id))]
        topic = topics.EVENTS.of(written.device_id)
        self._client.publish(topic, written.payload, topics.EVENTS.qos, properties=properties)

    def send_again(self) -> None:
        """What has waited long for its ack; nothing while there is no broker. Cheap to call often."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S or not self._client.is_connected():
            return
        self._looked = now
        with self._lock:
            late = [written for written, sent in self._pending.values() if now - sent > _AGAIN_AFTER_S]
            for written in late:
                self._pending[written.message_id] = (written, now)
        for written in late:
            self.send(written)

    def settle(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while self.pending() and time.monotonic() < deadline:
            self.send_again()
            time.sleep(_TICK_S)

    def result(self) -> dict[str, int | float | None]:
        unacked = self.pending()
        taken = sorted(self._ack_s)
        return {
            "sent": self.written,
            "acked": self.written - unacked,
            "unacked": unacked,
            "ack_ms_p50": round(1000 * taken[len(taken) // 2], 1) if taken else None,
            "ack_ms_p99": round(1000 * taken[len(taken) * 99 // 100], 1) if taken else None,
        }

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(topics.ACKS.of_all, topics.ACKS.qos)

    def _on_message(self, _client: mqtt.Client, _data: object, received: mqtt.MQTTMessage) -> None:
        try:
            ack, _ = message.read(AckMessage, bytes(received.payload))
        except message.UnreadableMessageError:
            return  # somebody else's; ours is sent again until it is acked
        now = time.monotonic()
        with self._lock:
            for message_id in ack.message_ids:
                known = self._pending.pop(message_id, None)
                if known is not None:
                    self._ack_s.append(now - known[1])


def _send(plan: Plan, town: _Town, outboxes: Outboxes, progress: TextIO) -> None:
    """At random moments of the whole time, so in bursts and pauses."""
    began = told = time.monotonic()
    moments = sorted(town.chance.uniform(0, plan.seconds) for _ in range(round(plan.rate * plan.seconds)))
    later: list[Written] = []
    for moment in moments:
        while (wait_s := moment - (time.monotonic() - began)) > 0:
            outboxes.send_again()
            time.sleep(min(_TICK_S, wait_s))
        written = town.write()
        outboxes.write(written)
        draw = town.chance.random()
        if draw < _LATER_SHARE:
            later.append(written)
            continue
        for each in (written, *later, *([written] if draw > 1 - _TWICE_SHARE else [])):
            outboxes.send(each)
        later.clear()
        if progress.isatty() and time.monotonic() - told > 1:
            told = time.monotonic()
            progress.write(f"\r{outboxes.written} of {len(moments)} sent, {outboxes.pending()} not acked ")
            progress.flush()
    for each in later:
        outboxes.send(each)
