"""What people do to an alert: one state, and who, when and why for each change, all or nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest

from control_room.alerts import service
from tests.control_room import door as doors
from tests.control_room import messages


def _act(client: httpx.Client, alert: dict[str, Any], action: str, **body: Any) -> httpx.Response:
    return client.post(f"/api/v1/alerts/{alert['alert_id']}/{action}", json={"version": alert["version"], **body})


def _done(client: httpx.Client, alert: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    answer = _act(client, alert, action, **body)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def _last(door: doors.Door, table: str, key: str) -> dict[str, Any]:
    return door.rows(f"SELECT * FROM {table} ORDER BY {key} DESC LIMIT 1")[0]  # noqa: S608 - names of this file


def test_a_whole_life(door: doors.Door) -> None:
    marta = door.as_person("marta")
    alert = door.alert()
    alert = _done(marta, alert, "acknowledge")
    assert (alert["state"], alert["version"]) == ("acknowledged", 2)
    alert = _done(marta, alert, "notes", note="  the van of the market  ")
    assert (alert["state"], alert["version"]) == ("acknowledged", 3)
    door.clock.move(minutes=1)
    alert = _done(marta, alert, "close", reason="confirmed", note="sofa")
    assert (alert["state"], alert["version"], alert["close_reason"]) == ("closed", 4, "confirmed")
    alert = _done(marta, alert, "reopen", reason="the wrong sofa")
    assert (alert["state"], alert["version"], alert["close_reason"]) == ("new", 5, None)
    history = [(each["actor"], each["action"], each["reason"], each["note"]) for each in alert["history"]]
    assert history == [
        ("quay", "opened", None, None),
        ("marta", "acknowledged", None, None),
        ("marta", "note", None, "the van of the market"),
        ("marta", "closed", "confirmed", "sofa"),
        ("marta", "reopened", "the wrong sofa", None),
    ]
    assert alert["history"][3]["at"] == "2026-11-21T12:01:02Z"


def test_an_act_is_in_audit_and_stream_too(door: doors.Door) -> None:
    alert = door.alert()
    closed = _done(door.as_person("marta"), alert, "close", reason="false_alarm")
    audited = _last(door, "audit", "audit_id")
    audited.pop("audit_id")
    assert audited == {
        "at": door.clock(),
        "actor_kind": "user",
        "actor": "marta",
        "role": "operator",
        "address": "192.0.2.7",
        "action": "alert.close",
        "object_kind": "alert",
        "object_id": alert["alert_id"],
        "reason": "false_alarm",
        "result": "ok",
        "detail": {"state": "closed", "version": 2, "note": None, "until": None},
    }
    published = _last(door, "stream", "id")
    assert published["kind"] == "alert"
    assert published["payload"] == {key: closed[key] for key in published["payload"]}
    assert set(closed) - set(published["payload"]) == {
        "evidence",
        "history",
        "attributes",
        "model",
        "traces",
    }


def test_the_second_of_two_operators_gets_the_present_alert(door: doors.Door) -> None:
    alert = door.alert()
    _done(door.as_person("marta"), alert, "close", reason="confirmed")
    answer = _act(door.as_person("anna"), alert, "close", reason="false_alarm")
    assert doors.problem(answer) == (409, "stale-version")
    present = answer.json()["alert"]
    assert (present["state"], present["version"], present["close_reason"]) == ("closed", 2, "confirmed")
    assert present["opened_at"] == alert["opened_at"]


def test_of_many_at_once_one_wins(door: doors.Door) -> None:
    alert = door.alert()
    clients = [door.as_person("marta") for _ in range(6)]
    statuses: list[int] = []

    def close(client: httpx.Client) -> None:
        statuses.append(_act(client, alert, "close", reason="confirmed").status_code)

    threads = [threading.Thread(target=close, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]
    assert len(door.rows("SELECT 1 FROM audit WHERE action = 'alert.close'")) == 1


def test_what_the_state_does_not_allow(door: doors.Door) -> None:
    marta = door.as_person("marta")
    alert = door.alert()
    answer = _act(marta, alert, "reopen", reason="why not")
    assert doors.problem(answer) == (409, "wrong-state")
    assert answer.json()["detail"] == "an alert that is new cannot be reopened"
    closed = _done(marta, alert, "close", reason="test")
    until = messages.rfc3339(door.clock() + timedelta(hours=1))
    for action, body in (("acknowledge", {}), ("shelve", {"until": until}), ("close", {"reason": "test"})):
        assert doors.problem(_act(marta, closed, action, **body)) == (409, "wrong-state")
    assert len(door.rows("SELECT 1 FROM alert_history")) == 2


@pytest.mark.parametrize(
    ("action", "body", "at"),
    [
        ("close", {}, "body.reason"),
        ("close", {"reason": "boring"}, "body.reason"),
        ("close", {"reason": "test", "until": "2026-11-21T13:00:00Z"}, "body.until"),
        ("reopen", {"reason": "  "}, "body.reason"),
        ("reopen", {}, "body.reason"),
        ("notes", {"note": None}, "body.note"),
        ("notes", {"note": "x" * 4001}, "body.note"),
        ("notes", {"note": "a\x00b"}, "body.note"),
        ("acknowledge", {"version": 0}, "body.version"),
        ("acknowledge", {"version": 2**40}, "body.version"),
        ("acknowledge", {"by": "marta"}, "body.by"),
        ("shelve", {}, "body.until"),
        ("shelve", {"until": "2026-11-21T13:00:00"}, "body.until"),
    ],
)
def test_what_an_act_must_say(lasting_door: doors.Door, action: str, body: dict[str, Any], at: str) -> None:
    alert = lasting_door.alert()
    answer = _act(lasting_door.as_person("marta"), alert, action, **body)
    assert doors.problem(answer) == (422, "about:blank")
    assert [fault["at"] for fault in answer.json()["errors"]] == [at]


@pytest.mark.parametrize("away", [timedelta(0), timedelta(seconds=-1), timedelta(hours=24, seconds=1)])
def test_an_alert_is_shelved_for_a_day_at_most(lasting_door: doors.Door, away: timedelta) -> None:
    alert = lasting_door.alert()
    until = messages.rfc3339(lasting_door.clock() + away)
    answer = _act(lasting_door.as_person("marta"), alert, "shelve", until=until)
    assert doors.problem(answer) == (422, "bad-shelf-time")


@pytest.mark.parametrize("before", ["new", "acknowledged"])
def test_a_shelved_alert_comes_back_to_where_it_was(door: doors.Door, before: str) -> None:
    marta = door.as_person("marta")
    alert = door.alert()
    if before == "acknowledged":
        alert = _done(marta, alert, "acknowledge")
    until = door.clock() + timedelta(hours=1)
    alert = _done(marta, alert, "shelve", until=messages.rfc3339(until), reason="market day")
    assert (alert["state"], alert["shelved_until"]) == ("shelved", messages.rfc3339(until))
    longer = messages.rfc3339(door.clock() + timedelta(hours=2))
    alert = _done(marta, alert, "shelve", until=longer)
    assert _unshelve(door) == 0
    door.clock.move(hours=2)
    assert _unshelve(door) == 1
    assert _unshelve(door) == 0
    back = marta.get(f"/api/v1/alerts/{alert['alert_id']}").json()
    assert (back["state"], back["shelved_until"], back["version"]) == (before, None, alert["version"] + 1)
    assert back["history"][-1] == {
        "at": "2026-11-21T14:00:02Z",
        "actor": "room",
        "action": "unshelved",
        "reason": None,
        "note": None,
    }
    assert _last(door, "stream", "id")["payload"]["state"] == before
    audited = _last(door, "audit", "audit_id")
    assert (audited["actor_kind"], audited["actor"], audited["action"]) == ("system", "room", "alert.unshelve")


def test_a_device_goes_on_without_refusing_the_operators_key(door: doors.Door) -> None:
    """An `updated` message with the clip comes between the operator's look and his key."""
    event = messages.event()
    door.ingest(event)
    marta = door.as_person("marta")
    (alert,) = marta.get("/api/v1/alerts").json()["items"]
    updated = messages.event(phase="updated", event_id=event["event_id"], sequence=2, severity="critical")
    door.ingest(updated)
    closed = _done(marta, alert, "close", reason="confirmed")
    assert (closed["severity"], closed["state"]) == ("critical", "closed")


