"""From a delivery to a message or to the reason why it is none; no payload may stop those behind it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from control_room.ingest import reading
from control_room.ingest.delivery import Delivery
from control_room.ingest.refusals import Reason
from wire import topics

OUTBOX = "01a20000-0000-7000-8000-000000000001"
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


def delivery(payload: bytes, device_id: str = "cabinet-1") -> Delivery:
    return Delivery(topics.EVENTS.of(device_id), payload, NOW)


def refused(payload: bytes, device_id: str = "cabinet-1") -> reading.Refused:
    outcome = reading.read(delivery(payload, device_id))
    assert isinstance(outcome, reading.Refused)
    return outcome


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z", "2026-13-01T00:00:00Z"],
)
def test_a_time_that_no_clock_shows_is_a_dead_letter(moment: str) -> None:
    payload = json.dumps({"schema": "talaia.event/1", "occurred_at": moment}).encode()
    assert refused(payload).reason == Reason.INVALID


@pytest.mark.parametrize("payload", [b"[" * 200_000, b'{"schema":' * 20_000, b"\x00" * 100, b'"\\ud800"', b"1e999"])
def test_hostile_json_is_a_dead_letter(payload: bytes) -> None:
    assert refused(payload).reason in {Reason.NO_JSON, Reason.OTHER_SCHEMA}


def test_of_a_message_too_large_its_place_in_the_outbox_is_read() -> None:
    start = f'{{"schema":"talaia.event/1","outbox_id":"{OUTBOX}","sequence":7,"device_id":"cabinet-1","zone":"'
    payload = (start + "x" * topics.EVENTS.limit_bytes + '"}').encode()
    found = refused(payload)
    assert (found.reason, found.outbox_id, found.sequence) == (Reason.TOO_LARGE, UUID(OUTBOX), 7)
    foreign = refused(payload, "cabinet-2")
    assert (foreign.outbox_id, foreign.sequence) == (None, None)
