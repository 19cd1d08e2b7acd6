"""Each statement that only TimescaleDB's Community edition knows, on a build that has it: PostgreSQL in WebAssembly.

It is for syntax and results, not for load: no COPY, one connection at a time, no background jobs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control_room import config
from control_room.backup import tables
from control_room.backup.folder import Table
from control_room.counts import service as counts
from control_room.database import community, migrate, pool
from control_room.retention import limits
from control_room.retention import service as retention
from control_room.store.local import LocalStore
from launch import node
from tests.control_room import messages, services

FOLDER = Path(__file__).parent / "community"
START = datetime(2025, 3, 3, 0, 30, tzinfo=UTC)
DAYS = 12
END = START + timedelta(days=DAYS)
MESSAGES = """
    INSERT INTO events (event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
                        severity, sent_at, received_at, message)
    SELECT md5((number / 4)::text)::uuid, md5('outbox')::uuid, number, %(start)s + number * interval '23 minutes',
        md5(number::text)::uuid, 'quay', 'camera-' || number / 4 %% 3,
        (ARRAY['illegal_dumping', 'loitering'])[1 + number / 4 %% 2],
        (ARRAY['opened', 'updated', 'updated', 'closed'])[1 + number %% 4], 'high', %(start)s, %(start)s,
        jsonb_build_object('what', repeat('the same again ', 20))
    FROM generate_series(%(first)s::integer, %(last)s::integer) AS number
"""
LAST = DAYS * 24 * 60 // 23
OWN_COUNTS = """
    INSERT INTO event_count_changes (hour, device_id, camera_id, rule, opened, messages)
    SELECT date_trunc('hour', occurred_at, 'UTC'), device_id, camera_id, rule,
        count(*) FILTER (WHERE phase = 'opened'), count(*)
    FROM events GROUP BY 1, 2, 3, 4
