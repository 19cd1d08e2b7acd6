"""A database that was made at 001, with the rows that its own code wrote: migrated, whole, and usable in between."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql as compose

from control_room.database import migrate, pool, sql
from control_room.fsck import report
from control_room.store.local import LocalStore
from control_room.store.staging import Incoming
from tests.control_room import messages, services
from tests.control_room.database.test_migrate import catalogue

AT_001 = Path(__file__).with_name("at_001")
FILE = b"a picture of the past"
"""What the one evidence file of the old rows holds."""
KEPT_TABLES = {
    "devices": "device_id",
    "cameras": "device_id, camera_id",
    "alert_history": "history_id",
    "commands": "command_id",
    "evidence": "evidence_id",
    "dead_letters": "dead_letter_id",
    "ingest_counts": "outcome",
    "users": "user_id",
    "sessions": "token_sha256",
    "audit": "audit_id",
}
OLD_STATEMENT = re.compile(r"^(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
OLD_INSERT = """
    INSERT INTO incoming
    SELECT gen_random_uuid(), outbox_id, 999, occurred_at + interval '1 minute', gen_random_uuid(), device_id,
        camera_id, rule, 'opened', severity, sent_at, received_at, message, gen_random_uuid()
    FROM events ORDER BY received_at LIMIT 1
"""


@pytest.fixture(params=["plain", "timescale"])
def old_url(request: pytest.FixtureRequest) -> Iterator[str]:
    server: services.Server = request.getfixturevalue(f"{request.param}_server")
    url = server.new_database(migrated=False)
    make_old(url)
    yield url
    server.drop_database(url)


def make_old(url: str) -> None:
    name, text = migrate.files()[0]
    assert name == "001_pre_whole"
    with pool.connect(url, autocommit=True) as connection:
        connection.execute(text)
        connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (name,))
        if migrate._create_extension(connection):
            migrate.make_hypertables(connection)
        connection.execute(compose.SQL((AT_001 / "rows.sql").read_text(encoding="utf-8")))


def rows_of(connection: pool.Connection, table: str, key: str, columns: list[str] | None = None) -> Any:
    names = columns or [
        row["name"]
        for row in messages.rows(
            connection,
            "SELECT attname AS name FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            table,
        )
    ]
    return names, messages.rows(connection, f"SELECT {', '.join(names)} FROM {table} ORDER BY {key}")  # noqa: S608 - the test's own names


def test_rows_of_001_come_through(old_url: str, tmp_path: Path) -> None:
    with pool.connect(old_url, autocommit=True) as connection:
        before = {table: rows_of(connection, table, key) for table, key in KEPT_TABLES.items()}
        messages_before = rows_of(connection, "events", "message_id")
        alerts_before = rows_of(connection, "alerts", "alert_id")
    assert migrate.migrate(old_url)[0] == "002_pre_storage"
    store = LocalStore(tmp_path / "store")
    with Incoming(store) as incoming:
        incoming.write(FILE)
        incoming.keep()
    with pool.connect(old_url, autocommit=True) as connection:
        for table, (names, rows) in before.items():
            assert rows_of(connection, table, KEPT_TABLES[table], names)[1] == rows, table
        found = messages.rows(connection, "SELECT message_id FROM events WHERE device_time IS NOT NULL")
        moved = {row["message_id"] for row in found}
        _, after = rows_of(connection, "events", "message_id", messages_before[0])
        _, alerts_after = rows_of(connection, "alerts", "alert_id", alerts_before[0])
        faults = messages.rows(
            connection,
            "SELECT time_fault, occurred_at = received_at AS at_arrival FROM events WHERE time_fault IS NOT NULL"
            " ORDER BY time_fault",
        )
        counted = messages.rows(
            connection, "SELECT sum(messages)::int AS messages, sum(opened)::int AS opened FROM event_counts"
        )
        stored = messages.rows(
            connection,
            "SELECT count(*)::int AS messages, (count(*) FILTER (WHERE phase = 'opened'))::int AS opened FROM events",
        )
    assert len(moved) == 2
    unmoved = [row for row in messages_before[1] if row["message_id"] not in moved]
    assert [row for row in after if row["message_id"] not in moved] == unmoved
    assert len(after) == len(messages_before[1]) == 63
    assert faults == [{"time_fault": "future", "at_arrival": True}, {"time_fault": "late", "at_arrival": True}]
    assert counted == stored
    changed = [row for row, old in zip(alerts_after, alerts_before[1], strict=True) if row != old]
    assert {row["opened_at"] for row in changed} == {messages.RECEIVED}
    assert len(changed) == 2
    with pool.connect(old_url) as connection:
        checked = report.check(connection, store)
    assert checked.is_sound, list(checked.lines())
    assert hashlib.sha256(FILE).hexdigest() in {row["sha256"] for row in before["evidence"][1]}


def test_a_database_with_rows_reaches_the_schema(plain_server: services.Server) -> None:
    old, declared = plain_server.new_database(migrated=False), plain_server.new_database(migrated=False)
    make_old(old)
    migrate.migrate(old)
    with pool.connect(declared) as connection:
        connection.execute(migrate.schema())
    assert catalogue(old) == catalogue(declared)
    for url in (old, declared):
        plain_server.drop_database(url)


def test_old_code_runs_between_pre_and_post(old_url: str) -> None:
    ran = migrate.migrate(old_url, "pre")
    assert ran == [name for name, _ in migrate.files()[1:] if migrate.phase(name) == "pre"]
    ingest = _old("ingest")
    checked = 0
    with pool.connect(old_url, autocommit=True) as connection:
        connection.execute(ingest["prepare_incoming"])
        connection.execute(ingest["prepare_fresh"])
        for file in sorted((AT_001 / "statements").glob("*.sql")):
            for name, query in _old(file.stem).items():
                if OLD_STATEMENT.match(query):
                    nothing = dict.fromkeys(re.findall(r"%\((\w+)\)s", query))
                    connection.execute(compose.SQL("EXPLAIN {}").format(compose.SQL(query)), nothing, prepare=False)
                    checked += 1
                else:
                    assert name in {"prepare_incoming", "prepare_fresh", "copy_incoming", "one_moment", "listen"}, name
        assert checked > 80
        with connection.transaction():
            connection.execute(OLD_INSERT)
            assert connection.execute(ingest["store_events"]).rowcount == 1
            now = {"now": messages.RECEIVED}
            connection.execute(ingest["add_cameras"], now)
            (alert,) = connection.execute(ingest["tell_alerts"], now).fetchall()
            connection.execute(ingest["add_device_history"], now | {"alert_ids": list(alert)})
            connection.execute(ingest["announce_evidence"], now)
        uncounted = messages.rows(connection, "SELECT count(*)::int AS hours FROM camera_hours")
    assert uncounted == [{"hours": 0}]
    assert migrate.migrate(old_url, "post")[0] == "003_post_storage"
    with pool.connect(old_url, autocommit=True) as connection:
        counted = messages.rows(connection, "SELECT sum(messages)::int AS messages FROM event_counts")
    assert counted == [{"messages": 64}]


def _old(feature: str) -> dict[str, Any]:
    file = AT_001 / "statements" / f"{feature}.sql"
    return dict(sql.parse(file.read_text(encoding="utf-8"), str(file)))
