"""The reason question: asked once, 15 minutes for that camera and span; an open alert carries its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from control_room import callers
from control_room.sessions import service as sessions
from control_room.viewing import reasons, watched
from control_room.viewing.watched import Span
from tests.control_room import door as doors
from tests.control_room import messages

NOON = messages.NOON
REASONS = "/api/v1/viewing/reasons"
PLACA = watched.camera("quay", "placa")


@dataclass
class Asked:
    """Marta, and an open alert of `placa` whose thing came at 11:59:50."""

    door: doors.Door
    alert: dict[str, Any]
    marta: httpx.Client
    caller: callers.Caller

    def give(self, **changes: Any) -> httpx.Response:
        body = {
            "cameras": [{"device_id": "quay", "camera_id": "placa"}],
            "from": messages.rfc3339(NOON - timedelta(minutes=30)),
            "to": messages.rfc3339(NOON),
            "object": "case 12/2026",
            "reason": "complaint of a neighbour",
        }
        return self.marta.post(REASONS, json={**body, **changes})

    def need(self, start: datetime, end: datetime | None, alert_id: str | None = None, **other: Any) -> reasons.Reason:
        alert = None if alert_id is None else uuid.UUID(alert_id)
        with self.door.connection() as connection:
            return reasons.need(
                connection,
                other.get("caller", self.caller),
                other.get("watched", PLACA),
                Span(start, end),
                alert_id=alert,
                now=self.door.clock(),
            )


@pytest.fixture
def asked(door: doors.Door) -> Asked:
    alert = door.alert()
    marta = door.as_person("marta")
    with door.connection() as connection:
        session = sessions.find(connection, marta.cookies["talaia_session"], door.clock())
    assert session is not None
    return Asked(door, alert, marta, callers.Caller(kind="user", name="marta", role=session.role, session=session))


def test_without_a_reason_it_is_said_what_to_say(asked: Asked) -> None:
    start = NOON - timedelta(minutes=20)
    with pytest.raises(reasons.ReasonNeededError) as error:
        asked.need(start, NOON)
    assert (error.value.status, error.value.name) == (403, "reason-needed")
    assert error.value.members == {
        "post": REASONS,
        "needed": ["object", "reason"],
        "watched": {"device_id": "quay", "camera_id": "placa"},
        "from": messages.rfc3339(start),
        "to": messages.rfc3339(NOON),
        "lasts_s": 900,
    }


def test_a_reason_lasts_15_minutes_from_when_it_was_given(asked: Asked) -> None:
    given = asked.give()
    assert given.status_code == 201
    assert given.json()["expires_at"] == messages.rfc3339(asked.door.clock() + timedelta(minutes=15))
    for minutes in (0, 10):
        asked.door.clock.move(minutes=minutes)
        assert asked.need(NOON - timedelta(minutes=20), NOON).text == "complaint of a neighbour"
    assert [each["watched"] for each in asked.marta.get(REASONS).json()["items"]] == [["camera/quay/placa"]]
    asked.door.clock.move(minutes=5)
    with pytest.raises(reasons.ReasonNeededError):
        asked.need(NOON - timedelta(minutes=20), NOON)
    assert asked.marta.get(REASONS).json()["items"] == []


def test_a_clock_that_is_set_back_lengthens_no_reason(asked: Asked) -> None:
    asked.give().raise_for_status()
    asked.door.clock.move(seconds=-30)
    assert asked.need(NOON - timedelta(minutes=20), NOON).text == "complaint of a neighbour", "of another process"
    asked.door.clock.move(minutes=-40)
    with pytest.raises(reasons.ReasonNeededError):
        asked.need(NOON - timedelta(minutes=20), NOON)


def test_it_opens_its_span_and_a_minute_beside(asked: Asked) -> None:
    asked.give().raise_for_status()
    for before_min, after_min in ((30, 0), (31, 0), (30, 1), (5, -2)):
        span = NOON - timedelta(minutes=before_min), NOON + timedelta(minutes=after_min)
        assert asked.need(*span).object == "case 12/2026", span
    for before_min, after_min in ((32, 0), (30, 2)):
        with pytest.raises(reasons.ReasonNeededError):
            asked.need(NOON - timedelta(minutes=before_min), NOON + timedelta(minutes=after_min))


def test_without_times_it_opens_all_up_to_the_present(asked: Asked) -> None:
    asked.give(**{"from": None, "to": None}).raise_for_status()
    assert asked.need(NOON - timedelta(days=9), None).text == "complaint of a neighbour"
    assert asked.need(asked.door.clock(), asked.door.clock()).text == "complaint of a neighbour"


def test_it_opens_no_other_camera_and_nothing_for_others(asked: Asked) -> None:
    asked.give().raise_for_status()
    with pytest.raises(reasons.ReasonNeededError):
        asked.need(NOON, NOON, watched=watched.camera("quay", "porta"))
    with asked.door.connection() as connection:
        other = sessions.find(connection, asked.door.as_person("marta").cookies["talaia_session"], asked.door.clock())
    with pytest.raises(reasons.ReasonNeededError):
        asked.need(NOON, NOON, caller=callers.Caller(kind="user", name="marta", session=other))


def test_an_open_alert_carries_its_reason_for_its_span(asked: Asked) -> None:
    alert_id = asked.alert["alert_id"]
    first = NOON - timedelta(seconds=10) - reasons.ALERT_MARGIN
    found = asked.need(first, NOON, alert_id)
    assert (found.text, str(found.alert_id)) == (f"alert {alert_id}", alert_id)
    for start, end in ((first - timedelta(seconds=1), NOON), (NOON, NOON + timedelta(minutes=6))):
        with pytest.raises(reasons.AlertClosedError):
            asked.need(start, end, alert_id)
    with pytest.raises(reasons.ReasonNeededError):
        asked.need(NOON, NOON, alert_id, watched=watched.camera("quay", "porta"))
    close = {"version": 1, "reason": "confirmed"}
    asked.marta.post(f"/api/v1/alerts/{alert_id}/close", json=close).raise_for_status()
    with pytest.raises(reasons.AlertClosedError):
        asked.need(NOON, NOON, alert_id)
    asked.give().raise_for_status()
    assert asked.need(NOON, NOON, alert_id).text == "complaint of a neighbour"


def test_what_a_device_says_of_the_beginning_opens_hours_at_most(asked: Asked) -> None:
    for began_at in ('"2020-01-01T00:00:00Z"', '"yesterday"', "7", "null"):
        asked.door.rows(
            "UPDATE alerts SET attributes = jsonb_build_object('began_at', %s::jsonb) RETURNING 1", began_at
        )
        with pytest.raises(reasons.AlertClosedError):
            asked.need(NOON - timedelta(hours=7), NOON, asked.alert["alert_id"])
        assert asked.need(NOON, NOON, asked.alert["alert_id"]).text.startswith("alert ")


def test_what_was_said_is_in_the_audit(asked: Asked) -> None:
    asked.give(flights=[str(uuid.UUID(int=7))]).raise_for_status()
    row = asked.door.rows("SELECT * FROM audit WHERE action = 'viewing.reason'")[0]
    assert (row["actor"], row["reason"], row["detail"]["object"]) == (
        "marta",
        "complaint of a neighbour",
        "case 12/2026",
    )
    assert row["detail"]["watched"] == ["camera/quay/placa", f"flight/{uuid.UUID(int=7)}"]


def test_a_reason_for_what_one_may_not_watch_is_refused(asked: Asked) -> None:
    asked.door.as_person("anna").put("/api/v1/users/marta/cameras", json={"all": False}).raise_for_status()
    assert doors.problem(asked.give()) == (403, "not-your-camera")
    assert doors.problem(asked.door.as_person("pere").post(REASONS, json={})) == (422, "about:blank")


def test_half_a_reason_is_none(lasting_door: doors.Door) -> None:
    marta = lasting_door.as_person("marta")
    whole = {"cameras": [{"device_id": "quay", "camera_id": "placa"}], "from": messages.rfc3339(NOON)}
    whole |= {"to": messages.rfc3339(NOON), "object": "case", "reason": "why"}
    halves: list[dict[str, Any]] = [
        {"object": " "},
        {"reason": ""},
        {"cameras": []},
        {"to": messages.rfc3339(NOON - timedelta(days=1))},
        {"cameras": [{"device_id": "quay", "camera_id": "a/b"}]},
    ]
    for half in halves:
        assert doors.problem(marta.post(REASONS, json=whole | half)) == (422, "about:blank"), half


def test_what_ended_a_day_ago_is_forgotten(asked: Asked) -> None:
    asked.give().raise_for_status()
    with asked.door.connection() as connection:
        assert reasons.forget_old(connection, asked.door.clock() + timedelta(hours=24)) == 0
        assert reasons.forget_old(connection, asked.door.clock() + timedelta(hours=25)) == 1
