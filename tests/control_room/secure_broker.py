"""A real Mosquitto as a town has it: accounts by the dynamic security plug-in, TLS with certificates for devices."""

from __future__ import annotations

import contextlib
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from control_room import config
from control_room.broker_access import first_accounts
from control_room.enrolment import authority, broker_certificate
from edge.enrolment import identity
from tests.control_room import services
from wire.enrolment import Identity

PLUGIN = next(
    (path for path in Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")), Path("mosquitto_dynamic_security.so")
)
ROOM, KEEPER = "room:room-password", "keeper:keeper-password"
ANSWER_S = 120


class SecureBroker:
    """One listener on loopback without TLS for the room, one with TLS for devices."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port = services.free_port(), services.free_port()
        self.sections: dict[str, Any] = {
            "mqtt": {"url": f"mqtt://{ROOM}@127.0.0.1:{self.port}"},
            "broker": {
                "device_url": f"mqtts://127.0.0.1:{self.tls_port}",
                "admin_url": f"mqtt://{KEEPER}@127.0.0.1:{self.port}",
            },
            "enrolment": {"directory": str(folder / "town")},
        }
        self._process: subprocess.Popen[bytes] | None = None
        settings = config.Settings.model_validate(self.sections)
        now = datetime.now(UTC)
        town = authority.make(settings.enrolment, "Tarragona", now - timedelta(days=400))  # older than what it signs
        broker_certificate.write(town, folder / "tls", ["127.0.0.1"], 30, now)
        self.accounts = folder / "accounts.json"
        first_accounts.write(settings, self.accounts)
        tls = folder / "tls"
        (folder / "mosquitto.conf").write_text(
            f"per_listener_settings false\nallow_anonymous false\nplugin {PLUGIN}\n"
            f"plugin_opt_config_file {self.accounts}\nlistener {self.port} 127.0.0.1\n"
            f"listener {self.tls_port} 127.0.0.1\ncafile {tls}/ca.pem\ncertfile {tls}/broker.crt\n"
            f"keyfile {tls}/broker.key\nrequire_certificate true\ntls_version tlsv1.2\n"
            f"use_username_as_clientid true\n" + ("user root\n" if os.geteuid() == 0 else ""),
            encoding="utf-8",
        )
        self.start()

    def start(self) -> None:
        assert services.MOSQUITTO is not None
        command = ["setpriv", "--pdeathsig=TERM", services.MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")]
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        services.wait_until(lambda: services.answers(self.tls_port), services.READY_WITHIN_S, "Mosquitto")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def trust(self, folder: Path | None) -> ssl.SSLContext:
        """With the certificate of an identity folder, or none."""
        context = ssl.create_default_context(cafile=self.folder / "tls" / "ca.pem")
        if folder is not None:
            context.load_cert_chain(folder / identity.TLS_CERTIFICATE, folder / identity.TLS_KEY)
        return context


@contextlib.contextmanager
def running(folder: Path) -> Iterator[SecureBroker]:
    if services.MOSQUITTO is None or not PLUGIN.is_file():
        pytest.skip("Mosquitto with its dynamic security plug-in is not installed (apt-get install mosquitto)")
    broker = SecureBroker(folder)
    try:
        yield broker
    finally:
        broker.stop()


class Client:
    """Notes every answer of the broker."""

    def __init__(self, user: str, password: str, port: int, trust: ssl.SSLContext | None, client_id: str = "") -> None:
        self.connections: list[str] = []
        self.endings: list[str] = []
        self.published: dict[int, str] = {}
        self.subscribed: dict[int, str] = {}
        self.heard: list[tuple[str, bytes]] = []
        self._changed = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        self.client.username_pw_set(user, password)
        self.client.reconnect_delay_set(1, 1)
        if trust is not None:
            self.client.tls_set_context(trust)
        self.client.on_connect = lambda *got: self._note(self.connections.append, str(got[3]))
        self.client.on_disconnect = lambda *got: self._note(self.endings.append, str(got[3]))
        self.client.on_connect_fail = lambda *_: self._note(self.endings.append, "no connection")
        self.client.on_publish = lambda *got: self._note(self.published.__setitem__, got[2], str(got[3]))
        self.client.on_subscribe = lambda *got: self._note(self.subscribed.__setitem__, got[2], str(got[3][0]))
        self.client.on_message = lambda *got: self._note(self.heard.append, (got[2].topic, got[2].payload))
        self.client.connect_async("127.0.0.1", port, 20)
        self.client.loop_start()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def connected(self) -> str:
        """The broker's answer to the newest connection."""
        self.wait(lambda: bool(self.connections), "an answer to the connection")
        return self.connections[-1]

    def publish(self, topic: str, payload: bytes = b"{}") -> str:
        mid = self.client.publish(topic, payload, 1).mid
        self.wait(lambda: mid in self.published, f"an answer to a publish on {topic}")
        return self.published[mid]

    def subscribe(self, topic: str) -> str:
        mid = self.client.subscribe(topic, 1)[1]
        assert mid is not None
        self.wait(lambda: mid in self.subscribed, f"an answer to a subscription to {topic}")
        return self.subscribed[mid]

    def wait(self, condition: Any, what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, ANSWER_S), f"{what}: not within {ANSWER_S} s"

    def _note(self, where: Any, *what: Any) -> None:
        with self._changed:
            where(*what)
            self._changed.notify_all()


def save(folder: Path, keys: identity.Keys, given: dict[str, Any]) -> Path:
    identity.save(folder, keys, Identity.model_validate(given))
    return folder
