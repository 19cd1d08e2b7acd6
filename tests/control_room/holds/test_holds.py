"""Holds over HTTP: who may, what is refused, and that each act is written down."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.control_room import door as doors
from tests.control_room import messages

HOLDS = "/api/v1/holds"


def test_hold_list_and_release(door: doors.Door) -> None:
    alert = door.alert()
    operator, administrator = door.as_person("marta"), door.as_person("anna")
    wanted = {"object": {"kind": "alert", "alert_id": alert["alert_id"]}, "reason": "case 7"}
    answer = operator.post(HOLDS, json=wanted)
    assert answer.status_code == 201, answer.text
    hold = answer.json()
    assert (hold["state"], hold["held_by"], hold["alert_id"]) == ("open", "marta", alert["alert_id"])
    assert operator.get(HOLDS, params={"state": "open"}).json()["items"] == [hold]
    address = f"{HOLDS}/{hold['hold_id']}/release"
    assert doors.problem(operator.post(address, json={"reason": "over"})) == (403, "forbidden")
    assert administrator.post(address, json={"reason": "over"}).json()["state"] == "released"
    assert doors.problem(administrator.post(address, json={"reason": "over"})) == (409, "already-released")
    written = door.rows("SELECT action, actor, reason, object_id FROM audit WHERE action ~ '^hold' ORDER BY audit_id")
    assert written == [
        {"action": "hold.add", "actor": "marta", "reason": "case 7", "object_id": alert["alert_id"]},
        {"action": "hold.release", "actor": "anna", "reason": "over", "object_id": alert["alert_id"]},
    ]
    nothing = wanted | {"object": {"kind": "alert", "alert_id": str(uuid.UUID(int=1))}}
    assert doors.problem(operator.post(HOLDS, json=nothing)) == (404, "nothing-to-hold")
    over = wanted | {"until": "2020-01-01T00:00:00Z"}
    assert doors.problem(operator.post(HOLDS, json=over)) == (422, "bad-hold-time")


def test_counts_and_a_box_of_the_map(door: doors.Door) -> None:
    door.alert()
    operator = door.as_person("marta")
    counted = operator.get("/api/v1/counts").json()["items"]
    assert [(item["hour"], item["rule"], item["opened"]) for item in counted] == [
        ("2026-11-21T12:00:00Z", "illegal_dumping", 1)
    ]
    inside, outside = "1.1,41.0,1.3,41.2", "1.3,41.0,1.4,41.2"
    assert len(operator.get("/api/v1/alerts", params={"box": inside}).json()["items"]) == 1
    assert operator.get("/api/v1/alerts", params={"box": outside}).json()["items"] == []
    assert doors.problem(operator.get("/api/v1/alerts", params={"box": "1,2,3"})) == (422, "bad-box")


def placed(person: httpx.Client, wanted: dict[str, Any], reason: str, until: str | None = None) -> str:
    answer = person.post(HOLDS, json={"object": wanted, "reason": reason, "until": until})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["hold_id"])


def listed(person: httpx.Client, **asked: str) -> list[str]:
    return [item["reason"] for item in person.get(HOLDS, params=asked).raise_for_status().json()["items"]]


def test_the_list_is_filtered_and_paged(door: doors.Door) -> None:
    alert = door.alert()
    marta, anna = door.as_person("marta"), door.as_person("anna")
    camera = {"kind": "camera", "device_id": alert["device_id"], "camera_id": alert["camera_id"]}
    span = {"from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}
    whole = {"kind": "alert", "alert_id": alert["alert_id"]}
    soon = (door.clock() + timedelta(hours=1)).isoformat()
    placed(marta, whole, "case 7", until=soon)
    let_go = placed(marta, camera | span, "Festa Major")
    placed(anna, whole, "case 9")
    anna.post(f"{HOLDS}/{let_go}/release", json={"reason": "nothing there"}).raise_for_status()
    door.clock.move(hours=2)
    marta, anna = door.as_person("marta"), door.as_person("anna")
    assert listed(marta) == ["case 9", "Festa Major", "case 7"]
    assert (listed(marta, state="open"), listed(marta, state="expired")) == (["case 9"], ["case 7"])
    assert listed(marta, state="released") == listed(marta, kind="camera") == ["Festa Major"]
    assert listed(marta, kind="evidence") == []
    assert (listed(marta, search="festa"), listed(marta, search="ANNA")) == (["Festa Major"], ["case 9", "Festa Major"])
    first = marta.get(HOLDS, params={"limit": 2}).json()
    assert listed(marta, cursor=first["next_cursor"], limit="2") == ["case 7"]
    assert doors.problem(marta.get(HOLDS, params={"state": "in_force"})) == (422, "about:blank")
    assert doors.problem(marta.get(HOLDS, params={"search": "a\x00"})) == (422, "about:blank")
    assert doors.problem(door.as_person("pere").get(HOLDS)) == (403, "forbidden")


@pytest.mark.parametrize("kind", ["alert", "evidence", "camera"])
def test_what_keeps_an_alert_is_told_whatever_is_held(door: doors.Door, kind: str) -> None:
    alert = door.alert(evidence=[messages.evidence()])
    other = door.alert(sequence=2, camera_id="gate", occurred_at="2026-11-20T12:00:00Z")
    marta = door.as_person("marta")
    evidence_id = marta.get(f"/api/v1/alerts/{alert['alert_id']}").json()["evidence"][0]["evidence_id"]
    camera = {"device_id": alert["device_id"], "camera_id": alert["camera_id"]}
    wanted: dict[str, dict[str, Any]] = {
        "alert": {"alert_id": alert["alert_id"]},
        "evidence": {"evidence_id": evidence_id},
        "camera": camera | {"from": alert["opened_at"], "to": alert["opened_at"]},
    }
    hold_id = placed(marta, {"kind": kind} | wanted[kind], "case 7")
    (hold,) = marta.get(HOLDS, params={"protecting": alert["alert_id"]}).json()["items"]
    assert (hold["hold_id"], hold["object_kind"], hold["camera_id"]) == (hold_id, kind, alert["camera_id"])
    assert (hold["rule"], hold["alert_id"]) == (
        (None, None) if kind == "camera" else (alert["rule"], alert["alert_id"])
    )
    assert listed(marta, protecting=other["alert_id"]) == []
    released = door.as_person("anna").post(f"{HOLDS}/{hold_id}/release", json={"reason": "over"})
    assert released.json()["state"] == "released"
    assert listed(marta, protecting=alert["alert_id"]) == []
    written = door.rows("SELECT DISTINCT object_id FROM audit WHERE action ~ '^hold'")
    by_kind = {"alert": alert["alert_id"], "evidence": evidence_id, "camera": "/".join(camera.values())}
    assert written == [{"object_id": by_kind[kind]}]
