"""Events from a broker's queue into the database, by one and by several workers: durable, and acked to the devices.

The workers are real processes, held still while the queue is filled, so that only they, the broker and the database
work while it is measured. It ends when the room has acked every message.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from paho.mqtt import client as mqtt

from benchmarks import ports
from benchmarks import town as towns
from control_room import config
from control_room.database import pool
from control_room.ingest import bench, broker
from control_room.ingest.delivery import Delivery
from wire import topics

ROOM = Path(sys.executable).parent / "talaia-room"
READY_WITHIN_S, DRAINED_WITHIN_S = 120, 400
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Drained:
    """One queue that was emptied."""

    workers: int
    events: int
    seconds: float
    worker_cpu_s: float
    """Of all workers together."""
    copy_s: float
    """Plain binary COPY of the same rows into the same table, just before."""

    @property
    def per_s(self) -> float:
        return self.events / self.seconds

    @property
    def ratio(self) -> float:
        return self.copy_s / self.seconds

    @property
    def cpu_us(self) -> float:
        """Of the workers, for each event."""
        return self.worker_cpu_s / self.events * 1e6


@contextmanager
def mosquitto(folder: Path) -> Iterator[str]:
    """URL of a broker of our own."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise towns.NotInTimeError("mosquitto is not installed")
    port = ports.free_port()
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence true\n"
        f"persistence_location {folder}/\nautosave_interval 1\n" + ("user root\n" if os.geteuid() == 0 else ""),
        encoding="utf-8",
    )
    with (folder / "mosquitto.log").open("ab") as log:
        process = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
    try:
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def drain(database_url: str, broker_url: str, folder: Path, *, workers: int, events: int) -> Drained:
    """Measure `workers` workers on `events` events; the database is made and dropped."""
    with bench.scratch_database(database_url) as url, pool.connect(url, autocommit=True) as connection:
        sent = bench.deliveries_of(connection, events, seed=workers)
        rows = bench.event_rows(sent)
        copy_s = bench.timed(connection, lambda: bench.copy_rows(connection, rows))
        bench.empty(connection)
        with _held_workers(url, broker_url, folder, workers) as pids:
            began_cpu_s = sum(map(cpu_s, pids))
            with _Acks(broker_url, events) as acks:
                acks.publish(sent)
                began_s = time.monotonic()
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
                if not acks.complete.wait(DRAINED_WITHIN_S):
                    raise towns.NotInTimeError(f"{acks.number} of {events} acked within {DRAINED_WITHIN_S} s")
                seconds = time.monotonic() - began_s
            worker_cpu_s = sum(map(cpu_s, pids)) - began_cpu_s
        stored = connection.execute("SELECT count(*) FROM events").fetchone()
    if stored != (events,):
        raise towns.NotInTimeError(f"{stored} of {events} are stored")
    return Drained(workers, events, seconds, worker_cpu_s, copy_s)


@contextmanager
def _held_workers(database_url: str, broker_url: str, folder: Path, number: int) -> Iterator[list[int]]:
    """Workers that hear the broker and are stopped (SIGSTOP)."""
    name = f"bench-{secrets.token_hex(4)}"
    file, log = folder / f"{name}.toml", folder / f"{name}.log"
    file.write_text(
        f'[database]\nurl = "{database_url}"\n[mqtt]\nurl = "{broker_url}"\nclient_id = "{name}"\n'
        f'[store]\ndirectory = "{folder / "store"}"\n',
        encoding="utf-8",
    )
    with log.open("ab") as output:
        started = [
            subprocess.Popen([str(ROOM), "worker", "-c", str(file), "--number", str(each)], stderr=output)
            for each in range(1, number + 1)
        ]

    def all_hear() -> bool:
        said = log.read_text(encoding="utf-8")
        return all(f"{name}-{each}: hears the broker" in said for each in range(1, number + 1))

    try:
        towns.wait_for(all_hear, READY_WITHIN_S, "the workers hear the broker")
        for process in started:
            process.send_signal(signal.SIGSTOP)
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in started:
            process.wait(timeout=30)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


class _Acks:
    """The devices' end: gives all messages to the broker, and counts what the room acks."""

    def __init__(self, broker_url: str, events: int) -> None:
        self.number = 0
        self.complete = threading.Event()
        self._events = events
        settings = config.Mqtt(url=broker_url)
        self._listening = threading.Event()
        self._client = broker.new_client(settings, f"bench-{secrets.token_hex(4)}", manual_ack=False)
        self._client.max_inflight_messages_set(1000)
        self._client.on_subscribe = lambda *_: self._listening.set()
        self._client.on_connect = lambda client, *_: client.subscribe(topics.ACKS.of_all, topics.ACKS.qos)
        self._client.on_message = self._on_message
        broker.start(self._client, settings, session_kept_s=0, receive_maximum=1000)

    def __enter__(self) -> Self:
        if not self._listening.wait(READY_WITHIN_S):
            raise towns.NotInTimeError("the broker does not answer")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, deliveries: list[Delivery]) -> None:
        """Return once the broker has all of them."""
        given = [self._client.publish(each.topic, each.payload, topics.EVENTS.qos) for each in deliveries]
        for each in given:
            each.wait_for_publish(READY_WITHIN_S)

    def _on_message(self, _client: mqtt.Client, _data: object, received: mqtt.MQTTMessage) -> None:
        self.number += len(json.loads(received.payload)["message_ids"])
        if self.number >= self._events:
            self.complete.set()
