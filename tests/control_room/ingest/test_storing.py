"""What a batch leaves in the database."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta
from typing import Any

import pytest

from control_room.database import pool
from control_room.ingest import statuses
from tests.control_room import messages
from tests.control_room.messages import NOON, RECEIVED
from wire import topics

DESCRIBED = """
    SELECT event_id, device_id, camera_id, rule, severity, confidence, state, version, opened_at, over_since, zone, lat,
        lon, accuracy_m, staged, objects, attributes, model, told_closed, told_sequence, opened_seen
    FROM alerts ORDER BY event_id
"""


def an_event_in_four_messages() -> list[dict[str, Any]]:
    event_id = str(uuid.UUID(int=77))
    clip = messages.evidence("clip", evidence_id=str(uuid.UUID(int=5)))
    picture = messages.evidence(evidence_id=str(uuid.UUID(int=4)))
    over = messages.rfc3339(NOON + timedelta(minutes=5))
    return [
        messages.event(event_id=event_id, sequence=1, severity="medium", evidence=[picture]),
        messages.event(event_id=event_id, sequence=2, phase="updated", severity="high", confidence=0.9),
        messages.event(event_id=event_id, sequence=3, phase="updated", severity="critical", evidence=[clip]),
        messages.event(event_id=event_id, sequence=4, phase="closed", severity="low", occurred_at=over, objects=[]),
    ]


def test_what_was_stored_before_takes_no_part_beside_what_is_new(connection: pool.Connection) -> None:
    """In one batch: new ones, one that is twice with another content, and one that was stored before."""
    first, second, third, fourth = an_event_in_four_messages()
    messages.add_device(connection)
    messages.ingest(connection, messages.delivery(third | {"evidence": []}))
    other = second | {"severity": "info", "message_id": str(uuid.UUID(int=9)), "evidence": [messages.evidence()]}
    batch = [messages.delivery(each) for each in (first, second, other, third, fourth)]
    stored = messages.ingest(connection, *batch)
    assert (stored.counts["stored"], stored.counts["duplicate"]) == (3, 2)
    assert len(stored.acks["quay"]) == 5, "what is there already is acked too"
    (alert,) = messages.rows(connection, DESCRIBED)
    assert (alert["severity"], alert["told_sequence"], alert["opened_seen"]) == ("critical", 3, True)
    kept = messages.rows(connection, "SELECT message->>'severity' AS severity FROM events ORDER BY sequence")
    assert [row["severity"] for row in kept] == ["medium", "high", "critical", "low"]
    files = messages.rows(connection, "SELECT kind FROM evidence")
    assert files == [{"kind": "snapshot"}], "only what the first message announced"


def test_an_alert_is_the_same_in_every_order(either_database_url: str) -> None:
    told = an_event_in_four_messages()
    seen: list[Any] = []
    with pool.connect(either_database_url, autocommit=True) as connection:
        messages.add_device(connection)
        for together, order in itertools.product((True, False), itertools.permutations(told)):
            connection.execute("DELETE FROM events")
            connection.execute("ALTER TABLE alert_history DISABLE TRIGGER alert_history_only_grows")
            connection.execute("DELETE FROM alert_history")
            connection.execute("DELETE FROM evidence")
            connection.execute("DELETE FROM alerts")
            messages.ingest(connection, *(messages.delivery(each) for each in order), together=together)
            alerts = messages.rows(connection, DESCRIBED)
            history = messages.rows(
                connection, "SELECT actor, action, state, version FROM alert_history ORDER BY action"
            )
            files = messages.rows(connection, "SELECT evidence_id, kind, event_id FROM evidence ORDER BY evidence_id")
            seen.append((alerts, history, files))
    assert len(seen) == 48
    assert all(outcome == seen[0] for outcome in seen)
    (alert,), history, files = seen[0]
    assert (alert["severity"], alert["told_sequence"], alert["opened_at"]) == ("critical", 3, NOON)
    assert alert["over_since"] == NOON + timedelta(minutes=5)
    assert (alert["state"], alert["version"]) == ("new", 1)
    assert [row["action"] for row in history] == ["opened", "over"]
    assert [row["kind"] for row in files] == ["snapshot", "clip"]


def test_closed_alone_already_makes_the_alert(connection: pool.Connection) -> None:
    messages.add_device(connection)
    messages.ingest(connection, messages.delivery(an_event_in_four_messages()[3]))
    (alert,) = messages.rows(connection, DESCRIBED)
    assert (alert["severity"], alert["opened_seen"], alert["told_closed"]) == ("low", False, True)
    assert alert["over_since"] == NOON + timedelta(minutes=5)


def test_again_changes_nothing(either_database_url: str) -> None:
    told = [messages.delivery(each) for each in an_event_in_four_messages()]
    everything = "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM stream) AS stream"
    with pool.connect(either_database_url, autocommit=True) as connection:
        messages.add_device(connection)
        first = messages.ingest(connection, *told)
        before = messages.rows(connection, everything), messages.rows(connection, "SELECT * FROM alerts")
        again = messages.ingest(connection, *told, *told, now=RECEIVED + timedelta(hours=1))
        after = messages.rows(connection, everything), messages.rows(connection, "SELECT * FROM alerts")
    assert first.counts == {"stored": 4, "duplicate": 0}
    assert again.counts == {"stored": 0, "duplicate": 8}
    assert len(again.acks["quay"]) == 8, "a device that asks again is told again"
    assert after == before


def test_an_operators_state_is_left_alone(connection: pool.Connection) -> None:
    messages.add_device(connection)
    opened, _, updated, closed = (messages.delivery(each) for each in an_event_in_four_messages())
    messages.ingest(connection, opened)
    connection.execute("UPDATE alerts SET state = 'closed', close_reason = 'confirmed', version = 2")
    messages.ingest(connection, updated, closed)
    (alert,) = messages.rows(connection, "SELECT state, close_reason, version, severity, over_since FROM alerts")
    assert alert == {
        "state": "closed",
        "close_reason": "confirmed",
        "version": 2,
        "severity": "critical",
        "over_since": NOON + timedelta(minutes=5),
    }


def test_two_devices_may_give_their_events_the_same_id(connection: pool.Connection) -> None:
    for device_id in ("quay", "market"):
        messages.add_device(connection, device_id)
    event_id = str(uuid.UUID(int=7))
    own = [
        messages.event(device_id, event_id=event_id, outbox_id=str(uuid.uuid4())) for device_id in ("quay", "market")
    ]
    messages.ingest(connection, *(messages.delivery(each, device_id=each["device_id"]) for each in own))
    alerts = messages.rows(connection, "SELECT device_id FROM alerts ORDER BY device_id")
    assert alerts == [{"device_id": "market"}, {"device_id": "quay"}]


def test_the_message_is_kept_as_it_was_sent(connection: pool.Connection) -> None:
    messages.add_device(connection)
    sent = messages.event() | {"schema": "talaia.event/2", "weather": {"rain": True}}
    stored = messages.ingest(connection, messages.delivery(sent))
    assert stored.counts["stored"] == 1
    assert messages.rows(connection, "SELECT message FROM events") == [{"message": sent}]


def test_screens_are_told_in_the_same_transaction(connection: pool.Connection) -> None:
    messages.add_device(connection)
    messages.ingest(connection, messages.delivery(messages.event()))
    told = messages.rows(connection, "SELECT kind, payload FROM stream ORDER BY id")
    assert [row["kind"] for row in told] == ["camera", "alert"]
    alert = told[1]["payload"]
    assert alert["camera_name"] == "placa"
    assert alert["location"] == {"lat": 41.1, "lon": 1.2, "accuracy_m": 5}
    assert alert["opened_at"] == messages.rfc3339(NOON)
    assert alert["snapshot_url"] is None


class TestEvidence:
    def test_an_early_file_is_seen_once_announced(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        announced = messages.evidence()
        connection.execute(
            "INSERT INTO evidence (evidence_id, device_id, sha256, bytes, received_at) VALUES (%s, 'quay', %s, %s, %s)",
            (announced["evidence_id"], announced["sha256"], announced["bytes"], RECEIVED),
        )
        messages.ingest(connection, messages.delivery(messages.event(evidence=[announced])))
        (row,) = messages.rows(connection, "SELECT kind, received_at, announced_at FROM evidence")
        assert row == {"kind": "snapshot", "received_at": RECEIVED, "announced_at": RECEIVED}
        (item,) = messages.rows(connection, "SELECT snapshot_url FROM alert_items")
        assert item["snapshot_url"] == f"/api/v1/evidence/{announced['evidence_id']}"

    def test_an_early_file_of_another_hash_does_not_count(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        announced = messages.evidence()
        connection.execute(
            "INSERT INTO evidence (evidence_id, device_id, sha256, bytes, received_at) VALUES (%s, 'quay', %s, 1, %s)",
            (announced["evidence_id"], "c" * 64, RECEIVED),
        )
        messages.ingest(connection, messages.delivery(messages.event(evidence=[announced])))
        (row,) = messages.rows(connection, "SELECT sha256, bytes, received_at FROM evidence")
        assert row == {"sha256": "b" * 64, "bytes": 1000, "received_at": None}

    def test_another_device_cannot_take_a_file_over(self, connection: pool.Connection) -> None:
        for device_id in ("quay", "market"):
            messages.add_device(connection, device_id)
        announced = messages.evidence()
        messages.ingest(connection, messages.delivery(messages.event(evidence=[announced])))
        stolen = messages.event("market", evidence=[announced | {"sha256": "d" * 64}])
        messages.ingest(connection, messages.delivery(stolen, device_id="market"))
        (row,) = messages.rows(connection, "SELECT device_id, sha256 FROM evidence")
        assert row == {"device_id": "quay", "sha256": "b" * 64}


class TestStatus:
    def test_cameras_and_device_as_reported(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        dark = messages.camera_status("moll", state="dark", reason="connection refused", location=None)
        said = messages.status(cameras=[messages.camera_status(), dark])
        messages.ingest(connection, messages.delivery(said, topics.STATUS))
        cameras = messages.rows(
            connection, "SELECT camera_id, name, state, reason, lat FROM cameras ORDER BY camera_id"
        )
        assert cameras == [
            {"camera_id": "moll", "name": "Plaça Major", "state": "dark", "reason": "connection refused", "lat": None},
            {"camera_id": "placa", "name": "Plaça Major", "state": "live", "reason": None, "lat": 41.1},
        ]
        (device,) = messages.rows(connection, "SELECT online, version, last_seen FROM devices")
        assert device == {"online": True, "version": "0.1.0", "last_seen": RECEIVED}
        kinds = messages.rows(connection, "SELECT kind, count(*) FROM stream GROUP BY kind ORDER BY kind")
        assert kinds == [{"kind": "camera", "count": 2}, {"kind": "device", "count": 1}]

    def test_the_same_status_again_tells_nobody(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        said = messages.delivery(messages.status(cameras=[messages.camera_status()]), topics.STATUS)
        messages.ingest(connection, said)
        before = messages.rows(connection, "SELECT max(id) AS newest FROM stream")
        messages.ingest(connection, said)
        assert messages.rows(connection, "SELECT max(id) AS newest FROM stream") == before

    def test_a_last_will_takes_the_cameras_away(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        here = messages.status(cameras=[messages.camera_status()])
        gone = messages.status(online=False)
        messages.ingest(connection, messages.delivery(here, topics.STATUS), messages.delivery(gone, topics.STATUS))
        (camera,) = messages.rows(connection, "SELECT state, reason FROM cameras")
        assert camera == {"state": "offline", "reason": "its device is away"}
        assert messages.rows(connection, "SELECT online FROM devices") == [{"online": False}]

    def test_a_camera_named_no_more_is_unknown(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        both = messages.status(cameras=[messages.camera_status("a"), messages.camera_status("b")])
        one = messages.status(cameras=[messages.camera_status("a")])
        messages.ingest(connection, messages.delivery(both, topics.STATUS), messages.delivery(one, topics.STATUS))
        states = messages.rows(connection, "SELECT camera_id, state FROM cameras ORDER BY camera_id")
        assert states == [{"camera_id": "a", "state": "live"}, {"camera_id": "b", "state": "unknown"}]

    def test_a_device_that_fell_silent_is_away(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        said = messages.status(cameras=[messages.camera_status()])
        messages.ingest(connection, messages.delivery(said, topics.STATUS))
        statuses.set_silent_aside(connection, RECEIVED + timedelta(seconds=59))
        assert messages.rows(connection, "SELECT online FROM devices") == [{"online": True}]
        statuses.set_silent_aside(connection, RECEIVED + timedelta(seconds=61))
        assert messages.rows(connection, "SELECT online FROM devices") == [{"online": False}]
        assert messages.rows(connection, "SELECT state FROM cameras") == [{"state": "offline"}]

    def test_a_device_that_measures_itself_is_back(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        here = messages.status(cameras=[messages.camera_status()])
        gone = messages.status(online=False)
        messages.ingest(connection, messages.delivery(here, topics.STATUS), messages.delivery(gone, topics.STATUS))
        messages.ingest(connection, messages.delivery(messages.metrics(), topics.METRICS))
        assert messages.rows(connection, "SELECT online FROM devices") == [{"online": True}]
        cameras = messages.rows(connection, "SELECT state, reason FROM cameras")
        assert cameras == [{"state": "unknown", "reason": "its device is back"}]
        told = messages.rows(connection, "SELECT kind FROM stream ORDER BY id DESC LIMIT 2")
        assert told == [{"kind": "camera"}, {"kind": "device"}]

    def test_metrics_are_kept_and_the_newest_shown(self, either_database_url: str) -> None:
        with pool.connect(either_database_url, autocommit=True) as connection:
            messages.add_device(connection)
            measured = messages.delivery(messages.metrics(), topics.METRICS)
            stored = messages.ingest(connection, measured, measured)
            kept = messages.rows(connection, "SELECT at, metrics->'outbox_pending' AS pending FROM device_metrics")
            (device,) = messages.rows(connection, "SELECT pending, clock_offset_s FROM devices")
        assert stored.acks == {}, "nobody waits for an ack of metrics"
        assert kept == [{"at": NOON, "pending": 3}]
        assert device == {"pending": 3, "clock_offset_s": 0.25}


BAD = {
    "no JSON": (b"{", "no_json"),
    "no object": (b"[1]", "no_json"),
    "nested": (b"[" * 50_000, "no_json"),
    "other schema": (messages.event() | {"schema": "talaia.status/1"}, "other_schema"),
    "no schema": ({"hello": 1}, "other_schema"),
    "unknown key": (messages.event() | {"weather": 1}, "invalid"),
    "off the Earth": (messages.event(location={"lat": 91, "lon": 0, "accuracy_m": 1}), "invalid"),
    "of no camera": (messages.event(camera_id=None), "invalid"),
    "the room's own rule": (
        messages.event(
            camera_id=None,
            rule="drone_finding",
            attributes={"flight_id": str(uuid.UUID(int=7)), "finding_id": str(uuid.UUID(int=8))},
        ),
        "invalid",
    ),
    "other device": (messages.event("market"), "other_device"),
    "zero byte": (messages.event(zone="a\0b"), "not_storable"),
    "too large": (messages.event(zone="x" * 300_000), "too_large"),
}


class TestDeadLetters:
    @pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD.keys())
    def test_a_bad_one_is_kept_and_disturbs_no_other(
        self, connection: pool.Connection, content: dict[str, Any] | bytes, reason: str
    ) -> None:
        messages.add_device(connection)
        named = str(uuid.UUID(int=9))
        before, after = messages.event(sequence=1), messages.event(sequence=3)
        bad = messages.delivery(content, message_id=named)
        stored = messages.ingest(connection, messages.delivery(before), bad, messages.delivery(after))
        sequences = messages.rows(connection, "SELECT sequence FROM events ORDER BY sequence")
        assert sequences == [{"sequence": 1}, {"sequence": 3}]
        (kept,) = messages.rows(connection, "SELECT reason, topic, payload, payload_bytes, times FROM dead_letters")
        assert (kept["reason"], kept["topic"], kept["times"]) == (reason, "talaia/v1/quay/events", 1)
        assert kept["payload"] == bad.payload[: 64 * 1024 if reason == "too_large" else None]
        assert kept["payload_bytes"] == len(bad.payload)
        has_own_id = isinstance(content, dict) and "message_id" in content and reason != "too_large"
        own_id = uuid.UUID(content["message_id"] if has_own_id else named)  # type: ignore[call-overload]
        assert own_id in stored.acks["quay"]
        assert len(stored.acks["quay"]) == 3

    def test_the_same_again_is_counted(self, connection: pool.Connection) -> None:
        messages.ingest(connection, *[messages.delivery(b"{")] * 3)
        assert messages.rows(connection, "SELECT times FROM dead_letters") == [{"times": 3}]

    def test_an_unknown_device_is_not_made_by_speaking(self, connection: pool.Connection) -> None:
        stored = messages.ingest(connection, messages.delivery(messages.event("ghost"), device_id="ghost"))
        (kept,) = messages.rows(connection, "SELECT reason, device_id, sequence FROM dead_letters")
        assert kept == {"reason": "unknown_device", "device_id": "ghost", "sequence": 1}
        assert stored.counts == {"dead_letter": 1}
        assert messages.rows(connection, "SELECT * FROM devices") == []

    def test_a_revoked_device_is_not_heard(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        connection.execute("UPDATE devices SET revoked_at = now()")
        messages.ingest(connection, messages.delivery(messages.event()))
        assert messages.rows(connection, "SELECT reason FROM dead_letters") == [{"reason": "revoked_device"}]

    def test_what_the_worker_did_is_counted(self, connection: pool.Connection) -> None:
        messages.add_device(connection)
        good = messages.delivery(messages.event())
        messages.ingest(connection, good, good, messages.delivery(b"{"))
        counts = messages.rows(connection, "SELECT outcome, messages FROM ingest_counts ORDER BY outcome")
        assert counts == [
            {"outcome": "dead_letter", "messages": 1},
            {"outcome": "duplicate", "messages": 1},
            {"outcome": "stored", "messages": 1},
        ]
