"""Dead letters are taken in again once they can be."""

from __future__ import annotations

import uuid
from datetime import timedelta

from control_room.database import pool
from control_room.dead_letters import service as dead_letters
from tests.control_room import door as doors
from tests.control_room import messages

LATER = messages.RECEIVED + timedelta(days=1)


def test_a_device_that_was_added_since_is_heard(connection: pool.Connection) -> None:
    sent = messages.event()
    messages.ingest(connection, messages.delivery(sent))
    messages.add_device(connection)
    (replayed,) = dead_letters.replay(connection, LATER)
    assert replayed.result == "ingested"
    stored = messages.rows(connection, "SELECT message, received_at FROM events")
    assert stored == [{"message": sent, "received_at": messages.RECEIVED}]
    assert messages.rows(connection, "SELECT state FROM alerts") == [{"state": "new"}]
    assert dead_letters.replay(connection, LATER) == [], "it is done with"


def test_what_is_still_wrong_stays_with_its_reason(connection: pool.Connection) -> None:
    messages.add_device(connection)
    huge = messages.delivery(messages.event(zone="x" * 300_000))
    ghost = messages.delivery(messages.event("ghost"), device_id="ghost")
    messages.ingest(connection, messages.delivery(b"{"), huge, ghost)
    results = [each.result for each in dead_letters.replay(connection, LATER)]
    assert [result.partition(":")[0] for result in results] == ["no_json", "too_large", "unknown_device"]
    rows = messages.rows(connection, "SELECT * FROM dead_letters ORDER BY dead_letter_id")
    assert [row["replay_result"] for row in rows] == results
    assert {(row["times"], row["replayed_at"]) for row in rows} == {(1, LATER)}
    counted = messages.rows(connection, "SELECT messages FROM ingest_counts WHERE outcome = 'dead_letter'")
    assert counted == [{"messages": 3}]


def test_only_the_one_that_is_named(connection: pool.Connection) -> None:
    messages.ingest(connection, messages.delivery(messages.event()), messages.delivery(messages.event(sequence=2)))
    messages.add_device(connection)
    newest, _ = dead_letters.page(connection, limit=10)
    (replayed,) = dead_letters.replay(connection, LATER, newest["dead_letter_id"])
    assert replayed.dead_letter_id == newest["dead_letter_id"]
    assert messages.rows(connection, "SELECT sequence FROM events") == [{"sequence": 2}]


class TestOverHttp:
    def test_an_administrator_reads_them_page_by_page(self, door: doors.Door) -> None:
        with door.connection() as connection:
            messages.ingest(connection, *(messages.delivery(b"{" * number) for number in (1, 2, 3)))
        browser = door.as_person("anna")
        first = browser.get("/api/v1/dead-letters", params={"limit": 2}).json()
        second = browser.get("/api/v1/dead-letters", params={"limit": 2, "cursor": first["next_cursor"]}).json()
        assert [item["payload_bytes"] for item in first["items"] + second["items"]] == [3, 2, 1]
        assert second["next_cursor"] is None
        assert first["items"][0]["reason"] == "no_json"

    def test_the_payload_comes_byte_for_byte_and_is_audited(self, door: doors.Door) -> None:
        with door.connection() as connection:
            messages.ingest(connection, messages.delivery(b"<script>\xff"))
        browser = door.as_person("anna")
        (item,) = browser.get("/api/v1/dead-letters").json()["items"]
        answer = browser.get(f"/api/v1/dead-letters/{item['dead_letter_id']}/payload")
        assert answer.content == b"<script>\xff"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        acts = door.rows("SELECT actor, object_id FROM audit WHERE action = 'dead_letter.read'")
        assert acts == [{"actor": "anna", "object_id": item["dead_letter_id"]}]
        assert browser.get(f"/api/v1/dead-letters/{uuid.uuid4()}/payload").status_code == 404

    def test_an_operator_may_not(self, door: doors.Door) -> None:
        assert door.as_person("marta").get("/api/v1/dead-letters").status_code == 403
