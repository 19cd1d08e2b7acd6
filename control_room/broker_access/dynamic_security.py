"""Mosquitto's dynamic security plug-in, by the messages on its control topic."""

from __future__ import annotations

import json
import queue
import urllib.parse
from typing import TYPE_CHECKING, Any

from paho.mqtt import client as mqtt

from control_room import config
from control_room.ingest import broker
from wire import topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

_REQUESTS = "$CONTROL/dynamic-security/v1"
_ANSWERS = f"{_REQUESTS}/response"
_ANSWER_S = 20.0
_KEEP_ALIVE_S = 30
_PAGE = 500
_ROLE = "device "
"""Begins the name of a device's role; no other account has such a one, and none without it is touched."""
_GENERATION = "generation "

Command = dict[str, Any]


class AccessError(Exception):
    """The broker is away, refuses the account, or answers otherwise than it should; one line."""


class Accounts:
    """One connection as an administrator of the broker's accounts."""

    def __init__(self, settings: config.Mqtt) -> None:
        """Connect.

        Raises:
            AccessError: as it says.
        """
        self.is_lost = False
        """The connection has ended: what the broker has by now is not known."""
        self._said: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()
        self._client = broker.new_client(settings, "", manual_ack=False)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = lambda _client, _data, message: self._said.put(("answer", message.payload))
        url = urllib.parse.urlsplit(settings.url)
        port = url.port or (8883 if url.scheme == "mqtts" else 1883)
        try:
            self._client.connect(url.hostname or "", port, _KEEP_ALIVE_S)
            self._client.loop_start()
            self._expect("connected")
            self._client.subscribe(_ANSWERS, 1)
            self._expect("subscribed")
        except (OSError, AccessError) as error:
            self.close()
            raise AccessError(f"the broker gives no access to its accounts: {error}") from None

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def devices(self) -> dict[str, int]:
        """The devices that have an account, with the number of the password that it was given."""
        found: dict[str, int] = {}
        offset = 0
        while True:
            wanted = {"command": "listClients", "verbose": True, "count": _PAGE, "offset": offset}
            data = self._ask([wanted])[0].get("data", {})
            clients = data.get("clients", [])
            for client in clients:
                name, text = str(client.get("username", "")), str(client.get("textname", ""))
                if any(role.get("rolename") == _ROLE + name for role in client.get("roles", [])):
                    number = text.removeprefix(_GENERATION)
                    found[name] = int(number) if number.isdecimal() else 0
            offset += len(clients)
            if not clients or offset >= int(data.get("totalCount", 0)):
                return found

    def add(self, device_id: str, password: str, generation: int) -> None:
        """A device's account: it speaks and hears as itself only."""
        role = _ROLE + device_id
        client = {"username": device_id, "password": password, "textname": f"{_GENERATION}{generation}"}
        self._ask(
            [
                {"command": "createRole", "rolename": role, "acls": _rules(device_id)},
                {"command": "createClient", **client, "roles": [{"rolename": role}]},
            ],
            forgive="already exists",
        )

    def change(self, device_id: str, password: str, generation: int) -> None:
        """Another password; whoever is connected with the one before is cut."""
        text = f"{_GENERATION}{generation}"
        self._ask([{"command": "modifyClient", "username": device_id, "password": password, "textname": text}])

    def remove(self, device_id: str) -> None:
        """Take the account away and cut its connection."""
        self._ask(
            [
                {"command": "deleteClient", "username": device_id},
                {"command": "deleteRole", "rolename": _ROLE + device_id},
            ],
            forgive="not found",
        )

    def _ask(self, commands: Sequence[Command], forgive: str = "") -> list[dict[str, Any]]:
        self._client.publish(_REQUESTS, json.dumps({"commands": list(commands)}), 1)
        try:
            answers: list[dict[str, Any]] = json.loads(self._expect("answer"))["responses"]
        except (ValueError, KeyError, TypeError):
            raise AccessError("the broker's answer about its accounts cannot be read") from None
        for answer in answers:
            error = str(answer.get("error", ""))
            if error and not (forgive and forgive in error.lower()):
                raise AccessError(f"the broker refuses {answer.get('command')}: {error}")
        return answers

    def _expect(self, what: str) -> Any:
        try:
            kind, content = self._said.get(timeout=_ANSWER_S)
        except queue.Empty:
            raise AccessError(f"no answer within {_ANSWER_S:.0f} s") from None
        if kind != what:
            raise AccessError(str(content))
        return content

    def _on_connect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._said.put(("refused" if reason.is_failure else "connected", str(reason)))

    def _on_disconnect(self, *_: object) -> None:
        self.is_lost = True
        self._said.put(("lost", "the connection was lost"))

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = any(reason.is_failure for reason in reasons)
        self._said.put(("refused" if refused else "subscribed", "; ".join(str(reason) for reason in reasons)))


def _rules(device_id: str) -> list[dict[str, Any]]:
    """What a device may: all that it sends by the table of topics, and to hear what is said to it."""
    kinds = {"device": "publishClientSend", "room": "subscribeLiteral"}
    return [
        {"acltype": kinds[topic.sender], "topic": topic.of(device_id), "priority": 0, "allow": True}
        for topic in topics.TOPICS
    ]
