"""What rules kept back is counted by camera, rule and activity, and shown by the town's day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.control_room import door as doors
from tests.control_room import messages
from tests.control_room.messages import NOON
from wire import topics


def measured(at_s: float, **silenced: dict[str, int]) -> dict[str, Any]:
    """Metrics of the cameras that are named."""
    rates = {"fps_read": 5, "fps_analysed": 5, "frames_skipped": 0, "motion_share": 0, "inference_ms": None}
    cameras = [{"camera_id": camera_id, **rates, "silenced": counts} for camera_id, counts in silenced.items()]
    return messages.metrics(sent_at=messages.rfc3339(NOON + timedelta(seconds=at_s)), cameras=cameras)


def take_in(door: doors.Door, *contents: dict[str, Any]) -> None:
    with door.connection() as connection:
        messages.add_device(connection)
        messages.ingest(connection, *(messages.delivery(content, topics.METRICS) for content in contents))


def test_counts_are_added_up_and_a_message_counts_once(door: doors.Door) -> None:
    first = measured(0, placa={"illegal_dumping: mercat: dilluns": 2, "crowd: cool_down": 1}, moll={})
    take_in(door, first, first, measured(10, placa={"illegal_dumping: mercat: dilluns": 1}))
    found = door.as_person("marta").get("/api/v1/silenced").json()
    assert found["day"] == "2026-11-21"
    assert found["since"] == "2026-11-20T23:00:00Z"
    placa = {"device_id": "quay", "camera_id": "placa"}
    assert found["items"] == [
        {**placa, "rule": "crowd", "activity": None, "occurrences": 1},
        {**placa, "rule": "illegal_dumping", "activity": "mercat: dilluns", "occurrences": 3},
    ]


def test_another_day_has_its_own(door: doors.Door) -> None:
    take_in(door, measured(0, placa={"crowd: cool_down": 4}))
    marta = door.as_person("marta")
    assert marta.get("/api/v1/silenced", params={"day": "2026-11-20"}).json()["items"] == []
    assert marta.get("/api/v1/silenced", params={"day": "2026-11-21"}).json()["items"][0]["occurrences"] == 4


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "today"])
def test_a_day_that_is_none_is_a_problem_and_no_fault(door: doors.Door, day: str) -> None:
    assert door.as_person("marta").get("/api/v1/silenced", params={"day": day}).status_code == 422


def test_it_is_for_those_who_see_alerts(door: doors.Door) -> None:
    assert door.as_person("pere").get("/api/v1/silenced").status_code == 403
