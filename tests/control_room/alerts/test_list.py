"""The queue of alerts: items, filters, pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.control_room import door as doors
from tests.control_room import messages

ALERTS = "/api/v1/alerts"


@pytest.fixture(scope="module")
def reader(lasting_door: doors.Door) -> httpx.Client:
    """Looks at five alerts, one a minute, of two cameras and two rules."""
    _ingest_five(lasting_door)
    return lasting_door.as_person("marta")


def _ingest_five(door: doors.Door) -> None:
    for minute in range(5):
        door.ingest(
            messages.event(
                camera_id="placa" if minute % 2 else "port",
                rule="loitering" if minute == 4 else "illegal_dumping",
                occurred_at=messages.rfc3339(messages.NOON + timedelta(minutes=minute)),
                sequence=minute + 1,
            )
        )


def _minutes(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [int(item["opened_at"][14:16]) for item in answer.json()["items"]]


def test_an_item_is_whole(door: doors.Door) -> None:
    event = messages.event(zone="corner", attributes={"staged": True})
    door.ingest(event)
    answer = door.as_person("marta").get(ALERTS)
    (item,) = answer.json()["items"]
    assert item.pop("alert_id")
    assert item == {
        "event_id": event["event_id"],
        "rule": "illegal_dumping",
        "camera_id": "placa",
        "camera_name": "placa",
        "device_id": "quay",
        "severity": "high",
        "state": "new",
        "version": 1,
        "opened_at": "2026-11-21T12:00:00Z",
        "received_at": "2026-11-21T12:00:02Z",
        "time_fault": None,
        "over_since": None,
        "shelved_until": None,
        "close_reason": None,
        "confidence": 0.8,
        "zone": "corner",
        "location": {"lat": 41.1, "lon": 1.2, "accuracy_m": 5.0},
        "staged": True,
        "snapshot_url": None,
        "snapshot_annotated_url": None,
        "clip_url": None,
        "objects": event["objects"],
    }
    assert answer.json()["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("", [4, 3, 2, 1, 0]),
        ("?state=&rule=&camera_id=&since=&cursor=", [4, 3, 2, 1, 0]),
        ("?camera_id=placa", [3, 1]),
        ("?rule=loitering", [4]),
        ("?device_id=quay&limit=1", [4]),
        ("?device_id=nowhere", []),
        ("?state=new&state=closed", [4, 3, 2, 1, 0]),
        ("?state=closed", []),
        ("?since=2026-11-21T13:02:00%2B01:00", [4, 3, 2]),
    ],
)
def test_filters(reader: httpx.Client, query: str, minutes: list[int]) -> None:
    assert _minutes(reader.get(ALERTS + query)) == minutes


def test_pages_hold_each_alert_once_though_new_ones_come(door: doors.Door) -> None:
    _ingest_five(door)
    marta = door.as_person("marta")
    seen: list[int] = []
    parameters: dict[str, Any] = {"limit": 2}
    for _ in range(3):
        answer = marta.get(ALERTS, params=parameters)
        seen += _minutes(answer)
        parameters["cursor"] = answer.json()["next_cursor"]
        door.ingest(messages.event(occurred_at="2026-11-21T12:30:00Z", sequence=100 + len(seen)))
    assert seen == [4, 3, 2, 1, 0]
    assert parameters["cursor"] is None


def test_alerts_of_one_moment_are_not_lost_between_pages(door: doors.Door) -> None:
    for sequence in range(4):
        door.ingest(messages.event(sequence=sequence + 1))
    marta = door.as_person("marta")
    first = marta.get(ALERTS, params={"limit": 3}).json()
    second = marta.get(ALERTS, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert len({item["alert_id"] for item in first["items"] + second["items"]}) == 4


@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", "WyIyMDI2Il0", "é", "A" * 200])
def test_a_cursor_of_nobody_is_refused(reader: httpx.Client, cursor: str) -> None:
    assert doors.problem(reader.get(ALERTS, params={"cursor": cursor})) == (422, "bad-cursor")


@pytest.mark.parametrize(
    "query", ["limit=201", "limit=0", "state=open", "camera_id=%00", "rule=A", "since=0001-01-01T00:00:00%2B14:00"]
)
def test_a_wrong_filter_is_refused(reader: httpx.Client, query: str) -> None:
    assert doors.problem(reader.get(f"{ALERTS}?{query}")) == (422, "about:blank")


def test_the_detail_adds_evidence_history_attributes_and_model(door: doors.Door) -> None:
    snapshot = messages.evidence()
    alert = door.alert(evidence=[snapshot])
    assert alert["evidence"] == [
        {
            "evidence_id": snapshot["evidence_id"],
            "kind": "snapshot",
            "media_type": "image/jpeg",
            "sha256": "b" * 64,
            "bytes": 1000,
            "captured_from": "2026-11-21T12:00:00Z",
            "captured_to": "2026-11-21T12:00:00Z",
            "available": False,
            "url": None,
        }
    ]
    assert alert["history"] == [
        {"at": "2026-11-21T12:00:02Z", "actor": "quay", "action": "opened", "reason": None, "note": None}
    ]
    assert alert["attributes"] == {"began_at": "2026-11-21T11:59:50Z"}
    assert alert["model"] == {"name": "centernet-coco", "sha256": "a" * 64}


def test_there_is_no_such_alert(reader: httpx.Client) -> None:
    assert doors.problem(reader.get(f"{ALERTS}/00000000-0000-0000-0000-000000000000")) == (404, "about:blank")
    assert doors.problem(reader.get(f"{ALERTS}/7")) == (422, "about:blank")
