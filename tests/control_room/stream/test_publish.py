"""Ids of the stream become visible in their order, whatever the order of the commits."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from uuid import UUID

import pytest

from control_room.database import pool
from control_room.stream import publish
from tests.control_room import messages


def test_an_item_is_told_as_json_with_its_id(connection: pool.Connection) -> None:
    connection.execute(f"LISTEN {publish.CHANNEL}")
    publish.publish_all(connection, "alert", [{"at": messages.NOON, "id": UUID(int=1)}, {"at": None, "id": None}])
    rows = messages.rows(connection, "SELECT id, kind, payload FROM stream ORDER BY id")
    assert [row["payload"] for row in rows] == [
        {"at": "2026-11-21T12:00:00Z", "id": "00000000-0000-0000-0000-000000000001"},
        {"at": None, "id": None},
    ]
    woken = [notification.payload for notification in connection.notifies(timeout=60, stop_after=1)]
    assert woken == [str(rows[1]["id"])]
    assert publish.newest_id(connection) == rows[1]["id"]


def test_an_alert_is_told_as_its_list_gives_it(connection: pool.Connection) -> None:
    """The stream's JSON is made in the database, the list's in the server."""
    messages.add_device(connection)
    said = [
        messages.event(sequence=1, occurred_at="2026-11-21T11:59:59.120000Z", confidence=0.1, zone='pl. "Gran" ñ'),
        messages.event(sequence=2, location=None, objects=[]),
    ]
    ended = messages.event(sequence=3, phase="closed", event_id=said[0]["event_id"])
    messages.ingest(connection, *map(messages.delivery, (*said, ended)))
    connection.execute("TRUNCATE stream")
    connection.execute(
        "UPDATE alerts SET state = 'shelved', shelved_from = 'new', shelved_until = %s WHERE lat IS NULL",
        (messages.NOON + timedelta(microseconds=7),),
    )
    items = messages.rows(connection, "SELECT * FROM alert_items ORDER BY opened_at, alert_id")
    publish.publish_alerts(connection, [item["alert_id"] for item in items], {items[1]["event_id"]: "00-aa-bb-01"})
    assert len(items) == 2
    told = messages.rows(connection, "SELECT payload FROM stream ORDER BY id")
    assert [row["payload"] for row in told] == [
        json.loads(publish.encode(items[0])),
        json.loads(publish.encode(items[1])) | {"traceparent": "00-aa-bb-01"},
    ]


def test_nothing_to_tell_is_no_row(connection: pool.Connection) -> None:
    publish.publish_all(connection, "camera", [])
    publish.publish_alerts(connection, [])
    assert publish.newest_id(connection) == 0


def test_a_later_id_is_never_seen_before_an_earlier_one(database_url: str, connection: pool.Connection) -> None:
    done = threading.Event()

    def second() -> None:
        with pool.connect(database_url) as other:
            publish.publish(other, "alert", {"who": "second"})
        done.set()

    with pool.connect(database_url) as first:
        publish.publish(first, "alert", {"who": "first"})
        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(0.3), "it must wait for the first transaction"
        assert messages.rows(connection, "SELECT id FROM stream") == []
    thread.join(timeout=60)
    told = messages.rows(connection, "SELECT payload->>'who' AS who FROM stream ORDER BY id")
    assert told == [{"who": "first"}, {"who": "second"}]


def test_what_is_rolled_back_is_not_told(database_url: str, connection: pool.Connection) -> None:
    def fail() -> None:
        with pool.connect(database_url) as other:
            publish.publish(other, "alert", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert messages.rows(connection, "SELECT id FROM stream") == []


def test_a_day_old_is_forgotten_but_the_newest_stays(connection: pool.Connection) -> None:
    for number in range(3):
        publish.publish(connection, "alert", {"number": number})
    connection.execute("UPDATE stream SET at = at - interval '25 hours' WHERE payload->>'number' IN ('0', '2')")
    (row,) = messages.rows(connection, "SELECT now() AS now")
    assert publish.prune(connection, row["now"]) == 1
    left = messages.rows(connection, "SELECT payload->'number' AS number FROM stream ORDER BY id")
    assert left == [{"number": 1}, {"number": 2}]
    assert publish.prune(connection, row["now"] + timedelta(days=9)) == 1