"""
EARLIER = datetime(2025, 2, 1, tzinfo=UTC)
Counts = tuple[list[dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its packages are installed, as their lock says."""
    folder = tmp_path_factory.mktemp("community")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(FOLDER / name, folder / name)
    chosen = node.find()
    done = subprocess.run(
        [*chosen.npm, "ci", "--ignore-scripts", "--prefer-offline"],
        cwd=folder,
        env={**os.environ, **chosen.environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"npm cannot install the Community test's packages: {done.stderr[-300:]}")
    return folder


@pytest.fixture
def community_url(node_folder: Path) -> Iterator[str]:
    with _served(node_folder) as url:
        yield url


@contextmanager
def _served(node_folder: Path) -> Iterator[str]:
    """An empty database that has the extension's files and has not created it."""
    chosen, port = node.find(), services.free_port()
    environment = {**os.environ, **chosen.environment, "COMMUNITY_FOLDER": str(node_folder)}
    program = shutil.which("node", path=environment["PATH"])
    assert program is not None
    command = [program, str(FOLDER / "serve.mjs"), str(port)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        process.kill()


def _connect(url: str) -> pool.Connection:
    connection = pool.connect(url, autocommit=True)
    connection.prepare_threshold = None  # all connections share one session, and so the names of what is prepared
    connection.execute("SET TIME ZONE 'UTC'")
    return connection


def _fill(connection: pool.Connection, first: int = 1, last: int = LAST) -> None:
    messages.add_device(connection)
    connection.execute(MESSAGES, {"start": START, "first": first, "last": last})


def _counted(connection: pool.Connection) -> Counts:
    span = (EARLIER, END + timedelta(days=1))
    return counts.of_town(connection, *span), counts.of_camera(connection, "quay", "camera-1", *span)


def _own_counts(database_url: str) -> Counts:
    """What our own job counts of the same messages."""
    with pool.connect(database_url, autocommit=True) as connection:
        _fill(connection)
        connection.execute(OWN_COUNTS)
        counts.fold(connection)
        found = _counted(connection)
    assert sum(hour["messages"] for hour in found[0]) == LAST
    return found


def _run(connection: pool.Connection, folder: Path, now: datetime, rows_days: int) -> list[retention.Step]:
    kept = config.Retention(rows_days=rows_days, files_days=rows_days)
    return list(retention.Run(connection, LocalStore(folder), limits.at(now, kept), now).steps())


def test_timescale_counts_what_our_own_job_counts(community_url: str, database_url: str) -> None:
    """A database that moves to the Community edition: counted before by our job, by TimescaleDB from then on."""
    own = _own_counts(database_url)
    assert migrate.migrate(community_url)
    with _connect(community_url) as connection:
        _fill(connection, last=LAST - 100)
        connection.execute(OWN_COUNTS)
        counts.fold(connection)
        before_all = {"hour": EARLIER, "rule": "loitering", "opened": 7, "messages": 9}
        connection.execute(
            "INSERT INTO town_hours (hour, rule, opened, messages)"
            " VALUES (%(hour)s, %(rule)s, %(opened)s, %(messages)s)",
            before_all,
        )
        connection.execute("CREATE EXTENSION timescaledb")
    assert migrate.migrate(community_url) == []
    with _connect(community_url) as connection:
        assert community.is_counting(connection)
        _fill(connection, first=LAST - 99)
        counts.fold(connection)
        town, camera = _counted(connection)
        assert (town, camera) == ([before_all, *own[0]], own[1])
        late = START + timedelta(days=5) - (LAST + 1) * timedelta(minutes=23)
        connection.execute(MESSAGES, {"start": late, "first": LAST + 1, "last": LAST + 1})
        counts.fold(connection)
        more = _counted(connection)[0]
        assert sum(hour["messages"] for hour in more) == sum(hour["messages"] for hour in town) + 1
    assert migrate.migrate(community_url) == []


def test_retention_takes_messages_and_leaves_their_counts(
    community_url: str, database_url: str, tmp_path: Path
) -> None:
    """Whatever is set: 2 days are kept, then somebody sets 30, and a message comes late for what has gone."""
    own = _own_counts(database_url)
    with _connect(community_url) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
    migrate.migrate(community_url)
    with _connect(community_url) as connection:
        _fill(connection)
        steps = _run(connection, tmp_path, END, rows_days=2)
        assert sum(step.rows for step in steps if step.kind == "events") > LAST // 2
        assert _counted(connection) == own
        counts.fold(connection)
        assert _counted(connection) == own, "they are not counted again as nothing"
        connection.execute(MESSAGES, {"start": START, "first": 60, "last": 60})
        counts.fold(connection)
        assert _counted(connection) == own, "nor from what came late alone"
        _run(connection, tmp_path, END, rows_days=30)
        counts.fold(connection)
        assert _counted(connection) == own


def test_a_backup_has_the_counts_of_messages_that_are_gone(
    community_url: str, node_folder: Path, plain_server: services.Server, tmp_path: Path
) -> None:
    """From the Community edition to plain PostgreSQL, and from there to an empty database of the Community edition."""
    plain_url = plain_server.new_database()
    _create(community_url)
    with _connect(community_url) as connection:
        _fill(connection)
        counts.fold(connection)
        expected = _counted(connection)
        _run(connection, tmp_path, END, rows_days=2)
        (first,) = messages.rows(connection, "SELECT min(sequence)::int AS sequence FROM events")
        (removed,) = messages.rows(connection, "SELECT kind, until FROM removed_until WHERE kind = 'events'")
        assert LAST // 2 < first["sequence"] < LAST
        dumped = _dumped(connection, tmp_path)
        hours = "SELECT count(*)::int AS hours FROM town_hours"
        assert messages.rows(connection, hours) == [{"hours": 0}], "TimescaleDB has them, not our table"
    with pool.connect(plain_url, autocommit=True) as connection:
        for table in dumped:
            assert tables.load(connection, table, tmp_path / table.name, lambda _: None) == table.rows
        assert _counted(connection) == expected
        kept = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables.HOURS}  # noqa: S608 - the code's own names
    plain_server.drop_database(plain_url)
    with _served(node_folder) as empty_url:
        _create(empty_url)
        with _connect(empty_url) as connection:
            _fill(connection, first=first["sequence"])
            connection.execute("INSERT INTO removed_until (kind, until) VALUES (%(kind)s, %(until)s)", removed)
            _load(connection, kept)
            with connection.transaction():
                community.leave_to_timescale(connection)
            assert _counted(connection) == expected
            counts.fold(connection)
            assert _counted(connection) == expected
            late = START + timedelta(days=DAYS - 1) - (LAST + 1) * timedelta(minutes=23)
            connection.execute(MESSAGES, {"start": late, "first": LAST + 1, "last": LAST + 1})
            counts.fold(connection)
            assert sum(hour["messages"] for hour in _counted(connection)[0]) == LAST + 1


def _create(url: str) -> None:
    with _connect(url) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
    migrate.migrate(url)


def _dumped(connection: pool.Connection, folder: Path) -> list[Table]:
    """What a backup writes of the messages and of their counts."""
    columns = tables.kept(connection)
    return [
        tables.dump(connection, name, columns[name], folder / name, lambda _: None)
        for name in ("events", *tables.HOURS)
    ]


def _load(connection: pool.Connection, kept: dict[str, list[tuple[Any, ...]]]) -> None:
    """By INSERT, one after the other: this build knows neither COPY FROM nor pipelines."""
    for name, rows in kept.items():
        values = ", ".join(["%s"] * len(rows[0]))
        for row in rows:
            connection.execute(f"INSERT INTO {name} VALUES ({values})", row)  # noqa: S608 - the code's own names


def test_old_chunks_are_compressed_and_still_take_what_comes(community_url: str, tmp_path: Path) -> None:
    with _connect(community_url) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
    migrate.migrate(community_url)
    with _connect(community_url) as connection:
        _fill(connection)
        jobs = messages.rows(
            connection,
            "SELECT job_id, hypertable_name AS name, config ->> 'compress_after' AS after"
            " FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression' ORDER BY 2",
        )
        assert [(job["name"], job["after"]) for job in jobs] == [("device_metrics", "7 days"), ("events", "7 days")]
        connection.execute("CALL run_job(%s)", (jobs[1]["job_id"],))
        chunks = "SELECT count(*)::int AS chunks FROM timescaledb_information.chunks WHERE is_compressed"
        (compressed,) = messages.rows(connection, chunks)
        assert compressed["chunks"] >= DAYS
        (size,) = messages.rows(
            connection,
            "SELECT sum(before_compression_total_bytes) AS before, sum(after_compression_total_bytes) AS after"
            " FROM chunk_compression_stats('events')",
        )
        assert size["after"] < size["before"]
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (LAST,)
        for first, last, stored in ((3, 3, 0), (LAST + 1, LAST + 1, 1)):
            again = MESSAGES + " ON CONFLICT DO NOTHING"
            given = {"start": START if not stored else START - timedelta(days=DAYS - 1), "first": first, "last": last}
            assert connection.execute(again, given).rowcount == stored, "a redelivery, and a late one"
        steps = _run(connection, tmp_path, END, rows_days=5)
        assert sum(step.rows for step in steps if step.kind == "events") > LAST // 2
