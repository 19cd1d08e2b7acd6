"""The audit only grows, and administrators read it page by page."""

from __future__ import annotations

import psycopg
import pytest

from tests.control_room import door as doors


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit", "DELETE FROM alert_history"]
)
def test_it_only_grows(lasting_door: doors.Door, change: str) -> None:
    lasting_door.alert()
    with (
        lasting_door.connection() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only be added"),
    ):
        connection.execute(change)


def test_pages_hold_each_act_once_the_newest_first(door: doors.Door) -> None:
    anna = door.as_person("anna")
    for _ in range(4):
        door.as_person("anna")
    seen: list[int] = []
    cursor = None
    while True:
        page = anna.get("/api/v1/audit", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["audit_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [row["audit_id"] for row in door.rows("SELECT audit_id FROM audit ORDER BY audit_id DESC")]
    assert len(seen) == 6


def test_filters_and_items(door: doors.Door) -> None:
    alert = door.alert()
    marta, anna = door.as_person("marta"), door.as_person("anna")
    body = {"version": 1, "reason": "duplicate", "note": "see above"}
    marta.post(f"/api/v1/alerts/{alert['alert_id']}/close", json=body).raise_for_status()
    query = {"action": "alert.close", "actor": "marta", "object_kind": "alert", "object_id": alert["alert_id"]}
    (item,) = anna.get("/api/v1/audit", params=query).json()["items"]
    item.pop("audit_id")
    assert item == {
        "at": "2026-11-21T12:00:02Z",
        "actor_kind": "user",
        "actor": "marta",
        "role": "operator",
        "address": "192.0.2.7",
        "action": "alert.close",
        "object_kind": "alert",
        "object_id": alert["alert_id"],
        "reason": "duplicate",
        "result": "ok",
        "detail": {"state": "closed", "version": 2, "note": "see above", "until": None},
    }
    assert anna.get("/api/v1/audit?since=2026-11-21T12:00:03Z").json() == {"items": [], "next_cursor": None}
    assert anna.get("/api/v1/audit?actor=pere").json()["items"] == []


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "limit=501", "actor=", "actor=%00"])
def test_a_wrong_question_is_refused(lasting_door: doors.Door, query: str) -> None:
    assert doors.problem(lasting_door.as_person("anna").get(f"/api/v1/audit?{query}")) == (422, "about:blank")
