"""A device's clock may be anything: its messages are stored, marked, and each once, on both databases."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_room.database import pool
from control_room.ingest import clocks, reading, storing
from control_room.ingest.delivery import Delivery
from tests.control_room import messages
from tests.control_room.messages import NOON, RECEIVED
from wire import topics

EVENTS = "SELECT occurred_at, device_time, time_fault FROM events ORDER BY sequence"


def came(content: dict[str, Any], received_at: datetime) -> Delivery:
    delivery = messages.delivery(content)
    return Delivery(delivery.topic, delivery.payload, received_at)


def store(connection: pool.Connection, *deliveries: Delivery) -> storing.Stored:
    storing.prepare(connection)
    return storing.store(connection, [reading.read(each) for each in deliveries], RECEIVED)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (RECEIVED - timedelta(days=40), None),
        (RECEIVED - timedelta(days=40, microseconds=1), "late"),
        (RECEIVED + timedelta(hours=1), None),
        (RECEIVED + timedelta(hours=1, microseconds=1), "future"),
        (datetime(1, 1, 1, tzinfo=UTC), "late"),
        (datetime(9999, 12, 31, tzinfo=UTC), "future"),
    ],
)
def test_what_cannot_be_takes_the_time_of_receipt(said: datetime, fault: str | None) -> None:
    placed = clocks.place(said, RECEIVED)
    assert placed.fault == fault
    assert (placed.at, placed.device_time) == ((said, None) if fault is None else (RECEIVED, said))


def test_a_clock_that_is_far_off_is_marked_and_stored(either_database_url: str) -> None:
    said = ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
    sent = [messages.event(sequence=number, occurred_at=time) for number, time in enumerate(said, start=1)]
    with pool.connect(either_database_url, autocommit=True) as connection:
        messages.add_device(connection)
        stored = messages.ingest(connection, *(messages.delivery(each) for each in sent))
        kept = messages.rows(connection, EVENTS)
        words = messages.rows(connection, "SELECT message->>'occurred_at' AS at FROM events ORDER BY sequence")
        shown = messages.rows(connection, "SELECT opened_at, time_fault FROM alert_items ORDER BY time_fault")
    assert stored.refused == []
    assert [row["occurred_at"] for row in kept] == [RECEIVED] * 4
    assert [row["time_fault"] for row in kept] == ["late", "late", "future", "future"]
    assert [row["device_time"] for row in kept] == [datetime.fromisoformat(time) for time in said]
    assert [row["at"] for row in words] == said
    assert [row["time_fault"] for row in shown] == ["future", "future", "late", "late"]
    assert {row["opened_at"] for row in shown} == {RECEIVED}


LATER = RECEIVED + timedelta(minutes=10)
REDELIVERIES = {
    "late both times": (NOON - timedelta(days=50), RECEIVED, LATER),
    "future both times": (NOON + timedelta(days=1), RECEIVED, LATER),
    "in time, then late": (RECEIVED - timedelta(days=40), RECEIVED, LATER),
    "future, then in time": (RECEIVED + timedelta(minutes=65), RECEIVED, LATER),
}


@pytest.mark.parametrize(("said", "first", "second"), REDELIVERIES.values(), ids=REDELIVERIES.keys())
@pytest.mark.parametrize("together", [True, False])
def test_a_redelivery_arrives_at_another_time(
    either_database_url: str, said: datetime, first: datetime, second: datetime, *, together: bool
) -> None:
    content = messages.event(occurred_at=messages.rfc3339(said))
    with pool.connect(either_database_url, autocommit=True) as connection:
        messages.add_device(connection)
        if together:
            stored = store(connection, came(content, first), came(content, second))
            counts = stored.counts
        else:
            counts = store(connection, came(content, first)).counts + store(connection, came(content, second)).counts
        kept = messages.rows(connection, EVENTS)
        alerts = messages.rows(connection, "SELECT opened_at FROM alerts")
        counted = messages.rows(connection, "SELECT sum(messages)::int AS messages FROM event_counts")
    assert (counts["stored"], counts["duplicate"]) == (1, 1)
    assert len(kept) == 1
    assert alerts == [{"opened_at": kept[0]["occurred_at"]}]
    assert counted == [{"messages": 1}]


def test_two_workers_with_the_same_message_on_both_sides_of_the_hour(either_database_url: str) -> None:
    """One stores it as of the future and has not committed; the other, for which it is in time, must wait."""
    content = messages.event(occurred_at=messages.rfc3339(RECEIVED + timedelta(minutes=65)))
    found: list[storing.Stored] = []
    with (
        pool.connect(either_database_url, autocommit=True) as one,
        pool.connect(either_database_url, autocommit=True) as other,
    ):
        messages.add_device(one)
        storing.prepare(one)
        with one.transaction():
            first = store(one, came(content, RECEIVED))
            thread = threading.Thread(target=lambda: found.append(store(other, came(content, LATER))))
            thread.start()
            thread.join(0.3)
            assert found == [], "it waits"
        thread.join(60)
        kept = messages.rows(one, EVENTS)
    assert first.counts["stored"] == 1
    assert found[0].counts["duplicate"] == 1
    assert len(kept) == 1


def test_an_alert_of_a_wrong_clock_is_the_same_in_every_order(either_database_url: str) -> None:
    event_id = messages.event()["event_id"]
    told = [
        messages.event(event_id=event_id, sequence=1),
        messages.event(event_id=event_id, sequence=2, phase="updated", occurred_at="1970-01-01T00:00:00Z"),
        messages.event(event_id=event_id, sequence=3, phase="closed", occurred_at="2100-01-01T00:00:00Z"),
    ]
    seen = []
    with pool.connect(either_database_url, autocommit=True) as connection:
        messages.add_device(connection)
        connection.execute("ALTER TABLE alert_history DISABLE TRIGGER alert_history_only_grows")
        for order in itertools.permutations(told):
            for table in ("events", "displaced_events", "alert_history", "alerts"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - four names above
            messages.ingest(connection, *(messages.delivery(each) for each in order), together=False)
            seen += messages.rows(connection, "SELECT opened_at, over_since, time_fault FROM alerts")
    assert seen == [{"opened_at": NOON, "over_since": RECEIVED, "time_fault": "late"}] * 6


def test_metrics_of_a_wrong_clock_stand_at_their_arrival(either_database_url: str) -> None:
    with pool.connect(either_database_url, autocommit=True) as connection:
        messages.add_device(connection)
        sent = messages.metrics(sent_at="2100-01-01T00:00:00Z")
        messages.ingest(connection, messages.delivery(sent, topics.METRICS))
        kept = messages.rows(connection, "SELECT at, device_time FROM device_metrics")
    assert kept == [{"at": RECEIVED, "device_time": datetime(2100, 1, 1, tzinfo=UTC)}]