def test_an_events_end_closes_nothing(door: doors.Door) -> None:
    event = messages.event()
    door.ingest(event, messages.event(phase="closed", event_id=event["event_id"], sequence=2))
    (alert,) = door.as_person("marta").get("/api/v1/alerts").json()["items"]
    assert (alert["state"], alert["over_since"]) == ("new", "2026-11-21T12:00:00Z")


def test_nothing_is_done_where_a_part_of_it_fails(door: doors.Door) -> None:
    """An act whose row in the audit cannot be written has not happened."""
    alert = door.alert()
    with door.connection() as connection:
        connection.execute("ALTER TABLE audit ADD CHECK (action <> 'alert.close')")
    answer = _act(door.as_person("marta"), alert, "close", reason="test")
    assert answer.status_code == 500
    kept = door.rows("SELECT state, version FROM alerts")
    assert kept == [{"state": "new", "version": 1}]
    assert len(door.rows("SELECT 1 FROM alert_history")) == 1


def _unshelve(door: doors.Door) -> int:
    """As the room does every two seconds; whichever comes first, it is done once."""
    before = len(door.rows("SELECT 1 FROM alert_history WHERE action = 'unshelved'"))
    with door.connection() as connection, connection.transaction():
        service.unshelve_due(connection, door.clock())
    return len(door.rows("SELECT 1 FROM alert_history WHERE action = 'unshelved'")) - before
