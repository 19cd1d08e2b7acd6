"""People order, by role and reason; what goes out is signed, what comes back is shown, audited and kept for a day."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from control_room import config
from control_room.commands import keys, sending, service
from control_room.database import pool
from control_room.evidence import service as evidence
from control_room.removals import service as removals
from tests.control_room import door as doors
from tests.control_room import messages
from tests.control_room.commands.answers import answer, fetched, listing
from wire import topics
from wire.commands import signed_bytes
from wire.control import CommandMessage

SPAN = {"camera_id": "placa", "from": "2026-11-21T11:30:00Z", "to": "2026-11-21T12:00:00Z"}
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 30
REASON = "denuncia 2026/114"


@pytest.fixture
def room(database_url: str, tmp_path: Path) -> Iterator[doors.Door]:
    """With a key, and a device `quay` that is there with a camera `placa`."""
    key_file = tmp_path / "command.key"
    keys.make(config.Commands(key_file=str(key_file)))
    with doors.opened(database_url, tmp_path, key_file=str(key_file), does_chores=False) as opened:
        with opened.connection() as connection:
            messages.add_device(connection)
            messages.ingest(
                connection, messages.delivery(messages.status(cameras=[messages.camera_status()]), topics.STATUS)
            )
        yield opened


def add_quay(connection: pool.Connection) -> None:
    messages.add_device(connection)
    status = messages.status(cameras=[messages.camera_status()])
    messages.ingest(connection, messages.delivery(status, topics.STATUS))


def order(client: httpx.Client, kind: str = "recordings_list", device_id: str = "quay", **more: Any) -> httpx.Response:
    body = {"kind": kind, "arguments": SPAN, **more}
    return client.post(f"/api/v1/devices/{device_id}/commands", json=body)


def sent(room: doors.Door) -> list[CommandMessage]:
    """What the worker takes to the broker now."""
    taken: list[CommandMessage] = []

    def give(_device_id: str, _command_id: uuid.UUID, payload: bytes) -> bool:
        taken.append(CommandMessage.model_validate_json(payload))
        return True

    with room.connection() as connection, connection.transaction():
        sending.send_due(connection, give, room.clock())
    return taken


def expire(room: doors.Door) -> None:
    with room.connection() as connection, connection.transaction():
        sending.expire(connection, room.clock())


def shown(client: httpx.Client, command_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/commands/{command_id}").json()
    return found


def test_a_command_goes_out_signed_and_its_answer_is_shown(room: doors.Door) -> None:
    marta = room.as_person("marta")
    given = order(marta)
    assert given.status_code == 202, given.text
    command_id = given.json()["command_id"]
    assert given.json()["device_online"] is True
    assert shown(marta, command_id)["state"] == "queued"
    (command,) = sent(room)
    assert (str(command.command_id), command.device_id, command.issued_by) == (command_id, "quay", "marta")
    assert command.expires_at - command.issued_at == timedelta(seconds=60)
    public = keys.load(room.room.settings.commands)
    assert public is not None
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.public))
    key.verify(base64.b64decode(command.signature), signed_bytes(command))
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(command.signature), signed_bytes(command.model_copy(update={"kind": "snapshot"})))
    assert shown(marta, command_id)["state"] == "sent"
    answer(room, command_id, listing())
    found = shown(marta, command_id)
    assert (found["state"], found["error"]) == ("answered", None)
    assert found["result"]["spans"][0]["bytes"] == 1000
    published = room.rows("SELECT payload FROM stream WHERE kind = 'command' ORDER BY id")
    assert [row["payload"]["state"] for row in published] == ["queued", "answered"]
    assert "result" not in published[-1]["payload"]
    audited = room.rows("SELECT actor, action, result FROM audit WHERE object_kind = 'command' ORDER BY audit_id")
    assert audited == [
        {"actor": "marta", "action": "command.recordings_list", "result": "ok"},
        {"actor": "quay", "action": "command.answer", "result": "ok"},
    ]
    (listed,) = marta.get("/api/v1/devices/quay/commands").json()["items"]
    assert listed["command_id"] == command_id


def test_it_is_sent_again_until_the_device_is_heard(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id = order(marta, "recording_fetch").json()["command_id"]
    first = sent(room)
    assert sent(room) == []
    room.clock.move(seconds=5)
    assert sent(room) == first, "the same message: the device knows it"
    answer(room, command_id, {}, progress=0.4)
    room.clock.move(seconds=60)
    assert sent(room) == []
    found = shown(marta, command_id)
    assert (found["state"], found["progress"]) == ("working", 0.4)


def test_a_broker_that_is_away_loses_no_command(room: doors.Door) -> None:
    order(room.as_person("marta"))
    with room.connection() as connection, connection.transaction():
        sending.send_due(connection, lambda *_: False, room.clock())
    assert room.rows("SELECT state, times_sent FROM commands") == [{"state": "queued", "times_sent": 0}]
    assert len(sent(room)) == 1


def test_without_an_answer_it_expires_and_a_late_answer_still_counts(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id = order(marta).json()["command_id"]
    sent(room)
    room.clock.move(seconds=61)
    assert sent(room) == []
    expire(room)
    assert shown(marta, command_id)["state"] == "sent", "its answer may be on its way"
    room.clock.move(seconds=60)
    expire(room)
    found = shown(marta, command_id)
    assert (found["state"], found["error"]) == ("expired", "the device did not answer")
    answer(room, command_id, listing())
    assert shown(marta, command_id)["state"] == "answered"


def test_the_first_answer_counts(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id = order(marta).json()["command_id"]
    assert answer(room, command_id, listing()) == [uuid.UUID(command_id)], "and is acked"
    assert answer(room, command_id, {}, error="no") == [uuid.UUID(command_id)]
    assert shown(marta, command_id)["state"] == "answered"


def test_a_failure_says_why(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id = order(marta).json()["command_id"]
    answer(room, command_id, {}, error="this device has no camera placa")
    found = shown(marta, command_id)
    assert (found["state"], found["error"], found["result"]) == ("failed", "this device has no camera placa", None)


def test_an_answer_of_another_form_is_a_failure(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id = order(marta).json()["command_id"]
    answer(room, command_id, {"spans": "many"})
    found = shown(marta, command_id)
    assert found["state"] == "failed"
    assert found["error"].startswith("the device's answer cannot be read: spans")


def test_only_who_was_asked_may_answer(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id = order(marta).json()["command_id"]
    with room.connection() as connection:
        messages.add_device(connection, "port")
    answer(room, command_id, listing(), device_id="port")
    answer(room, str(uuid.uuid4()), listing())
    assert shown(marta, command_id)["state"] == "queued"
    letters = room.rows("SELECT device_id, reason FROM dead_letters ORDER BY dead_letter_id")
    assert letters == [
        {"device_id": "port", "reason": "unknown_command"},
        {"device_id": "quay", "reason": "unknown_command"},
    ]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"kind": "explode", "arguments": {}}, 422, "body.kind"),
        ({"kind": "ptz", "arguments": {}}, 422, "body.kind"),
        ({"kind": "recordings_list", "arguments": {}}, 422, "body.arguments.camera_id"),
        ({"kind": "recordings_list", "arguments": {**SPAN, "loud": 1}}, 422, "body.arguments.loud"),
        ({"kind": "recordings_list", "arguments": {**SPAN, "from": "yesterday"}}, 422, "body.arguments.from"),
        ({"kind": "recordings_list", "arguments": {**SPAN, "camera_id": "no"}}, 422, "body.arguments.camera_id"),
        ({"kind": "recording_fetch", "arguments": {**SPAN, "to": "2026-11-22T12:00:00Z"}}, 422, "body.arguments"),
        ({"kind": "recording_fetch", "arguments": {**SPAN, "pixelated": False}}, 422, "Say why"),
        ({"kind": "recording_fetch", "arguments": {**SPAN, "keep": True}}, 422, "Say why"),
        ({"kind": "recording_hold", "arguments": SPAN}, 422, "body.arguments.reason"),
        ({"kind": "snapshot", "arguments": {"camera_id": "placa"}}, 422, "Say why"),
        ({"kind": "rules_try", "arguments": {**SPAN, "rules": {"a": {"b": "\x00"}}}}, 422, "body.arguments"),
        ({"kind": "rules_try", "arguments": {**SPAN, "rules": {"a": {"b": "x" * 65_250}}}}, 422, "at most 65536"),
        ({"kind": "recording_erase", "arguments": SPAN, "reason": "x"}, 403, "only administrators"),
        ({"kind": "recording_release", "arguments": {"hold_id": str(uuid.uuid4())}, "reason": "x"}, 403, "only admin"),
        ({"kind": "mute", "arguments": {"camera_id": "placa", "until": "2026-11-21T13:00:00Z"}}, 403, "only admin"),
    ],
)
def test_what_operators_may_not_order(lasting: doors.Door, body: dict[str, Any], status: int, says: str) -> None:
    answered = lasting.as_person("marta").post("/api/v1/devices/quay/commands", json=body)
    assert answered.status_code == status, answered.text
    assert says in answered.json()["detail"]
    assert lasting.rows("SELECT count(*) AS commands FROM commands") == [{"commands": 0}]


@pytest.fixture(scope="module")
def lasting(database_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[doors.Door]:
    """For orders that are all refused."""
    folder = tmp_path_factory.mktemp("room")
    url = database_server.new_database()
    keys.make(config.Commands(key_file=str(folder / "command.key")))
    with doors.opened(url, folder, key_file=str(folder / "command.key")) as opened:
        with opened.connection() as connection:
            messages.add_device(connection)
            messages.ingest(
                connection, messages.delivery(messages.status(cameras=[messages.camera_status()]), topics.STATUS)
            )
        yield opened
    database_server.drop_database(url)


def test_pilots_and_devices_order_nothing(lasting: doors.Door) -> None:
    for client in (lasting.as_person("pere"), lasting.as_device()):
        assert order(client).status_code == 403
        assert client.get("/api/v1/devices/quay/commands").status_code == 403
    assert order(lasting.client()).status_code == 401


def test_unknown_and_revoked_devices_are_none(lasting: doors.Door) -> None:
    with lasting.connection() as connection:
        messages.add_device(connection, "gone")
        connection.execute("UPDATE devices SET revoked_at = now() WHERE device_id = 'gone'")
    anna = lasting.as_person("anna")
    assert doors.problem(order(anna, device_id="gone"))[0] == 404
    assert doors.problem(order(anna, device_id="never"))[0] == 404


def test_a_device_that_is_away_is_told_of_holds_only(room: doors.Door) -> None:
    with room.connection() as connection:
        messages.ingest(connection, messages.delivery(messages.status(online=False, cameras=[]), topics.STATUS))
    marta = room.as_person("marta")
    assert doors.problem(order(marta)) == (409, "device-offline")
    given = order(marta, "recording_hold", reason=REASON)
    assert (given.status_code, given.json()["device_online"]) == (202, False)
    (command,) = sent(room)
    assert command.expires_at - command.issued_at == timedelta(hours=24)


def test_a_room_without_a_key_orders_nothing(door: doors.Door) -> None:
    assert doors.problem(order(door.as_person("marta"))) == (503, "no-command-key")


def test_nobody_floods_devices(room: doors.Door) -> None:
    marta = room.as_person("marta")
    answers = [order(marta).status_code for _ in range(service.A_MINUTE)]
    assert set(answers) == {202}
    refused = order(marta)
    assert doors.problem(refused) == (429, "too-many-requests")
    assert order(room.as_person("anna")).status_code == 202, "others may"
    room.clock.move(seconds=61)
    assert order(marta).status_code == 202


TRIAL = {"kind": "rules_try", "arguments": {**SPAN, "rules": {"intrusion": {}}}}


def test_who_gave_a_command_that_takes_long_may_cancel_it(room: doors.Door) -> None:
    marta = room.as_person("marta")
    path = "/api/v1/devices/quay/commands"
    command_id = marta.post(path, json=TRIAL).json()["command_id"]
    given = order(marta, "cancel", arguments={"command_id": command_id})
    assert given.status_code == 202, given.text
    assert [one.kind for one in sent(room)] == ["rules_try", "cancel"]
    answer(room, command_id, {}, error="cancelled")
    answer(room, given.json()["command_id"], {"stopped": True})
    assert (shown(marta, command_id)["state"], shown(marta, command_id)["error"]) == ("failed", "cancelled")
    assert shown(marta, given.json()["command_id"])["result"] == {"stopped": True}
    assert doors.problem(order(marta, "cancel", arguments={"command_id": command_id})) == (409, "command-ended")


def test_what_cannot_be_cancelled_is_said(room: doors.Door) -> None:
    marta, anna = room.as_person("marta"), room.as_person("anna")
    path = "/api/v1/devices/quay/commands"
    hers = {"command_id": anna.post(path, json=TRIAL).json()["command_id"]}
    listed = {"command_id": order(marta).json()["command_id"]}
    unknown = {"command_id": str(uuid.uuid4())}
    assert doors.problem(order(marta, "cancel", arguments=hers))[0] == 403
    assert doors.problem(order(marta, "cancel", arguments=unknown))[0] == 404
    assert doors.problem(order(marta, "cancel", arguments=listed))[0] == 422
    with room.connection() as connection:
        add_quay(connection)
        messages.add_device(connection, "port")
        connection.execute("UPDATE devices SET online = true WHERE device_id = 'port'")
    assert doors.problem(order(anna, "cancel", "port", arguments=hers))[0] == 404, "another device's"
    marthas = {"command_id": marta.post(path, json=TRIAL).json()["command_id"]}
    assert order(anna, "cancel", arguments=marthas).status_code == 202, "an administrator may"


def test_holds_are_listed_until_they_are_released(room: doors.Door) -> None:
    marta, anna = room.as_person("marta"), room.as_person("anna")
    held = order(marta, "recording_hold", reason=REASON).json()["command_id"]
    answer(room, held, {"segments": 3, "bytes": 9})
    refused = order(marta, "recording_hold", reason="another").json()["command_id"]
    answer(room, refused, {}, error="no such span")
    (hold,) = marta.get("/api/v1/devices/quay/holds?camera_id=placa").json()["items"]
    assert (hold["reason"], hold["held_by"], hold["state"], hold["from"]) == (REASON, "marta", "answered", SPAN["from"])
    release = order(anna, "recording_release", reason="over", arguments={"hold_id": hold["hold_id"]})
    assert release.status_code == 202, release.text
    assert len(marta.get("/api/v1/devices/quay/holds").json()["items"]) == 1, "the device has not released it yet"
    answer(room, release.json()["command_id"], {"segments": 3, "bytes": 9})
    assert marta.get("/api/v1/devices/quay/holds").json()["items"] == []


def fetch(room: doors.Door, client: httpx.Client, content: bytes = MP4, **arguments: Any) -> tuple[str, str]:
    """Ids of a command and of the file that its answer brought."""
    reason = {"reason": REASON} if arguments else {}
    given = order(client, "recording_fetch", arguments={**SPAN, **arguments}, **reason)
    assert given.status_code == 202, given.text
    command_id = given.json()["command_id"]
    kind = "recording_pixelated" if arguments.get("pixelated", True) else "recording"
    result = fetched(content, kind)
    answer(room, command_id, result)
    evidence_id = result["evidence"][0]["evidence_id"]
    put = room.as_device().put(f"/api/v1/evidence/{evidence_id}", content=content)
    assert put.status_code == 201, put.text
    return command_id, evidence_id


def test_a_pixelated_copy_is_looked_at_without_a_question_and_erased_after_a_day(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id, evidence_id = fetch(room, marta)
    found = shown(marta, command_id)
    (file,) = found["evidence"]
    assert (found["files"], found["files_received"]) == (1, 1)
    assert (file["url"], file["sha256"]) == (f"/api/v1/evidence/{evidence_id}", hashlib.sha256(MP4).hexdigest())
    assert room.rows("SELECT payload FROM stream ORDER BY id DESC LIMIT 1")[0]["payload"]["files_received"] == 1
    seen = marta.get(file["url"])
    assert (seen.status_code, seen.content) == (200, MP4)
    (row,) = room.rows("SELECT actor, reason FROM audit WHERE action = 'evidence.play'")
    assert row == {"actor": "marta", "reason": f"command {command_id}"}
    room.clock.move(hours=24)
    chores(room)
    anna = room.as_person("anna")
    assert doors.problem(anna.get(file["url"])) == (410, "erased")
    assert [path for path in (room.folder / "store").rglob("*") if path.is_file()] == []
    (file,) = shown(anna, command_id)["evidence"]
    assert (file["url"], file["erased_at"] is not None) == (None, True)
    assert room.rows("SELECT actor FROM audit WHERE action = 'evidence.erase'") == [{"actor": "room"}]


def test_an_original_asks_why_and_what_is_kept_stays(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id, evidence_id = fetch(room, marta, pixelated=False, keep=True)
    url = f"/api/v1/evidence/{evidence_id}"
    assert doors.problem(marta.get(url)) == (403, "reason-needed")
    assert marta.get(url, params={"reason": REASON}).content == MP4
    assert marta.get(url).status_code == 200, "the reason lasts"
    assert marta.get(url, headers={"Range": "bytes=0-99"}).status_code == 206
    room.clock.move(minutes=16)
    assert doors.problem(marta.get(url)) == (403, "reason-needed")
    room.clock.move(days=400)
    chores(room)
    (file,) = shown(room.as_person("anna"), command_id)["evidence"]
    assert (file["url"], file["expires_at"]) == (url, None)


def test_a_copy_can_be_kept_later_with_a_reason(room: doors.Door) -> None:
    marta = room.as_person("marta")
    command_id, evidence_id = fetch(room, marta)
    assert marta.post(f"/api/v1/evidence/{evidence_id}/keep", json={}).status_code == 422
    assert marta.post(f"/api/v1/evidence/{evidence_id}/keep", json={"reason": REASON}).status_code == 204
    room.clock.move(hours=25)
    chores(room)
    (file,) = shown(room.as_person("anna"), command_id)["evidence"]
    assert file["url"] is not None
    assert room.rows("SELECT reason FROM audit WHERE action = 'evidence.keep'") == [{"reason": REASON}]
    unknown = room.as_person("anna").post(f"/api/v1/evidence/{uuid.uuid4()}/keep", json={"reason": "x"})
    assert unknown.status_code == 404


def test_a_copy_that_shares_its_content_with_evidence_leaves_that(room: doors.Door) -> None:
    marta = room.as_person("marta")
    fetch(room, marta)
    _, kept = fetch(room, marta, keep=True)
    room.clock.move(hours=25)
    chores(room)
    assert room.as_person("anna").get(f"/api/v1/evidence/{kept}", params={"reason": "x"}).content == MP4


def test_the_file_of_an_answer_is_its_devices_alone(room: doors.Door) -> None:
    marta = room.as_person("marta")
    given = order(marta, "recording_fetch")
    result = fetched(MP4, "recording_pixelated")
    answer(room, given.json()["command_id"], result)
    url = f"/api/v1/evidence/{result['evidence'][0]['evidence_id']}"
    assert doors.problem(room.as_device("port").put(url, content=MP4)) == (403, "another-devices-evidence")
    quay = room.as_device("quay")
    assert doors.problem(quay.put(url, content=MP4[:-1] + b"\x00")) == (422, "not-as-announced")
    assert quay.put(url, content=MP4).status_code == 201


def test_an_early_file_is_seen_once_its_answer_came(room: doors.Door) -> None:
    marta = room.as_person("marta")
    given = order(marta, "recording_fetch").json()["command_id"]
    result = fetched(MP4, "recording_pixelated")
    url = f"/api/v1/evidence/{result['evidence'][0]['evidence_id']}"
    assert room.as_device().put(url, content=MP4).status_code == 201
    assert marta.get(url).status_code == 404
    answer(room, given, result)
    assert marta.get(url).content == MP4


def test_pages_go_on_where_the_last_ended(room: doors.Door) -> None:
    marta = room.as_person("marta")
    given = [order(marta).json()["command_id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = marta.get("/api/v1/devices/quay/commands", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [item["command_id"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == given[::-1]
    assert doors.problem(marta.get("/api/v1/devices/quay/commands?cursor=x")) == (422, "bad-cursor")


def chores(room: doors.Door) -> None:
    with room.connection() as connection, connection.transaction():
        evidence.erase_expired(connection, room.clock())
    with room.connection() as connection:
        removals.take_out(connection, room.room.store)


def test_the_key_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    settings = config.Commands(key_file=str(tmp_path / "key"))
    first = keys.make(settings).public
    assert keys.make(settings).public == first
    assert len(base64.b64decode(first)) == 32
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(config.ConfigError, match="0600"):
        keys.load(settings)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(config.ConfigError, match=r"^commands\.key_file: got .*allowed") as refused:
        keys.load(config.Commands(key_file=str(tmp_path / "key")))
    assert "\n" not in str(refused.value)


def test_answers_are_refused_by_the_database_in_peace(room: doors.Door) -> None:
    """A zero byte in an answer cannot be stored: a dead letter, and the next answer is taken."""
    marta = room.as_person("marta")
    bad, good = (order(marta).json()["command_id"] for _ in range(2))
    answer(room, bad, {}, error="a\x00b")
    answer(room, good, listing())
    assert shown(marta, good)["state"] == "answered"
    assert room.rows("SELECT reason FROM dead_letters") == [{"reason": "not_storable"}]


def test_rows_of_the_audit_name_arguments(room: doors.Door) -> None:
    order(room.as_person("marta"), "recording_hold", reason=REASON)
    (row,) = room.rows("SELECT reason, detail FROM audit WHERE action = 'command.recording_hold'")
    assert row["reason"] == REASON
    assert row["detail"]["arguments"]["camera_id"] == "placa"
    assert json.dumps(row["detail"]["arguments"]["reason"]) == json.dumps(REASON)


def test_evidence_is_of_an_event_or_of_a_command(room: doors.Door) -> None:
    """But for recordings, which may be taken out of the live picture."""
    with room.connection() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO evidence (evidence_id, device_id, camera_id, kind, media_type, sha256, bytes, announced_at)"
            " VALUES (%s, 'quay', 'placa', 'clip', 'video/mp4', %s, 1, now())",
            (uuid.uuid4(), "0" * 64),
        )
