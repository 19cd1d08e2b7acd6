"""Stored messages over HTTP, and the gaps between them."""

from __future__ import annotations

import uuid

from control_room.database import pool
from control_room.events import service as events
from tests.control_room import door as doors
from tests.control_room import messages

OUTBOX = str(uuid.UUID(int=1))


def test_an_outbox_is_read_in_order_page_by_page(door: doors.Door) -> None:
    sent = [messages.event(sequence=number) for number in (3, 1, 2, 5)]
    door.ingest(*sent)
    browser = door.as_person("anna")
    asked: dict[str, str | int] = {"device_id": "quay", "outbox_id": OUTBOX, "limit": 3}
    first = browser.get("/api/v1/events", params=asked).json()
    assert [item["sequence"] for item in first["items"]] == [1, 2, 3]
    assert first["items"][2]["message"] == sent[0]
    second = browser.get("/api/v1/events", params=asked | {"after_sequence": first["next_after_sequence"]}).json()
    assert [item["sequence"] for item in second["items"]] == [5]
    assert second["next_after_sequence"] is None


def test_only_an_administrator_reads_them(door: doors.Door) -> None:
    asked = {"device_id": "quay", "outbox_id": OUTBOX}
    for name, status in {"anna": 200, "marta": 403, "pere": 403}.items():
        assert door.as_person(name).get("/api/v1/events", params=asked).status_code == status


def test_gaps_of_one_device_and_of_all(connection: pool.Connection) -> None:
    messages.add_device(connection)
    messages.add_device(connection, "market")
    sent = [messages.event(sequence=2), messages.event(sequence=4)]
    messages.ingest(connection, *(messages.delivery(each) for each in sent))
    other = messages.event("market", sequence=3)
    messages.ingest(connection, messages.delivery(other, device_id="market"))
    gaps = [(str(gap.outbox_id), gap.first, gap.last) for gap in events.gaps(connection, "quay")]
    assert gaps == [(OUTBOX, 1, 1), (OUTBOX, 3, 3)]
    assert len(events.gaps(connection)) == 3


def test_outboxes_show_what_is_missing(door: doors.Door) -> None:
    newer = str(uuid.UUID(int=2))
    door.ingest(messages.event(sequence=2), messages.event(sequence=4), messages.event(sequence=1, outbox_id=newer))
    answer = door.as_person("anna").get("/api/v1/events/outboxes", params={"device_id": "quay"})
    missing = [{"first": 1, "last": 1}, {"first": 3, "last": 3}]
    assert answer.json()["items"] == [
        {"outbox_id": newer, "stored": 1, "first_sequence": 1, "last_sequence": 1, "gaps": []},
        {"outbox_id": OUTBOX, "stored": 2, "first_sequence": 2, "last_sequence": 4, "gaps": missing},
    ]
