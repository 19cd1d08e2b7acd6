"""The wire's messages: what is read, what is refused and how versions meet."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from wire import message
from wire.device import StatusMessage
from wire.event import EventMessage

NIL = "00000000-0000-7000-8000-00000000000"


def event(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "schema": "talaia.event/1",
        "message_id": f"{NIL}1",
        "event_id": f"{NIL}2",
        "outbox_id": f"{NIL}3",
        "sequence": 1,
        "device_id": "cabinet-1",
        "camera_id": "placa",
        "rule": "illegal_dumping",
        "phase": "opened",
        "occurred_at": "2026-11-21T03:00:00Z",
        "sent_at": "2026-11-21T03:00:01Z",
        "severity": "high",
        "confidence": 0.8,
        "objects": [
            {"role": "thing", "label": "unknown", "track_id": None, "confidence": 0.8, "box": [0.1, 0.1, 0.2, 0.2]}
        ],
        "zone": None,
        "location": {"lat": 41.1189, "lon": 1.2445, "accuracy_m": 5},
        "evidence": [],
        "model": {"name": "centernet-coco-320", "sha256": "0" * 64},
        "attributes": {"began_at": "2026-11-21T02:59:40Z", "how": "left_by_person"},
    }
    return {**content, **changes}


def read(content: object) -> tuple[EventMessage, list[str]]:
    return message.read(EventMessage, json.dumps(content).encode())


def test_a_message_goes_over_the_wire_unchanged() -> None:
    original, warnings = read(event())
    again, _ = message.read(EventMessage, original.to_json())
    assert (again, warnings) == (original, [])
    assert json.loads(original.to_json())["schema"] == "talaia.event/1"


def test_times_become_utc() -> None:
    read_back, _ = read(event(occurred_at="2026-11-21T04:00:00+01:00"))
    assert read_back.occurred_at == datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert read_back.occurred_at.utcoffset() == timedelta(0)
    local = read_back.model_copy(update={"occurred_at": read_back.occurred_at.astimezone(timezone(timedelta(hours=2)))})
    assert b'"occurred_at":"2026-11-21T03:00:00Z"' in local.to_json()


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "a JSON object is expected, not list"),
        (b"{}", "schema: 'None' is not 'talaia.event/1'"),
        (json.dumps(event(schema="talaia.status/1")).encode(), "schema: 'talaia.status/1' is not"),
        (json.dumps(event(schema="talaia.event/0")).encode(), "schema: version 0 is older"),
        (
            json.dumps({key: value for key, value in event().items() if key != "schema"}).encode(),
            "schema: 'None' is not",
        ),
        (json.dumps(event(extra=1)).encode(), "extra: Extra inputs are not permitted"),
        (json.dumps(event(location={"lat": 91, "lon": 0, "accuracy_m": 1})).encode(), "location.lat: "),
        (json.dumps(event(location={"lat": 1, "lon": float("nan"), "accuracy_m": 1})).encode(), "location.lon: "),
        (json.dumps(event(occurred_at="2026-11-21T03:00:00")).encode(), "occurred_at: "),
        (json.dumps(event(occurred_at="0001-01-01T00:00:00+14:00")).encode(), "occurred_at: a time that has no place"),
        (json.dumps(event(attributes={"began_at": "9999-12-31T23:59:59-14:00"})).encode(), "attributes of illegal_dum"),
        (json.dumps(event(sequence=0)).encode(), "sequence: "),
        (json.dumps(event(device_id="a/b")).encode(), "device_id: "),
        (json.dumps(event(confidence=1.5)).encode(), "confidence: "),
        (json.dumps(event(attributes={"how": "by magic"})).encode(), "attributes of illegal_dumping: how: "),
        (json.dumps(event(objects=[{**event()["objects"][0], "box": [0.5, 0, 0.1, 1]}])).encode(), "objects.0.box: "),
    ],
)
def test_what_is_no_event_is_refused_in_one_line(payload: bytes, fault: str) -> None:
    with pytest.raises(message.UnreadableMessageError) as refusal:
        message.read(EventMessage, payload)
    assert str(refusal.value).startswith(fault)
    assert "\n" not in str(refusal.value)


def test_of_a_newer_version_the_known_fields_are_read() -> None:
    newer = event(schema="talaia.event/2", weather="rain")
    newer["location"]["floor"] = 2
    newer["objects"][0]["colour"] = "red"
    read_back, warnings = read(newer)
    assert read_back.schema_ == "talaia.event/2"
    assert read_back.location is not None
    assert warnings == [
        "objects.colour: unknown to this version, left out",
        "location.floor: unknown to this version, left out",
        "weather: unknown to this version, left out",
    ]


def test_unknown_attributes_are_kept() -> None:
    read_back, _ = read(event(attributes={"wind_m_s": 3.5}))
    assert read_back.attributes == {"wind_m_s": 3.5}


def test_a_last_will_is_a_status() -> None:
    will = StatusMessage.model_validate(
        {"message_id": f"{NIL}4", "device_id": "d", "sent_at": "2026-11-21T03:00:00Z", "online": False, "version": "1"}
    )
    assert json.loads(will.to_json())["cameras"] == []
    assert will.schema_ == "talaia.status/1"
