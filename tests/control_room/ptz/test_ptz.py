"""Turning cameras by the room's public door: who may, one person at a time, each order signed and written down."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from control_room import config
from control_room.commands import keys
from tests.control_room import door as doors
from tests.control_room import messages
from wire import topics
from wire.commands import signed_bytes
from wire.control import CommandMessage

PTZ = "/api/v1/cameras/placa/ptz"
STATUS = {
    "state": "home",
    "since": messages.rfc3339(messages.NOON),
    "home": True,
    "presets": [{"token": "1", "name": "Font"}],
    "trouble": "",
}
MORE = {"ptz": {"orders_a_minute": 12}}
PAN = {"pan": 0.5, "tilt": 0.0, "zoom": 0.0}


def tell(room: doors.Door, **camera: Any) -> None:
    """Its device says how the camera stands."""
    with room.connection() as connection:
        status = messages.status(cameras=[messages.camera_status(**camera), messages.camera_status("fixed")])
        messages.ingest(connection, messages.delivery(status, topics.STATUS))


@pytest.fixture
def room(database_url: str, tmp_path: Path) -> Iterator[doors.Door]:
    key_file = tmp_path / "command.key"
    keys.make(config.Commands(key_file=str(key_file)))
    with doors.opened(database_url, tmp_path, key_file=str(key_file), more=MORE) as opened:
        with opened.connection() as connection:
            messages.add_device(connection)
        tell(opened, ptz=STATUS)
        yield opened


def ordered(room: doors.Door) -> list[CommandMessage]:
    rows = room.rows("SELECT message FROM commands WHERE kind = 'ptz' ORDER BY command_id")
    return [CommandMessage.model_validate_json(bytes(row["message"])) for row in rows]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_a_camera_is_turned_by_a_signed_order_that_ends_soon(room: doors.Door) -> None:
    marta = room.as_person("marta")
    before = marta.get(PTZ).json()
    assert (before["state"], before["locked_by"], before["held"]) == ("home", None, False)
    assert before["presets"] == [{"token": "1", "name": "Font"}]
    answer = marta.post(PTZ, json=PAN)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["locked_by"], answer.json()["held"]) == (None, True)
    (command,) = ordered(room)
    assert command.expires_at - command.issued_at == timedelta(seconds=5)
    assert command.arguments == {
        "camera_id": "placa",
        "act": "move",
        "pan": 0.5,
        "tilt": 0.0,
        "zoom": 0.0,
        "for_ms": 1500,
        "return_after_s": 60.0,
    }
    signer = keys.load(room.room.settings.commands)
    assert signer is not None
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signer.public))
    key.verify(base64.b64decode(command.signature), signed_bytes(command))
    audited = room.rows("SELECT actor, action FROM audit WHERE action LIKE '%%ptz%%' ORDER BY audit_id")
    assert [(row["actor"], row["action"]) for row in audited] == [("marta", "ptz.hold"), ("marta", "command.ptz")]


@pytest.mark.parametrize(
    ("said", "act"),
    [
        ({"stop": True}, "stop"),
        ({"home": True}, "home"),
        ({"preset": "1"}, "preset"),
        ({"pan": 0.1, "mode": "by"}, "by"),
        ({"zoom": 1.0, "mode": "to"}, "to"),
    ],
)
def test_what_may_be_ordered(room: doors.Door, said: dict[str, Any], act: str) -> None:
    assert room.as_person("marta").post(PTZ, json=said).status_code == 200
    assert [command.arguments["act"] for command in ordered(room)] == [act]


@pytest.mark.parametrize(
    "said", [{}, {"stop": True, "home": True}, {"pan": 1.5}, {"pan": 0.5, "preset": "1"}, {"left": 1}, {"stop": False}]
)
def test_what_may_not(room: doors.Door, said: dict[str, Any]) -> None:
    assert room.as_person("marta").post(PTZ, json=said).status_code == 422
    assert ordered(room) == []


def test_one_person_at_a_time_until_the_time_is_over(room: doors.Door) -> None:
    marta, anna = room.as_person("marta"), room.as_person("anna")
    marta.post(PTZ, json=PAN)
    refused = anna.post(PTZ, json=PAN)
    assert problem(refused) == (409, "camera-held")
    assert refused.json()["locked_by"] == "marta"
    assert anna.get(PTZ).json()["locked_by"] == "marta"
    room.clock.move(seconds=20)
    assert marta.post(PTZ, json={"stop": True}).status_code == 200
    room.clock.move(seconds=20)
    assert problem(anna.post(PTZ, json=PAN)) == (409, "camera-held"), "each order moves the end on"
    room.clock.move(seconds=11)
    assert anna.post(PTZ, json=PAN).status_code == 200
    assert marta.get(PTZ).json()["locked_by"] == "anna"
    assert [command.issued_by for command in ordered(room)] == ["marta", "marta", "anna"]


def test_it_is_taken_over_with_a_word_and_let_go(room: doors.Door) -> None:
    marta, anna = room.as_person("marta"), room.as_person("anna")
    marta.post(PTZ, json=PAN)
    assert anna.post(PTZ, json={**PAN, "take_over": "  "}).status_code == 422
    assert anna.post(PTZ, json={**PAN, "take_over": "a fight at the fountain"}).status_code == 200
    assert problem(marta.post(PTZ, json=PAN)) == (409, "camera-held")
    (taken,) = room.rows("SELECT actor, reason, detail FROM audit WHERE action = 'ptz.take_over'")
    assert (taken["actor"], taken["reason"], taken["detail"]) == ("anna", "a fight at the fountain", {"from": "marta"})
    assert anna.delete(PTZ).status_code == 204
    assert marta.post(PTZ, json=PAN).status_code == 200
    assert marta.delete(PTZ).status_code == 204
    assert marta.delete(PTZ).status_code == 204, "nothing is held any more"
    assert len(room.rows("SELECT 1 FROM audit WHERE action = 'ptz.release'")) == 2


def test_who_may_not_and_what_cannot(room: doors.Door) -> None:
    marta, anna = room.as_person("marta"), room.as_person("anna")
    assert room.as_person("pere").get(PTZ).status_code == 403
    assert room.client().get(PTZ).status_code == 401
    assert problem(marta.get("/api/v1/cameras/fixed/ptz")) == (404, "not-turnable")
    assert problem(marta.post("/api/v1/cameras/fixed/ptz", json=PAN)) == (404, "not-turnable")
    assert problem(marta.get("/api/v1/cameras/nowhere/ptz")) == (404, "no-such-camera")
    listed = anna.put(
        "/api/v1/users/marta/cameras", json={"all": False, "cameras": [{"device_id": "quay", "camera_id": "fixed"}]}
    )
    assert listed.status_code in {200, 204}, listed.text
    assert problem(marta.post(PTZ, json=PAN)) == (403, "not-your-camera")
    direct = {"kind": "ptz", "arguments": {"camera_id": "placa", "act": "home"}}
    assert anna.post("/api/v1/devices/quay/commands", json=direct).status_code == 422, "only by its own route"
    with room.connection() as connection:
        away = messages.status(online=False, cameras=[])
        messages.ingest(connection, messages.delivery(away, topics.STATUS))
    assert problem(anna.post(PTZ, json=PAN)) == (409, "device-offline")
    assert ordered(room) == []


def test_orders_are_limited_and_do_not_count_as_commands(room: doors.Door) -> None:
    marta = room.as_person("marta")
    limit = room.room.settings.ptz.orders_a_minute
    answers = [marta.post(PTZ, json=PAN).status_code for _ in range(limit + 1)]
    assert answers == [200] * limit + [429]
    span = {"camera_id": "placa", "from": "2026-03-01T11:00:00Z", "to": "2026-03-01T11:05:00Z"}
    other = marta.post("/api/v1/devices/quay/commands", json={"kind": "recordings_list", "arguments": span})
    assert other.status_code == 202, other.text
    room.clock.move(seconds=61)
    assert marta.post(PTZ, json=PAN).status_code == 200


def test_what_the_device_says_is_shown(room: doors.Door) -> None:
    marta = room.as_person("marta")
    tell(room, ptz={**STATUS, "state": "away", "trouble": "does not obey: the motor is stuck"})
    shown = marta.get(PTZ).json()
    assert (shown["state"], shown["trouble"]) == ("away", "does not obey: the motor is stuck")
    tell(room)
    assert problem(marta.get(PTZ)) == (404, "not-turnable")
