"""The real agent on a real broker with TLS obeys the room alone, and keeps its certificate."""

from __future__ import annotations

import contextlib
import gc
import json
import sqlite3
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_room import config as room_config
from control_room.commands import keys as command_keys
from control_room.commands import sending
from control_room.ingest.worker import Worker
from edge import agent, config
from edge.clock import Clock
from edge.enrolment import identity, settings_file
from edge.enrolment.identity import Keys
from edge.reload.configuration_file import ConfigurationFile
from tests.control_room import door as doors
from tests.control_room import secure_broker, services
from tests.control_room.enrolment.asking import code_for, enrol
from tests.control_room.secure_broker import Client
from tests.edge import clips
from wire import topics
from wire.control import CommandMessage
from wire.enrolment import Identity

HEARD_WITHIN_S = 180


@dataclass
class Working:
    """A room with its worker."""

    door: doors.Door
    broker: secure_broker.SecureBroker
    folder: Path

    def enrol(self, device_id: str, at: datetime) -> Path:
        """The agent's file of a device that was enrolled then."""
        self.door.clock.now = at
        keys, folder = Keys.make(), self.folder / device_id / "identity"
        given = enrol(self.door.client(), code_for(self.door.as_person("anna"), device_id), keys, at).json()
        path = folder.with_name("edge.toml")
        path.parent.mkdir()
        clips.write(path.with_name("street.mp4"), 40, fps=10)
        path.write_text(
            '[[camera]]\nid = "placa"\nname = "Placa"\nsource = "file:street.mp4"\nloop = true\n', encoding="ascii"
        )
        identity.save(folder, keys, Identity.model_validate(given))
        settings_file.write(path, folder, Identity.model_validate(given), self.door.url, None)
        self.door.clock.now = datetime.now(UTC)
        return path

    def shown(self, device_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.door.as_person("anna").get(f"/api/v1/devices/{device_id}").json()
        return found

    @contextlib.contextmanager
    def at_the_broker(self) -> Iterator[Client]:
        """With the room's own account, on the room's own listener."""
        user, _, password = secure_broker.ROOM.partition(":")
        client = Client(user, password, self.broker.port, None, "somebody")
        assert client.connected() == "Success"
        try:
            yield client
        finally:
            client.close()


@pytest.fixture
def _as_before() -> Iterator[None]:
    """What a worker sets up is for a process of its own."""
    threshold, turn_s = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(turn_s)


@pytest.fixture
def _said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own repetition, to an agent that takes more than five seconds to answer, would be counted as a thief's."""
    monkeypatch.setattr(sending, "_AGAIN_FIRST_S", 3600)
    monkeypatch.setattr(sending, "_AGAIN_LONGEST_S", 3600)


@pytest.fixture
def working(
    broker: secure_broker.SecureBroker, database_url: str, tmp_path: Path, _as_before: None, _said_once: None
) -> Iterator[Working]:
    key_file, stop = str(tmp_path / "command.key"), threading.Event()
    command_keys.make(room_config.Commands(key_file=key_file))
    with doors.opened(database_url, tmp_path, key_file=key_file, more=broker.sections) as door:
        door.clock.now = datetime.now(UTC)
        worker = Worker(
            doors.settings(database_url, tmp_path, key_file, broker.sections), stop, lambda: datetime.now(UTC)
        )
        thread = threading.Thread(target=worker.run, name="worker")
        thread.start()
        try:
            yield Working(door, broker, tmp_path)
        finally:
            stop.set()
            thread.join(120)
            worker.close()


class _Blind:
    """Sees nothing."""

    name, sha256 = "blind", "3" * 64

    def detect(self, _image: object) -> list[Any]:
        return []


@contextlib.contextmanager
def running(path: Path) -> Iterator[None]:
    stop = threading.Event()
    arguments = (config.load(path), _Blind(), Clock(), stop)
    file = ConfigurationFile(path, threading.Event())
    thread = threading.Thread(target=agent.run, args=arguments, kwargs={"file": file}, name="agent")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(120)


def signed(command: CommandMessage, by: command_keys.Signer, **changes: Any) -> bytes:
    return by.sign(command.model_copy(update={"command_id": uuid.uuid4(), **changes})).to_json()


def test_only_the_rooms_own_orders_are_obeyed_and_every_other_is_counted(working: Working) -> None:
    """Somebody has the broker, the room's account there and all that was ever said on it, but not the room's key."""
    path = working.enrol("quay", datetime.now(UTC))
    anna = working.door.as_person("anna")
    assert working.door.room.signer is not None
    with running(path), working.at_the_broker() as thief:
        for topic in (topics.COMMANDS, topics.ACKS):
            assert thief.subscribe(topic.of("quay")) == "Granted QoS 1"
        services.wait_until(lambda: bool(working.shown("quay")["online"]), HEARD_WITHIN_S, "the agent")
        until = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        wanted = {"kind": "mute", "arguments": {"camera_id": "placa", "until": until}, "reason": "a feast"}
        given = anna.post("/api/v1/devices/quay/commands", json=wanted)
        assert given.status_code == 202, given.text
        command_id = given.json()["command_id"]
        acked = topics.ACKS.of("quay")

        def is_over() -> bool:
            return any(command_id in json.loads(said)["message_ids"] for on, said in thief.heard if on == acked)

        services.wait_until(is_over, HEARD_WITHIN_S, "the command, its answer and the answer's ack")
        recorded = next(said for on, said in thief.heard if on == topics.COMMANDS.of("quay"))
        sound, now = CommandMessage.model_validate_json(recorded), datetime.now(UTC)
        own, room = command_keys.Signer(Ed25519PrivateKey.generate()), working.door.room.signer
        forever = {**sound.arguments, "until": (now + timedelta(days=1)).isoformat()}
        attempts = {
            "replayed": [recorded, recorded],
            "forged": [
                signed(sound, own),
                sound.model_copy(update={"arguments": forever}).to_json(),
                sound.model_copy(update={"command_id": uuid.uuid4()}).to_json(),
            ],
            "other_device": [signed(sound, room, device_id="harbour")],
            "stale": [signed(sound, room, issued_at=now - timedelta(minutes=9), expires_at=now - timedelta(minutes=8))],
            "future": [signed(sound, room, issued_at=now + timedelta(hours=1), expires_at=now + timedelta(hours=2))],
            "too_long": [signed(sound, room, expires_at=now + timedelta(days=30))],
            "unreadable": [b'{"kind": "mute"}', b"\xff"],
        }
        for payload in (one for some in attempts.values() for one in some):
            assert thief.publish(topics.COMMANDS.of("quay"), payload) == "Success"
        expected = {reason: len(some) for reason, some in attempts.items()}
        services.wait_until(
            lambda: working.shown("quay")["refused_commands"] == expected, HEARD_WITHIN_S, f"{expected} on the page"
        )
    rows = working.door.rows("SELECT command_id, state FROM commands")
    assert [(str(row["command_id"]), row["state"]) for row in rows] == [(command_id, "answered")]
    with contextlib.closing(sqlite3.connect(path.parent / "data" / "commands.sqlite3")) as ledger:
        assert [row[0] for row in ledger.execute("select command_id from commands")] == [command_id]
        assert ledger.execute("select 1 from mutes where until > ?", (now.isoformat(),)).fetchall() == []


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates((path.parent / "identity" / identity.TLS_CERTIFICATE).read_bytes())[0]


@pytest.mark.parametrize(("days_ago", "was"), [(61, "still good"), (120, "expired")])
def test_the_agent_renews_its_certificate_by_itself_and_speaks_with_the_new_one(
    working: Working, days_ago: int, was: str
) -> None:
    """One of 90 days: with a third left, and after it was switched off for longer."""
    path = working.enrol("quay", datetime.now(UTC) - timedelta(days=days_ago))
    old = _certificate(path)
    assert (old.not_valid_after_utc < datetime.now(UTC)) == (was == "expired")
    with running(path):
        services.wait_until(lambda: _certificate(path) != old, HEARD_WITHIN_S, "another certificate")
        services.wait_until(
            lambda: working.shown("quay")["online"] and working.shown("quay")["measured_at"] is not None,
            HEARD_WITHIN_S,
            "the agent with it",
        )
    new = _certificate(path)
    assert new.not_valid_after_utc > datetime.now(UTC) + timedelta(days=89)
    assert new.public_key() == old.public_key()
    assert datetime.fromisoformat(working.shown("quay")["certificate_expires_at"]) == new.not_valid_after_utc
    actions = [row["action"] for row in working.door.rows("SELECT action FROM audit")]
    assert actions.count("device.renew_certificate") == 1
