"""Devices and cameras, and the town they watch."""

from __future__ import annotations

from typing import Any

import pytest

from control_room import callers
from control_room.database import pool
from control_room.devices import service
from tests.control_room import door as doors
from tests.control_room import messages
from wire import topics

BY = callers.Caller(kind="command", name="root")
NOW = messages.RECEIVED


def _ingest_status(door: doors.Door, *, online: bool) -> None:
    content = messages.status(online=online, cameras=[messages.camera_status()] if online else [])
    with door.connection() as connection:
        messages.add_device(connection)
        messages.ingest(connection, messages.delivery(content, topics.STATUS))


def test_a_device_and_its_cameras_as_they_stand(door: doors.Door) -> None:
    _ingest_status(door, online=True)
    pere = door.as_person("pere")
    listed = pere.get("/api/v1/devices").json()
    (item,) = listed["items"]
    assert listed["next_cursor"] is None
    assert item == item | {
        "device_id": "quay",
        "name": "Quay",
        "online": True,
        "last_seen": "2026-11-21T12:00:02Z",
        "version": "0.1.0",
        "clock_offset_s": None,
        "pending": None,
        "alarms": [],
    }
    assert (item["enrolled_at"], item["refused_commands"], item["cameras"]) == (None, {}, 1)
    assert pere.get("/api/v1/cameras").json() == {
        "items": [
            {
                "camera_id": "placa",
                "device_id": "quay",
                "name": "Plaça Major",
                "state": "live",
                "reason": None,
                "since": "2026-11-21T12:00:00Z",
                "location": {"lat": 41.1, "lon": 1.2, "accuracy_m": 5.0},
                "purpose": "dumping",
                "legal_regime": "lo_7_2021",
                "staged": False,
                "last_frame_at": None,
            }
        ],
        "not_watched": [{"device_id": "quay", "camera_id": "placa"}],
    }


def test_alarms_stand_until_the_device_says_otherwise(door: doors.Door) -> None:
    alarm = {"code": "disk_full", "subject": "", "parameters": {"free_mib": 150}, "since": "2026-11-21T12:00:00Z"}
    from_a_newer_agent = {**alarm, "code": "lens_dirty", "subject": "placa", "parameters": {}}
    pere = door.as_person("pere")

    def told(**changes: Any) -> Any:
        with door.connection() as connection:
            messages.add_device(connection)
            messages.ingest(connection, messages.delivery(messages.status(**changes), topics.STATUS))
        return pere.get("/api/v1/devices").json()["items"][0]["alarms"]

    assert told(alarms=[alarm, from_a_newer_agent]) == [alarm, from_a_newer_agent]
    assert told(online=False) == [alarm, from_a_newer_agent]
    assert told() == []


def test_a_last_will_takes_its_cameras_offline(door: doors.Door) -> None:
    _ingest_status(door, online=True)
    _ingest_status(door, online=False)
    pere = door.as_person("pere")
    assert pere.get("/api/v1/devices").json()["items"][0]["online"] is False
    assert pere.get("/api/v1/cameras").json()["items"][0]["state"] == "offline"


def test_the_town(door: doors.Door) -> None:
    assert door.as_person("pere").get("/api/v1/town").json() == {
        "name": "Talaia",
        "time_zone": "Europe/Madrid",
        "lat": 41.1189,
        "lon": 1.2445,
        "zoom": 13.0,
    }


def test_a_token_is_shown_once_and_known_again(connection: pool.Connection) -> None:
    token = service.add(connection, "quay.1", "Quay", by=BY, now=NOW)
    assert token.startswith("quay.1.")
    assert token.removeprefix("quay.1.") not in str(messages.rows(connection, "SELECT * FROM devices"))
    assert service.authenticate(connection, token) == "quay.1"
    assert service.authenticate(connection, token + "x") is None
    assert service.authenticate(connection, "quay.1") is None
    assert service.authenticate(connection, "") is None
    renewed = service.renew_token(connection, "quay.1", by=BY, now=NOW)
    assert service.authenticate(connection, token) is None
    assert service.authenticate(connection, renewed) == "quay.1"
    actions = [row["action"] for row in messages.rows(connection, "SELECT action FROM audit ORDER BY audit_id")]
    assert actions == ["device.add", "device.renew_token"]


@pytest.mark.parametrize(
    ("device_id", "name", "said"),
    [
        ("quay", "Quay", "id: 'quay' is taken"),
        ("a/b", "Quay", "id: 'a/b' is none"),
        ("", "Quay", "id: '' is none"),
        ("x\n", "Quay", "is none"),
        ("port", " ", "name: ' ' is none"),
        ("port", "x" * 201, "is none; 1 to 200 characters"),
    ],
)
def test_what_is_no_device(connection: pool.Connection, device_id: str, name: str, said: str) -> None:
    service.add(connection, "quay", "Quay", by=BY, now=NOW)
    with pytest.raises(service.DeviceError, match=said):
        service.add(connection, device_id, name, by=BY, now=NOW)


def test_a_device_without_a_secret_cannot_use_http(connection: pool.Connection) -> None:
    messages.add_device(connection)
    assert service.authenticate(connection, "quay.anything") is None
    with pytest.raises(service.DeviceError, match="there is no device 'nowhere'"):
        service.renew_token(connection, "nowhere", by=BY, now=NOW)
