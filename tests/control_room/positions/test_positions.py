"""Where drones were: stored once, the newest as the last place, told to the screens, given by pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from control_room.callers import Role
from control_room.positions import service
from control_room.stream import resume
from tests.control_room import door as doors
from tests.control_room import messages
from tests.control_room.messages import NOON
from wire import message as wire_message
from wire import topics
from wire.device import PositionMessage

FOOTPRINT = [[41.1, 1.2], [41.1, 1.21], [41.11, 1.21], [41.11, 1.2]]


def told(at_s: float, **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "schema": "talaia.position/1",
        "device_id": "quay",
        "camera_id": "placa",
        "at": messages.rfc3339(NOON + timedelta(seconds=at_s)),
        "lat": 41.1 + at_s / 1000,
        "lon": 1.2,
        "relative_altitude_m": 60.0,
        "heading_deg": 90.0,
        "hovers": False,
        "footprint": FOOTPRINT,
    }
    return content | changes


def take_in(door: doors.Door, *contents: dict[str, Any], fresh: bool = True) -> None:
    with door.connection() as connection:
        if fresh:
            messages.add_device(connection)
        messages.ingest(connection, *(messages.delivery(content, topics.POSITIONS) for content in contents))


def test_a_flight_is_given_by_pages_in_order_of_time(door: doors.Door) -> None:
    take_in(door, *(told(n) for n in (3, 1, 2, 0, 4)), told(2))
    marta = door.as_person("marta")
    asked = {"device_id": "quay", "since": messages.rfc3339(NOON), "limit": "2"}
    seen: list[float] = []
    cursor: str | None = None
    while True:
        page = marta.get("/api/v1/positions", params=asked | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["lat"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == pytest.approx([41.1 + n / 1000 for n in range(5)])
    until = messages.rfc3339(NOON + timedelta(seconds=2))
    part = marta.get("/api/v1/positions", params=asked | {"until": until}).json()
    assert [item["at"][-3:] for item in part["items"]] == ["00Z", "01Z"]
    assert part["items"][0]["footprint"] == FOOTPRINT


def test_the_newest_is_the_last_place_whatever_came_last(door: doors.Door) -> None:
    take_in(door, told(0), told(5, hovers=True, footprint=[]))
    take_in(door, told(2), fresh=False)
    found = door.as_person("pere").get("/api/v1/positions/last").json()["items"]
    assert [(one["device_id"], one["hovers"], one["footprint"]) for one in found] == [("quay", True, [])]
    assert found[0]["location"] == {"lat": pytest.approx(41.105), "lon": 1.2, "accuracy_m": None}
    assert found[0]["heading_deg"] == 90.0


def test_screens_are_told_once_a_second_and_a_snapshot_holds_it(door: doors.Door) -> None:
    take_in(door, told(0), told(0.2), told(0.4))
    with door.connection() as connection:
        for at_s, seconds in ((0.6, 0.3), (0.8, 0.5), (1.6, 1.2)):
            position, _ = wire_message.read(PositionMessage, messages.encoded(told(at_s)))
            row = service.row(position, at=position.at, received_at=messages.RECEIVED, device_time=None)
            due = service.store(connection, [row], messages.RECEIVED + timedelta(seconds=seconds))
            assert due == ({"quay"} if seconds > 1 else set())
        rows = messages.rows(connection, "SELECT payload FROM stream WHERE kind = 'position' ORDER BY id")
        assert [row["payload"]["location"]["lat"] for row in rows] == [pytest.approx(41.1004)]
        assert messages.rows(connection, "SELECT count(*) AS stored FROM positions")[0]["stored"] == 6
    for role in (Role.PILOT, Role.OPERATOR):
        assert "position" in resume.kinds_for(role)


def test_a_clock_that_is_a_year_off_is_stored_under_its_arrival(door: doors.Door) -> None:
    take_in(door, told(-366 * 86400, lat=41.0))
    with door.connection() as connection:
        row = messages.rows(connection, "SELECT at, device_time FROM positions")[0]
    assert row["at"] == messages.RECEIVED
    assert row["device_time"] == NOON - timedelta(days=366)


@pytest.mark.parametrize(
    "wrong", [{"lat": 91.0}, {"footprint": [[41.0, 181.0]]}, {"speed_m_s": -1.0}, {"colour": "red"}, {"lat": None}]
)
def test_what_is_no_position_is_a_dead_letter(door: doors.Door, wrong: dict[str, Any]) -> None:
    take_in(door, told(0, **wrong))
    with door.connection() as connection:
        assert messages.rows(connection, "SELECT count(*) AS kept FROM positions")[0]["kept"] == 0
        assert messages.rows(connection, "SELECT reason FROM dead_letters")[0]["reason"] == "invalid"


@pytest.mark.parametrize("asked", [{}, {"device_id": "a/b"}, {"device_id": "quay", "cursor": "x"}])
def test_a_question_that_is_none_is_a_problem(door: doors.Door, asked: dict[str, str]) -> None:
    assert door.as_person("marta").get("/api/v1/positions", params=asked).status_code == 422


def test_nobody_unknown_sees_where_the_police_fly(door: doors.Door) -> None:
    for path in ("/api/v1/positions/last", "/api/v1/positions?device_id=quay"):
        assert door.client().get(path).status_code == 401
