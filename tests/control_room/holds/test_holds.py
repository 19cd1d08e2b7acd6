"""Holds over HTTP: who may, what is refused, and that each act is written down."""

from __future__ import annotations

import uuid

from tests.control_room import door as doors

HOLDS = "/api/v1/holds"


def test_hold_list_and_release(door: doors.Door) -> None:
    alert = door.alert()
    operator, administrator = door.as_person("marta"), door.as_person("anna")
    wanted = {"object": {"kind": "alert", "alert_id": alert["alert_id"]}, "reason": "case 7"}
    answer = operator.post(HOLDS, json=wanted)
    assert answer.status_code == 201, answer.text
    hold = answer.json()
    assert (hold["in_force"], hold["held_by"], hold["alert_id"]) == (True, "marta", alert["alert_id"])
    assert operator.get(HOLDS, params={"in_force": "true"}).json()["items"] == [hold]
    address = f"{HOLDS}/{hold['hold_id']}/release"
    assert doors.problem(operator.post(address, json={"reason": "over"})) == (403, "forbidden")
    assert administrator.post(address, json={"reason": "over"}).json()["in_force"] is False
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
