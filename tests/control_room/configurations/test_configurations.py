"""Versions are pushed by signed commands, confirmed or rejected by the device, and reach one that was away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from control_room import config
from control_room.commands import keys, sending
from control_room.configurations import service
from control_room.database import pool
from tests.control_room import door as doors
from tests.control_room import messages
from tests.control_room.commands.answers import answer
from wire import topics
from wire.control import CommandMessage

AT = "/api/v1/devices/quay/configurations"
FIRST = {"cameras": {"placa": {"name": "Plaça Major"}}}
SECOND = {"cameras": {"placa": {"analysis_fps": 2.0}}}


@pytest.fixture
def room(database_url: str, tmp_path: Path) -> Iterator[doors.Door]:
    key_file = str(tmp_path / "command.key")
    keys.make(config.Commands(key_file=key_file))
    with doors.opened(database_url, tmp_path, key_file=key_file) as opened:
        with opened.connection() as connection:
            messages.add_device(connection)
        yield opened


def push(client: httpx.Client, content: dict[str, Any]) -> int:
    given = client.post(AT, json={"content": content, "reason": "as the plan says"})
    assert given.status_code == 202, given.text
    return int(given.json()["version"])


def sent(room: doors.Door) -> list[CommandMessage]:
    """What the worker gives to the broker now."""
    found: list[CommandMessage] = []

    def give(_device_id: str, _command_id: object, payload: bytes) -> bool:
        found.append(CommandMessage.model_validate_json(payload))
        return True

    with room.connection() as connection, connection.transaction():
        sending.send_due(connection, give, room.clock())
    return found


def states(client: httpx.Client) -> dict[int, tuple[str, str | None]]:
    return {item["version"]: (item["state"], item["error"]) for item in client.get(AT).json()["items"]}


def test_a_version_is_pending_until_the_device_says_what_it_thinks(room: doors.Door) -> None:
    anna = room.as_person("anna")
    assert push(anna, FIRST) == 1
    (command,) = sent(room)
    assert (command.kind, command.arguments) == ("config", {"version": 1, "content": FIRST})
    assert states(anna) == {1: ("pending", None)}
    answer(room, str(command.command_id), {"version": 1})
    assert states(anna) == {1: ("confirmed", None)}
    assert push(anna, SECOND) == 2
    (second,) = sent(room)
    said = "camera[placa].analysis_fps: got 2.0; allowed: 1"
    answer(room, str(second.command_id), {}, error=said)
    assert states(anna) == {2: ("rejected", said), 1: ("confirmed", None)}
    device = anna.get("/api/v1/devices/quay").json()
    assert (device["current_configuration"], device["pending_configuration"]) == (1, None)
    (newest, first) = anna.get(AT).json()["items"]
    assert (newest["made_by"], newest["reason"], first["content"]) == ("anna", "as the plan says", FIRST)


def test_going_back_is_a_new_version_of_the_old_content(room: doors.Door) -> None:
    anna = room.as_person("anna")
    push(anna, FIRST)
    push(anna, SECOND)
    gone_back = anna.post(f"{AT}/1/again", json={"reason": "too slow"})
    assert gone_back.json() == {"version": 3}
    newest = anna.get(AT).json()["items"][0]
    assert (newest["content"], newest["same_as"], newest["state"]) == (FIRST, 1, "pending")
    assert states(anna)[2] == ("superseded", None)
    assert [command.arguments["version"] for command in sent(room)] == [3]
    assert anna.post(f"{AT}/9/again", json={"reason": "x"}).status_code == 404


def test_a_device_that_was_away_for_a_month_gets_it_when_it_returns(room: doors.Door) -> None:
    anna = room.as_person("anna")
    push(anna, FIRST)
    (lost,) = sent(room)
    room.clock.move(days=30)

    def look(connection: pool.Connection) -> list[CommandMessage]:
        with connection.transaction():
            sending.expire(connection, room.clock())
        with connection.transaction():
            assert room.room.signer is not None
            service.send_again(connection, room.room.signer, room.clock())
        return sent(room)

    with room.connection() as connection:
        assert look(connection) == []
        assert states(room.as_person("anna")) == {1: ("pending", None)}
        messages.ingest(connection, messages.delivery(messages.status(), topics.STATUS))
        connection.execute("UPDATE devices SET online = true")
        (again,) = look(connection)
        assert look(connection) == []
    assert (again.arguments, again.command_id != lost.command_id) == (lost.arguments, True)
    assert again.expires_at > room.clock() + timedelta(days=6)
    answer(room, str(again.command_id), {"version": 1})
    assert states(room.as_person("anna")) == {1: ("confirmed", None)}


def test_only_administrators_push_and_only_what_a_room_may_set(room: doors.Door) -> None:
    body = {"content": FIRST, "reason": "x"}
    assert room.as_person("marta").post(AT, json=body).status_code == 403
    assert room.as_person("pere").get(AT).status_code == 403
    anna = room.as_person("anna")
    secret = {"content": {"cameras": {"placa": {"source": "rtsp://evil/"}}}, "reason": "x"}
    assert anna.post(AT, json=secret).status_code == 422
    assert anna.post(AT.replace("quay", "nobody"), json=body).status_code == 404
    bypass = {"kind": "config", "arguments": {"version": 7, "content": {}}, "reason": "x"}
    assert anna.post("/api/v1/devices/quay/commands", json=bypass).status_code == 422
    large = {
        "content": {"cameras": {"placa": {"purpose": "x" * 1000, "zones": [{"name": "z" * 64_200}]}}},
        "reason": "x",
    }
    assert anna.post(AT, json=large).status_code in {413, 422}
    assert anna.get(AT).json()["items"] == []
    actions = {row["action"] for row in room.rows("SELECT action FROM audit")}
    assert "command.config" not in actions
