"""What is due leaves, what an open alert or a hold protects stays, and everything adds up afterwards."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from control_room import callers, config
from control_room.database import pool
from control_room.fsck import report
from control_room.holds import service as holds
from control_room.ingest.delivery import Delivery
from control_room.retention import limits, service
from control_room.store.local import LocalStore
from control_room.store.staging import Incoming
from tests.control_room import messages
from tests.control_room.messages import NOON

LATER = NOON + timedelta(days=35)
BY = callers.Caller(kind="user", name="marta", role=callers.Role.OPERATOR)
CLOSED = "UPDATE alerts SET state = 'closed', close_reason = 'false_alarm', version = 2"
CLOSED_IN_HISTORY = """
    INSERT INTO alert_history (alert_id, at, actor_kind, actor, action, state, version)
    SELECT alert_id, now(), 'user', 'marta', 'closed', state, version FROM alerts WHERE state = 'closed'
"""


def _fill(connection: pool.Connection, store: LocalStore) -> None:
    """Three events a month ago, each with a picture that came; the third one is of another time."""
    messages.add_device(connection)
    for number in (1, 2, 3):
        content = f"picture {number}".encode()
        at = NOON + timedelta(days=33 if number == 3 else 0)
        when = {"captured_from": messages.rfc3339(at), "captured_to": messages.rfc3339(at)}
        picture = messages.evidence(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), **when)
        sent = messages.delivery(messages.event(sequence=number, evidence=[picture], occurred_at=messages.rfc3339(at)))
        messages.ingest(connection, Delivery(sent.topic, sent.payload, at))
        with Incoming(store) as incoming:
            incoming.write(content)
            incoming.keep()
    connection.execute("UPDATE evidence SET received_at = announced_at")
    connection.execute(f"{CLOSED} WHERE opened_at < %s", (NOON + timedelta(days=1),))
    connection.execute(CLOSED_IN_HISTORY)


def _run(connection: pool.Connection, store: LocalStore) -> list[service.Step]:
    return list(service.Run(connection, store, limits.at(LATER, config.Retention()), LATER).steps())


def _sequences(connection: pool.Connection, table: str) -> list[int]:
    rows = messages.rows(connection, f"SELECT sequence FROM {table} ORDER BY 1")  # noqa: S608 - names of this file
    return [row["sequence"] for row in rows]


def test_what_is_held_stays_and_the_rest_leaves(either_database_url: str, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    with pool.connect(either_database_url, autocommit=True) as connection:
        _fill(connection, store)
        (held, _) = messages.rows(
            connection, "SELECT alert_id FROM alerts WHERE state = 'closed' ORDER BY told_sequence"
        )
        with connection.transaction():
            wanted = holds.Wanted(object_kind="alert", alert_id=held["alert_id"])
            hold_id = holds.add(connection, wanted, reason="case 7", until=None, by=BY, now=LATER)
        foretold = service.plan(connection, limits.at(LATER, config.Retention()), LATER)
        assert [(step.kind, step.rows, step.kept) for step in foretold if step.kind == "events"] == [("events", 2, 1)]
        steps = _run(connection, store)
        assert [(step.rows, step.kept, step.alerts, step.files) for step in steps if step.kind == "events"] == [
            (2, 1, 1, 1)
        ]
        assert _sequences(connection, "events") == [3]
        assert _sequences(connection, "kept_events") == [1]
        assert _sequences(connection, "stored_events") == [1, 3]
        with pool.connect(either_database_url) as reader:
            found = report.check(reader, store)
        assert found.is_sound, list(found.lines())
        assert (found.devices[0].stored, found.devices[0].removed) == (2, 1)
        assert len(list(store.contents())) == 2
        again = messages.event(sequence=2, occurred_at=messages.rfc3339(NOON))
        assert messages.ingest(connection, messages.delivery(again)).counts["duplicate"] == 1
        assert _run(connection, store) == [], "nothing more is due"
        with connection.transaction():
            holds.release(connection, hold_id, reason="over", by=BY, now=LATER)
        assert [step.kind for step in _run(connection, store)][:1] == ["kept_events"]
        assert _sequences(connection, "stored_events") == [3]
        with pool.connect(either_database_url) as reader:
            assert report.check(reader, store).is_sound
        assert len(list(store.contents())) == 1


def test_an_open_alert_keeps_its_messages(either_database_url: str, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    with pool.connect(either_database_url, autocommit=True) as connection:
        _fill(connection, store)
        connection.execute("UPDATE alerts SET state = 'new', close_reason = NULL WHERE told_sequence = 2")
        _run(connection, store)
        assert _sequences(connection, "kept_events") == [2]
        assert len(list(store.contents())) == 2


def test_three_months_are_the_longest() -> None:
    end_of_may = NOON.replace(month=5, day=31)
    assert limits.months_before(end_of_may, 3) == NOON.replace(month=2, day=28)
    found = limits.at(end_of_may, config.Retention(rows_days=92, files_days=1))
    assert (found.rows, found.files) == (found.law, end_of_may - timedelta(days=1))
    assert found.audit == end_of_may.replace(year=2021)
