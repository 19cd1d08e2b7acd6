"""A real Mosquitto on a free port of this computer, and a small control room behind it that acknowledges."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks import ports
from edge.clock import Clock
from wire import topics
from wire.control import AckMessage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DEVICE = "dev-1"
free_port = ports.free_port


def wait_until(condition: Callable[[], bool], what: str, within_s: float = 120.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s, f"{what}: not within {within_s} s"
        threading.Event().wait(0.02)


class Broker:
    def __init__(self, folder: Path) -> None:
        if MOSQUITTO is None:
            pytest.skip("mosquitto is not installed")
        self.port = free_port()
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n", encoding="ascii")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(MOSQUITTO), "-c", str(self._settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, "mosquitto")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Room:
    """Notes what comes, and acknowledges events unless it is told not to."""

    def __init__(self, port: int) -> None:
        self.answering = True
        self.came: list[dict[str, Any]] = []
        """Events, also those that came before."""
        self.properties: list[str] = []
        self.statuses: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="room", protocol=mqtt.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(60)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Each once, as a room keeps them: whose ack is late is sent again."""
        first: dict[str, dict[str, Any]] = {}
        for event in self.came:
            first.setdefault(event["message_id"], event)
        return list(first.values())

    @property
    def sequences(self) -> list[int]:
        return [event["sequence"] for event in self.came]

    def say(self, topic: topics.Topic, payload: bytes) -> None:
        self._client.publish(topic.of(DEVICE), payload, qos=1)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(
            [(topic.of_all, 1) for topic in (topics.EVENTS, topics.STATUS, topics.METRICS, topics.REPLIES)]
        )

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        content = json.loads(message.payload)
        name = message.topic.rpartition("/")[2]
        if name == "status":
            self.statuses.append(content)
        elif name == "metrics":
            self.metrics.append(content)
        elif name == "replies":
            self.replies.append(content)
        else:
            self.came.append(content)
            named: Any = message.properties
            self.properties += [value for key, value in named.UserProperty if key == "message_id"]
            if self.answering:
                ack = AckMessage(device_id=DEVICE, sent_at=Clock().now(), message_ids=[content["message_id"]])
                self.say(topics.ACKS, ack.to_json())
