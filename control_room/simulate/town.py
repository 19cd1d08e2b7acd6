"""`talaia-room simulate`: a town of devices that speaks to the room over the real broker.

Every device keeps what it wrote until the room's ack names it and sends it again, as a real one does. A share of the
messages is sent twice at once, another only after the next one; some devices say much at once, some are away for a
while and come back with what they wrote meanwhile, some have clocks that are wrong. All devices share one connection,
with the room's credentials.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

from paho.mqtt import client as mqtt
from uuid_utils import compat as uuids

from control_room.database import pool, sql
from control_room.ingest import broker
from control_room.simulate import timetable
from control_room.simulate.device import Device
from control_room.simulate.outboxes import Outboxes
from wire import topics

if TYPE_CHECKING:
    from control_room import config

SETTLE_WITHIN_S = 120.0
_CONNECT_WITHIN_S = 15.0
_METRICS_EVERY_S = 10.0
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
    centre = (settings.town.lat, settings.town.lon)
    devices = [_device(number, chance, centre) for number in range(1, plan.devices + 1)]
    _register(settings, devices)
    with _ledger(ledger) as lines, _connected(settings) as (client, outboxes):
        _Town(plan, devices, chance, lines, client, outboxes).live(progress)
        outboxes.settle(SETTLE_WITHIN_S)
    if progress.isatty():
        progress.write("\n")
    return outboxes.result()


def _device(number: int, chance: random.Random, centre: tuple[float, float]) -> Device:
    own = random.Random(chance.random())
    return Device(f"simulated-{number:05d}", own, centre, timetable.clock_offset(own))


@dataclass(slots=True)
class _Town:
    plan: Plan
    devices: list[Device]
    chance: random.Random
    ledger: IO[str] | None
    client: mqtt.Client
    outboxes: Outboxes

    def live(self, progress: TextIO) -> None:
        """From the first message to the last."""
        plan, began_s = self.plan, time.monotonic()
        happenings = timetable.write(plan.devices, round(plan.rate * plan.seconds), plan.seconds, self.chance)
        for device in self.devices:
            self._say_status(device, online=True)
        told_s = began_s
        metrics_of = 0
        for happening in happenings:
            while (wait_s := happening.at_s - (time.monotonic() - began_s)) > 0:
                self.outboxes.send_due()
                metrics_of = self._say_metrics(metrics_of, time.monotonic() - began_s)
                time.sleep(min(_TICK_S, wait_s))
            self._let_happen(happening)
            if progress.isatty() and time.monotonic() - told_s > 1:
                told_s = time.monotonic()
                sent, all_of_it = self.outboxes.written, round(plan.rate * plan.seconds)
                progress.write(f"\r{sent} of {all_of_it} sent, {self.outboxes.pending()} not acked ")
                progress.flush()

    def _let_happen(self, happening: timetable.Happening) -> None:
        device = self.devices[happening.device]
        match happening.kind:
            case "message":
                self._write(device)
            case "leave":
                self.outboxes.leave(device.device_id)
                self._say_status(device, online=False)
            case "return":
                self._say_status(device, online=True)
                self.outboxes.come_back(device.device_id)

    def _write(self, device: Device) -> None:
        """The next message, in the ledger before it is on its way."""
        written = device.write(datetime.now(UTC))
        if self.ledger is not None:
            self.ledger.write(json.dumps(written.ledger_line()) + "\n")
        draw = self.chance.random()
        self.outboxes.write(written, later=draw < _LATER_SHARE, twice=draw > 1 - _TWICE_SHARE)

    def _say_status(self, device: Device, *, online: bool) -> None:
        """Not retained, so that the town leaves nothing at the broker; its devices fall silent when it ends."""
        payload = device.status(datetime.now(UTC), online=online).to_json()
        self.client.publish(topics.STATUS.of(device.device_id), payload, topics.STATUS.qos)

    def _say_metrics(self, first: int, at_s: float) -> int:
        """Each device every 10 s, one after another; the number of the next one."""
        due = int(at_s / _METRICS_EVERY_S * len(self.devices))
        for number in range(first, due):
            device = self.devices[number % len(self.devices)]
            payload = device.metrics(datetime.now(UTC)).to_json()
            self.client.publish(topics.METRICS.of(device.device_id), payload, topics.METRICS.qos)
        return max(first, due)


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
def _connected(settings: config.Settings) -> Iterator[tuple[mqtt.Client, Outboxes]]:
    client = broker.new_client(settings.mqtt, f"talaia-simulate-{uuids.uuid7()}", manual_ack=False)
    client.max_inflight_messages_set(1000)
    outboxes = Outboxes(client)
    broker.start(client, settings.mqtt, session_kept_s=0, receive_maximum=1000)
    try:
        if not outboxes.listening.wait(_CONNECT_WITHIN_S):
            raise SimulationError(f"no broker answers at {settings.mqtt.url.rpartition('@')[2]}")
        yield client, outboxes
    finally:
        client.disconnect()
        client.loop_stop()
