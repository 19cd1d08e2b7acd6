"""Each kind of row and file leaves in its own time, what a hold names stays, and what went is written down."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from uuid_utils import compat as uuids

from control_room import cli, config
from control_room.database import pool
from control_room.holds import service as holds
from control_room.retention import limits, service
from control_room.store.local import LocalStore
from tests.control_room import messages
from tests.control_room.messages import NOON
from tests.control_room.retention import month
from wire import topics

DUE = limits.at(month.NOW, config.Retention())


def _run(connection: pool.Connection, store: LocalStore) -> list[service.Step]:
    return list(service.Run(connection, store, DUE, month.NOW).steps())


def _left(connection: pool.Connection) -> list[int]:
    return [row["sequence"] for row in messages.rows(connection, "SELECT sequence FROM stored_events ORDER BY 1")]


def test_a_span_of_a_camera_and_a_file_are_held(either_database_url: str, tmp_path: Path) -> None:
    """Of 12 events, one of camera `port` lies in the held span, and one file is held; another hold is over."""
    store = LocalStore(tmp_path / "store")
    with pool.connect(either_database_url, autocommit=True) as connection:
        month.fill(connection, store, 12)
        files = {
            row["sha256"]: row["evidence_id"]
            for row in messages.rows(connection, "SELECT sha256, evidence_id FROM evidence")
        }
        since = NOON + 3 * month.EVERY
        span = {"device_id": "quay", "camera_id": "port", "held_from": since, "held_to": since + 2 * month.EVERY}
        month.hold(connection, holds.Wanted(object_kind="camera", **span))  # type: ignore[arg-type]  # by its keys
        month.hold(connection, holds.Wanted(object_kind="evidence", evidence_id=files[month.name(9)]))
        soon = month.NOW + timedelta(seconds=1)
        month.hold(connection, holds.Wanted(object_kind="evidence", evidence_id=files[month.name(11)]), until=soon)
        _run(connection, store)
        assert _left(connection) == [4, 9, 11]
        assert {content.sha256 for content in store.contents()} == {month.name(number) for number in (4, 9, 11)}
        later = service.Run(connection, store, DUE, soon)
        assert sum(step.rows for step in later.steps() if step.kind == "kept_events") == 1
        assert _left(connection) == [4, 9]


def test_other_rows_leave_too(either_database_url: str, tmp_path: Path) -> None:
    with pool.connect(either_database_url, autocommit=True) as connection:
        messages.add_device(connection)
        messages.ingest(connection, messages.delivery(messages.metrics(), topics.METRICS))
        messages.ingest(connection, messages.delivery(b"no json"))
        messages.ingest(connection, messages.delivery(messages.event(sequence=3, severity="none")))
        for table in ("device_metrics", "dead_letters"):
            assert messages.rows(connection, f"SELECT 1 FROM {table}"), table  # noqa: S608 - names of this test
        steps = {step.kind: step.rows for step in _run(connection, LocalStore(tmp_path / "store"))}
        assert steps == {"device_metrics": 1, "dead_letters": 2}
        (known,) = messages.rows(connection, "SELECT sequences::text FROM retired_sequences")
        assert known == {"sequences": "{[3,4)}"}


def test_orders_leave_unless_something_needs_them(connection: pool.Connection, tmp_path: Path) -> None:
    messages.add_device(connection)

    def order(kind: str, state: str = "answered", **arguments: str) -> str:
        command_id = str(uuids.uuid7())
        connection.execute(
            "INSERT INTO commands (command_id, device_id, kind, arguments, issued_by, issued_at, expires_at, message,"
            " state, send_at, ended_at) VALUES (%s, 'quay', %s, %s, 'marta', %s, %s, '', %s, %s, %s)",
            (command_id, kind, json.dumps(arguments), NOON, NOON, state, NOON, None if state == "queued" else NOON),
        )
        return command_id

    needed = {
        order("recording_hold", hold_id="in-force"),
        order("recording_hold", hold_id="later", until="2027-06-01T00:00:00Z"),
        order("camera_list", state="queued"),
        order("recording_fetch"),
    }
    connection.execute(
        "INSERT INTO evidence (evidence_id, device_id, camera_id, command_id, kind, media_type, sha256, bytes,"
        " captured_from, captured_to, announced_at, received_at)"
        " SELECT gen_random_uuid(), 'quay', 'placa', command_id, 'recording', 'video/mp4', %s, 1, at, at, at, at"
        " FROM commands CROSS JOIN (VALUES (%s::timestamptz)) AS now (at) WHERE kind = 'recording_fetch'",
        ("c" * 64, month.NOW),
    )
    order("camera_list")
    order("recording_hold", hold_id="over", until="2026-11-22T00:00:00Z")
    order("recording_hold", hold_id="released")
    order("recording_release", hold_id="released")
    steps = _run(connection, LocalStore(tmp_path / "store"))
    assert [(step.kind, step.rows) for step in steps] == [("commands", 3), ("commands", 1)], "a release after its hold"
    assert {str(row["command_id"]) for row in messages.rows(connection, "SELECT command_id FROM commands")} == needed


def test_the_audit_stays_for_years_and_says_what_went(connection: pool.Connection, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    month.fill(connection, store, 2)
    connection.execute("INSERT INTO audit (at, actor_kind, actor, action, result) SELECT at, 'user', 'marta', 'a', 'ok'"
                       " FROM unnest(%s::timestamptz[]) AS at",
                       ([month.NOW.replace(year=2021), month.NOW.replace(year=2022), month.NOW],))  # fmt: skip
    steps = _run(connection, store)
    assert [step.rows for step in steps if step.kind == "audit"] == [1]
    assert messages.rows(connection, "SELECT at FROM audit WHERE action = 'a' ORDER BY at") == [
        {"at": month.NOW.replace(year=2022)},
        {"at": month.NOW},
    ]
    told = messages.rows(
        connection, "SELECT at, actor, object_id, detail FROM audit WHERE action = 'retention.remove' ORDER BY audit_id"
    )
    assert [(row["object_id"], row["detail"]["rows"]) for row in told] == [(step.kind, step.rows) for step in steps]
    assert {row["at"] for row in told} == {month.NOW}
    events = next(row["detail"] for row in told if row["object_id"] == "events")
    assert events["setting"] == {"rows_days": 30}
    assert (events["since"], events["alerts"]) == ("2026-11-21T17:00:00+00:00", 1)
    assert told[-1]["detail"]["setting"] == {"audit_years": 5}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM audit")


def test_the_command_line_says_first_what_it_would_do(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = LocalStore(tmp_path / "store")
    with pool.connect(database_url, autocommit=True) as connection:
        month.fill(connection, store, 3)
        command = ["retention", "run", "-c", str(month.settings(tmp_path, database_url))]
        later = ["--dry-run", "--now", month.NOW.isoformat()]
        assert cli.main([*command, *later, "--json"]) == 0
        foretold = json.loads(capsys.readouterr().out)
        assert {(step["kind"], step["rows"]) for step in foretold} == {("events", 3), ("files", 3)}
        assert cli.main([*command, *later]) == 0
        assert capsys.readouterr().out.splitlines()[0].startswith("events 2026-11-21 17:00 to ")
        assert _left(connection) == [1, 2, 3], "nothing was done"
        assert messages.rows(connection, "SELECT 1 FROM audit WHERE action = 'retention.remove'") == []
        assert cli.main([*command, "--now", month.NOW.isoformat()]) == 2
        assert "--dry-run" in capsys.readouterr().err
