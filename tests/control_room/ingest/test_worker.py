"""The worker as a process of its own, between a real broker and a real database, through kills of all three."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from uuid_utils import compat as uuids

from control_room.database import pool
from tests.control_room import messages, services
from wire import topics

ROOM = Path(sys.executable).parent / "talaia-room"
TAKEN_IN_WITHIN_S = 240
HEARD_WITHIN_S = 120


class Setting:
    """A worker's settings, and the worker."""

    def __init__(self, folder: Path, database_url: str, broker_url: str) -> None:
        self.database_url = database_url
        self.broker_url = broker_url
        self.log = folder / "worker.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.name = folder.name
        self.file = folder / "room.toml"
        self.file.write_text(
            f'[database]\nurl = "{database_url}"\n'
            f'[mqtt]\nurl = "{broker_url}"\nclient_id = "{self.name}"\n'
            f'[store]\ndirectory = "{folder / "store"}"\n[ingest]\nbatch_messages = 20\nbatch_ms = 50\n',
            encoding="utf-8",
        )

    def start_worker(self, number: int = 1) -> subprocess.Popen[bytes]:
        """A new one, once it hears the broker."""
        said = f"{self.name}-{number}: hears the broker"
        heard = self.log.read_text(encoding="utf-8").count(said) if self.log.exists() else 0
        command = [str(ROOM), "worker", "-c", str(self.file), "--number", str(number)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        self._processes.append(process)
        services.wait_until(lambda: self.log.read_text(encoding="utf-8").count(said) > heard, 180, "the worker")
        return process

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=60)

    def room(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(ROOM), arguments[0], "-c", str(self.file), *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)

    def count(self, query: str) -> int:
        with pool.connect(self.database_url) as connection:
            return int(connection.execute(query).fetchall()[0][0])


@pytest.fixture
def setting(tmp_path: Path, database_url: str, broker: services.Broker) -> Iterator[Setting]:
    made = Setting(tmp_path, database_url, broker.url)
    yield made
    made.stop()


class Simulation(threading.Thread):
    """`talaia-room simulate` beside the test."""

    def __init__(self, setting: Setting, *arguments: str) -> None:
        super().__init__(name="simulate")
        self._setting = setting
        self._arguments = arguments
        self.ended: subprocess.CompletedProcess[str] | None = None
        self.start()

    def run(self) -> None:
        self.ended = self._setting.room("simulate", *self._arguments, "--json")

    def result(self) -> dict[str, Any]:
        self.join(timeout=250)
        assert self.ended is not None
        assert self.ended.returncode == 0, self.ended.stderr
        content: dict[str, Any] = json.loads(self.ended.stdout)
        return content


def assert_all_is_there_once(setting: Setting, ledger: Path, sent: int) -> None:
    said = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    expected = sorted((row["event_id"], row["outbox_id"], row["sequence"]) for row in said)
    assert len(expected) == sent
    with pool.connect(setting.database_url) as connection:
        rows = connection.execute("SELECT event_id, outbox_id, sequence FROM events").fetchall()
    assert sorted((str(event), str(outbox), sequence) for event, outbox, sequence in rows) == expected
    checked = setting.room("fsck", "--json")
    report = json.loads(checked.stdout)
    assert sum(device["stored"] for device in report["devices"]) == sent
    assert all(not device["gaps"] and not device["duplicates"] for device in report["devices"])
    assert report["violations"] == []
    assert checked.returncode == 0


def stored(setting: Setting) -> int:
    return setting.count("SELECT count(*) FROM events")


@pytest.mark.system
def test_a_killed_worker_loses_nothing_and_doubles_nothing(setting: Setting, tmp_path: Path) -> None:
    worker = setting.start_worker()
    ledger = tmp_path / "ledger.jsonl"
    simulation = Simulation(
        setting, "--devices", "3", "--rate", "150", "--seconds", "5", "--seed", "7", "--ledger", str(ledger)
    )
    for threshold in (80, 300):
        services.wait_until(lambda: stored(setting) > threshold, TAKEN_IN_WITHIN_S, "events")  # noqa: B023 - at once
        worker.kill()
        worker.wait(timeout=60)
        worker = setting.start_worker()
    result = simulation.result()
    assert result["unacked"] == 0
    assert_all_is_there_once(setting, ledger, 750)


@pytest.mark.system
def test_a_database_that_goes_away_is_waited_for(
    setting: Setting, tmp_path: Path, plain_server: services.Server
) -> None:
    if not isinstance(plain_server, services.OwnServer):
        pytest.skip("the server of TALAIA_TEST_DATABASE_URL is not ours to stop")
    setting.start_worker()
    ledger = tmp_path / "ledger.jsonl"
    simulation = Simulation(setting, "--devices", "2", "--rate", "100", "--seconds", "4", "--ledger", str(ledger))
    services.wait_until(lambda: stored(setting) > 50, TAKEN_IN_WITHIN_S, "events")
    plain_server.stop()
    services.wait_until(lambda: "does not take it" in setting.log.read_text(encoding="utf-8"), 120, "the worker's word")
    plain_server.start()
    result = simulation.result()
    assert result["unacked"] == 0
    assert_all_is_there_once(setting, ledger, 400)
    complaints = setting.log.read_text(encoding="utf-8").count("does not take it")
    assert complaints < 20, "it backs off"


