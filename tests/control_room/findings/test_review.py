"""What people say of findings: events, alerts and sites that follow from it, and how it is taken back."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import httpx
import pytest

from control_room.fsck import report as fsck
from control_room.store.staging import Incoming
from tests.control_room import door as doors
from tests.control_room import flown, messages
from wire import message as wire_message
from wire.event import EventMessage


def _said(client: httpx.Client, finding_id: uuid.UUID, action: str, version: int = 1, **body: Any) -> httpx.Response:
    return client.post(f"/api/v1/findings/{finding_id}/{action}", json={"version": version, **body})


def _done(client: httpx.Client, finding_id: uuid.UUID, action: str, version: int = 1, **body: Any) -> dict[str, Any]:
    answer = _said(client, finding_id, action, version, **body)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def _keep(door: doors.Door, content: bytes) -> str:
    with Incoming(door.room.store) as incoming:
        incoming.write(content)
        incoming.keep()
        return incoming.sha256


def test_a_confirmed_one_is_an_alert_that_its_reviewer_acknowledged(door: doors.Door) -> None:
    pere, marta = door.as_person("pere"), door.as_person("marta")
    flight_id = flown.add_flight(door)
    picture = _keep(door, b"a picture")
    finding_id = flown.add_candidate(door, flight_id, picture_sha256=picture)
    done = _done(pere, finding_id, "confirm", waste_class="20 03 07", note="two mattresses")
    assert (done["state"], done["version"], done["reviewed_by"]) == ("confirmed", 2, "pere")
    alert = marta.get(f"/api/v1/alerts/{done['alert_id']}").json()
    assert (alert["state"], alert["rule"], alert["camera_id"]) == ("acknowledged", "drone_finding", None)
    assert alert["location"] == {"lat": done["location"]["lat"], "lon": done["location"]["lon"], "accuracy_m": 4.0}
    assert alert["attributes"]["flight_id"] == str(flight_id)
    assert [(each["actor"], each["action"]) for each in alert["history"]] == [
        ("room", "opened"),
        ("pere", "acknowledged"),
    ]
    shown = marta.get(alert["snapshot_url"])
    assert (shown.status_code, shown.content) == (200, b"a picture")
    listed = marta.get("/api/v1/alerts").json()["items"]
    assert [each["alert_id"] for each in listed] == [done["alert_id"]]


def test_the_message_is_one_that_the_wire_allows_and_fsck_finds_nothing(door: doors.Door) -> None:
    marta = door.as_person("marta")
    flight_id = flown.add_flight(door)
    for number in range(3):
        _done(marta, flown.add_candidate(door, flight_id, **flown.at(100.0 * number)), "confirm")
    stored = door.rows("SELECT sequence, message, camera_id FROM events ORDER BY sequence")
    assert [row["sequence"] for row in stored] == [1, 2, 3]
    for row in stored:
        read, warnings = wire_message.read(EventMessage, json.dumps(row["message"]).encode())
        assert (read.camera_id, row["camera_id"], warnings) == (None, "", [])
    with door.connection() as connection:
        found = fsck.check(connection, door.room.store)
    assert found.violations == []
    assert [device.gaps for device in found.devices] == [[]]
    assert door.rows("SELECT sum(opened) AS opened FROM town_event_counts") == [{"opened": 3}]


def test_nobody_speaks_as_the_room_over_the_wire(door: doors.Door) -> None:
    _done(door.as_person("marta"), flown.add_candidate(door, flown.add_flight(door)), "confirm")
    (room,) = door.rows("SELECT device_id FROM room_outbox")
    with door.connection() as connection:
        forged = messages.event(room["device_id"], event_id=str(uuid.UUID(int=5)))
        stored = messages.ingest(connection, messages.delivery(forged, device_id=room["device_id"]))
    assert stored.counts["dead_letter"] == 1
    assert door.as_person("marta").get("/api/v1/devices").json()["items"] == []


def test_a_wrong_word_is_taken_back_and_said_again(door: doors.Door) -> None:
    marta = door.as_person("marta")
    finding_id = flown.add_candidate(door, flown.add_flight(door))
    confirmed = _done(marta, finding_id, "confirm")
    rejected = _done(marta, finding_id, "reject", 2, reason="a parked trailer")
    assert (rejected["state"], rejected["site_id"]) == ("rejected", None)
    assert door.rows("SELECT * FROM sites") == [], "nothing was seen there"
    alert = marta.get(f"/api/v1/alerts/{confirmed['alert_id']}").json()
    assert (alert["state"], alert["close_reason"]) == ("closed", "false_alarm")
    again = _done(marta, finding_id, "reconsider", 3)
    assert (again["state"], again["reviewed_by"]) == ("candidate", None)
    confirmed_again = _done(marta, finding_id, "confirm", 4)
    assert confirmed_again["alert_id"] == confirmed["alert_id"]
    assert marta.get(f"/api/v1/alerts/{confirmed['alert_id']}").json()["state"] == "acknowledged"
    history = [each["action"] for each in confirmed_again["history"]]
    assert history == ["confirm", "reject", "reconsider", "confirm"]
    actions = door.rows("SELECT action FROM audit WHERE object_kind = 'finding' ORDER BY audit_id")
    assert [row["action"] for row in actions] == [f"finding.{each}" for each in history]


def test_two_that_show_the_same_are_one(door: doors.Door) -> None:
    marta = door.as_person("marta")
    flight_id = flown.add_flight(door)
    one, other = flown.add_candidate(door, flight_id), flown.add_candidate(door, flight_id)
    elsewhere = flown.add_candidate(door, flown.add_flight(door))
    assert _said(marta, one, "merge", into=str(elsewhere)).status_code == 422
    assert _said(marta, one, "merge", into=str(one)).status_code == 422
    merged = _done(marta, one, "merge", into=str(other))
    assert (merged["state"], merged["merged_into"]) == ("merged", str(other))
    assert _said(marta, other, "merge", into=str(one)).status_code == 422, "a merged one takes none"
    counts = marta.get(f"/api/v1/flights/{flight_id}/findings").json()["counts"]
    assert counts == {"candidate": 1, "merged": 1}


def test_the_second_of_two_reviewers_gets_the_present_finding(door: doors.Door) -> None:
    marta = door.as_person("marta")
    finding_id = flown.add_candidate(door, flown.add_flight(door))
    _done(marta, finding_id, "reject")
    answer = _said(marta, finding_id, "confirm")
    assert answer.status_code == 409
    assert answer.json()["finding"]["state"] == "rejected"
    wrong = _said(marta, finding_id, "confirm", 2)
    assert (wrong.status_code, wrong.json()["type"].rpartition(":")[2]) == (409, "wrong-state")
    assert door.rows("SELECT count(*) FROM alerts") == [{"count": 0}]


def test_a_pilot_judges_what_was_found_on_his_own_flights(door: doors.Door) -> None:
    with door.connection() as connection:
        doors.PEOPLE["jordi"] = "pilot"
        doors.add_user(connection, "jordi", door.clock())
    finding_id = flown.add_candidate(door, flown.add_flight(door, "pere"))
    jordi = door.as_person("jordi")
    assert jordi.get(f"/api/v1/findings/{finding_id}").status_code == 200
    refused = _said(jordi, finding_id, "confirm")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "anothers-flight")
    assert door.rows("SELECT state FROM findings") == [{"state": "candidate"}]


def test_the_queue_is_paged_in_its_order_and_filtered(door: doors.Door) -> None:
    marta = door.as_person("marta")
    flight_id = flown.add_flight(door)
    for score in (0.1, 0.9, 0.5, 0.5, 0.3):
        flown.add_candidate(door, flight_id, score=score)
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = marta.get(f"/api/v1/flights/{flight_id}/findings", params=params).json()
        seen += [each["score"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [0.9, 0.5, 0.5, 0.3, 0.1]
    none = marta.get("/api/v1/findings", params={"state": "confirmed"}).json()
    assert none == {"items": [], "next_cursor": None}
    here, away = "1.24,41.11,1.25,41.12", "2.24,41.11,2.25,41.12"
    assert len(marta.get("/api/v1/findings", params={"box": here}).json()["items"]) == 5
    assert marta.get("/api/v1/findings", params={"box": away}).json()["items"] == []
    assert marta.get("/api/v1/findings", params={"cursor": "nonsense"}).status_code == 422
    assert marta.get(f"/api/v1/flights/{uuid.UUID(int=1)}/findings").status_code == 404


@pytest.mark.parametrize("wrong", [{"waste_class": "sofa"}, {"label": ""}, {"version": 0}, {"colour": "red"}])
def test_what_is_wrong_is_named_and_nothing_is_changed(door: doors.Door, wrong: dict[str, Any]) -> None:
    finding_id = flown.add_candidate(door, flown.add_flight(door))
    answer = door.as_person("marta").post(f"/api/v1/findings/{finding_id}/confirm", json={"version": 1, **wrong})
    assert answer.status_code == 422
    assert next(iter(wrong)) in answer.json()["detail"]
    assert door.rows("SELECT version FROM findings") == [{"version": 1}]


def test_looking_at_its_picture_is_in_the_audit(door: doors.Door) -> None:
    marta = door.as_person("marta")
    flight_id = flown.add_flight(door)
    finding_id = flown.add_candidate(door, flight_id, picture_sha256=_keep(door, io.BytesIO(b"seen").getvalue()))
    bare = flown.add_candidate(door, flight_id)
    assert marta.get(f"/api/v1/findings/{finding_id}/picture").content == b"seen"
    assert marta.get(f"/api/v1/findings/{bare}/picture").status_code == 404
    (looked,) = door.rows("SELECT actor FROM audit WHERE action = 'finding.look' AND object_id = %s", str(finding_id))
    assert looked == {"actor": "marta"}