@pytest.mark.system
def test_a_killed_broker_is_found_again(tmp_path: Path, database_url: str, mortal_broker: services.Broker) -> None:
    setting = Setting(tmp_path, database_url, mortal_broker.url)
    try:
        setting.start_worker()
        ledger = tmp_path / "ledger.jsonl"
        simulation = Simulation(setting, "--devices", "2", "--rate", "100", "--seconds", "4", "--ledger", str(ledger))
        services.wait_until(lambda: stored(setting) > 50, TAKEN_IN_WITHIN_S, "events")
        mortal_broker.kill()
        mortal_broker.start()
        result = simulation.result()
        assert result["unacked"] == 0
        assert_all_is_there_once(setting, ledger, 400)
    finally:
        setting.stop()


def publish(broker_url: str, *sent: tuple[str, bytes, dict[str, str]], acked: bool = True) -> dict[str, list[str]]:
    """Publish each (topic, payload, user properties); the room's acks by device, once as many came, if wanted."""
    found: dict[str, list[str]] = {}
    complete, listening = threading.Event(), threading.Event()

    def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        ack = json.loads(message.payload)
        found.setdefault(ack["device_id"], []).extend(ack["message_ids"])
        if len(set().union(*found.values())) >= len(sent):
            complete.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = on_message
    client.on_subscribe = lambda *_: listening.set()
    client.connect("127.0.0.1", int(broker_url.rpartition(":")[2]))
    client.loop_start()
    client.subscribe(topics.ACKS.of_all, 1)
    assert listening.wait(HEARD_WITHIN_S)
    for topic, payload, named in sent:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = list(named.items())
        given = client.publish(topic, payload, 1, properties=properties)
        given.wait_for_publish(HEARD_WITHIN_S)
        assert given.is_published()
    assert not acked or complete.wait(HEARD_WITHIN_S), f"only {found} were acked"
    client.disconnect()
    client.loop_stop()
    return found


def test_bad_messages_over_the_wire_are_kept_acked_and_disturb_nobody(
    setting: Setting, broker: services.Broker
) -> None:
    with pool.connect(setting.database_url) as connection:
        messages.add_device(connection)
    setting.start_worker()
    good = [messages.event(sequence=number) for number in (1, 2)]
    unreadable, foreign, huge = (str(uuids.uuid7()) for _ in range(3))
    named = topics.MESSAGE_ID_PROPERTY
    topic = topics.EVENTS.of("quay")
    acked = publish(
        broker.url,
        (topic, json.dumps(good[0]).encode(), {}),
        (topic, b"\xff\xfe not JSON", {named: unreadable}),
        (topic, json.dumps(messages.event("market", message_id=foreign)).encode(), {}),
        (topic, b"[" + b"9" * 10_000_000, {named: huge}),
        (topic, json.dumps(good[1]).encode(), {}),
    )
    assert sorted(acked) == ["quay"]
    expected = {good[0]["message_id"], good[1]["message_id"], unreadable, foreign, huge}
    assert set(acked["quay"]) == expected
    assert stored(setting) == 2
    with pool.connect(setting.database_url) as connection:
        kept = messages.rows(connection, "SELECT reason, payload_bytes, length(payload) AS kept FROM dead_letters")
    assert sorted((row["reason"], row["payload_bytes"], row["kept"]) for row in kept) == [
        ("no_json", 11, 11),
        ("other_device", kept_size(kept, "other_device"), kept_size(kept, "other_device")),
        ("too_large", 10_000_001, 65_536),
    ]


def kept_size(kept: list[dict[str, Any]], reason: str) -> int:
    return next(int(row["payload_bytes"]) for row in kept if row["reason"] == reason)


def test_it_stops_by_itself_also_without_broker_and_database(setting: Setting, tmp_path: Path) -> None:
    """Exit status 1 would say that it had to be ended, after four seconds."""
    worker = setting.start_worker()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=120) == 0
    nowhere = tmp_path / "nowhere.toml"
    port = services.free_port()
    nowhere.write_text(
        f'[database]\nurl = "postgresql://x@127.0.0.1:{port}/x"\n[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\n',
        encoding="utf-8",
    )
    with (tmp_path / "nowhere.log").open("wb") as log:
        lonely = subprocess.Popen([ROOM, "worker", "-c", nowhere], stderr=log)
    try:
        services.wait_until(lambda: b"does not take it" in (tmp_path / "nowhere.log").read_bytes(), 120, "its word")
        lonely.send_signal(signal.SIGTERM)
        assert lonely.wait(timeout=120) == 0
    finally:
        if lonely.poll() is None:
            os.kill(lonely.pid, signal.SIGKILL)
