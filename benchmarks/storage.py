"""What a screen asks of 5 million messages, 90 days, 200 cameras, beside the same without index or roll-up.

    python -m benchmarks.storage [--database-url URL] [--messages N] [--plans FILE]

Without a URL on the embedded database as `make run` has it. Works in a database of its own, which it drops at the end;
loading takes minutes, about 1.2 GB a million messages.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql as compose
from uuid_utils import compat as uuids

from benchmarks import storage_rows
from benchmarks import town as towns
from benchmarks.figures import Figure, percentile, record
from control_room.alerts import service as alerts
from control_room.counts import service as counts
from control_room.database import migrate, pool, sql
from launch import postgres, settings

DAYS, CAMERAS = 90, 200
AIM_MS = 50.0
_RUNS, _RUNS_WITHOUT = 21, 3
_ALERT_QUERIES = sql.load(alerts.__file__ or "")
_COUNT_QUERIES = sql.load(counts.__file__ or "")
_COUNTED = """
    SELECT date_trunc('hour', occurred_at, 'UTC') AS hour, rule, count(*) FILTER (WHERE phase = 'opened') AS opened,
        count(*) AS messages
    FROM events WHERE occurred_at >= %(since)s AND occurred_at < %(until)s GROUP BY 1, 2 ORDER BY 1, 2
"""
_IN_BOX = """
    SELECT * FROM alert_items
    WHERE alert_id IN (
        SELECT alert_id FROM alerts
        WHERE lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s AND opened_at >= %(since)s
        ORDER BY opened_at DESC, alert_id DESC LIMIT %(limit)s
    )
    ORDER BY opened_at DESC, alert_id DESC
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a screen asks, and what it would cost otherwise."""

    name: str
    query: LiteralString
    parameters: dict[str, Any]
    without: str
    """What the baseline lacks."""
    query_without: LiteralString
    dropped: tuple[str, ...] = ()
    """Indexes that the baseline does not have."""


def questions(now: datetime) -> list[Question]:
    """What screens ask, in the queries of the routes themselves."""
    newest, newest_given = alerts.page_query(alerts.Filters(), limit=51, before=None)
    day = alerts.Filters(
        camera_id="camera-20",
        device_id="device-5",
        since=now - timedelta(days=31),
        until=now - timedelta(days=30),
    )
    of_day, day_given = alerts.page_query(day, limit=201, before=None)
    since = now - timedelta(days=30)
    street = alerts.Filters(since=since, box=alerts.Box(1.263, 41.163, 1.268, 41.168))
    in_street, street_given = alerts.page_query(street, limit=201, before=None)
    quarter = alerts.Filters(since=since, box=alerts.Box(1.24, 41.12, 1.27, 41.14))
    in_quarter, quarter_given = alerts.page_query(quarter, limit=201, before=None)
    town = alerts.Filters(since=since, box=alerts.Box(1.1, 41.0, 1.5, 41.3))
    in_town, town_given = alerts.page_query(town, limit=201, before=None)
    week = {"since": now - timedelta(days=7), "until": now}
    return [
        Question(
            "latest 50 alerts",
            _ALERT_QUERIES[newest],
            newest_given,
            "without the index alerts_newest",
            _ALERT_QUERIES[newest],
            ("alerts_newest",),
        ),
        Question(
            "a camera's day",
            _ALERT_QUERIES[of_day],
            day_given,
            "without the index alerts_by_camera",
            _ALERT_QUERIES[of_day],
            ("alerts_by_camera",),
        ),
        Question(
            "counts an hour and rule, 7 days", _COUNT_QUERIES["town"], week, "counted from the messages", _COUNTED
        ),
        Question(
            "a box on the map, a street, 30 days",
            _ALERT_QUERIES[in_street],
            street_given,
            "without the index alerts_by_place",
            _IN_BOX,
            ("alerts_by_place",),
        ),
        Question(
            "a box on the map, a quarter, 30 days",
            _ALERT_QUERIES[in_quarter],
            quarter_given,
            "without the index alerts_by_place",
            _IN_BOX,
            ("alerts_by_place",),
        ),
        Question(
            "a box on the map, the whole town, 30 days",
            _ALERT_QUERIES[in_town],
            town_given,
            "without the index alerts_by_place",
            _IN_BOX,
            ("alerts_by_place",),
        ),
    ]


def measure(connection: pool.Connection, question: Question) -> tuple[list[float], list[float]]:
    """Milliseconds of each warm run, with and without; both give as many rows."""
    found, times = _timed(connection, question.query, question.parameters, _RUNS)
    with connection.transaction(force_rollback=True):
        for index in question.dropped:
            connection.execute(compose.SQL("DROP INDEX {}").format(compose.Identifier(index)))
        found_without, times_without = _timed(connection, question.query_without, question.parameters, _RUNS_WITHOUT)
    if found != found_without:
        raise RuntimeError(f"{question.name}: {found} rows, and {found_without} {question.without}")
    return times, times_without


def plan(connection: pool.Connection, question: Question) -> str:
    """As PostgreSQL did it, warm."""
    explain = compose.SQL("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {}").format(compose.SQL(question.query))
    rows = connection.execute(explain, question.parameters, prepare=False)
    return "\n".join(str(line) for (line,) in rows)


def client_cpu_ms(connection: pool.Connection, question: Question) -> float:
    """What of an answer is reading its rows here; the median, without what other processes take."""
    times = []
    for _ in range(_RUNS):
        began = time.thread_time()
        connection.execute(question.query, question.parameters, prepare=False).fetchall()
        times.append(1000 * (time.thread_time() - began))
    return percentile(times, 0.5)


def _timed(
    connection: pool.Connection, query: LiteralString, parameters: dict[str, Any], runs: int
) -> tuple[int, list[float]]:
    found, times = 0, []
    for _ in range(runs + 2):  # two to warm up
        began = time.perf_counter()
        found = len(connection.execute(query, parameters, prepare=False).fetchall())
        times.append(1000 * (time.perf_counter() - began))
    return found, times[2:]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__)
    parser.add_argument("--database-url")
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--plans", type=Path, metavar="FILE", help="also write how PostgreSQL answers")
    options = parser.parse_args(arguments)
    try:
        with _server(options.database_url) as url, _scratch(url) as scratch:
            figures, plans = _measure_all(scratch, options.messages)
    except (pool.UnreachableError, psycopg.Error) as error:
        sys.stderr.write(f"benchmarks.storage: {pool.one_line(error)}\n")
        return 1
    record(figures)
    if options.plans is not None:
        options.plans.write_text(plans, encoding="utf-8")
    return 0


def _measure_all(url: str, messages: int) -> tuple[list[Figure], str]:
    migrate.migrate(url)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    figures, plans = [], []
    with pool.connect(url, autocommit=True) as connection:
        storage_rows.load(connection, messages=messages, days=DAYS, cameras=CAMERAS, until=now, tell=_tell)
        version = migrate.timescale_version(connection)
        kind = "plain PostgreSQL" if version is None else f"TimescaleDB {version}"
        for question in questions(now):
            times, times_without = measure(connection, question)
            figures.append(_figure(question, times, times_without, f"{messages / 1e6:g} M messages, {kind}"))
            here = f"{client_cpu_ms(connection, question):.1f} ms of CPU to send it and read its rows"
            plans.append(f"{question.name}: {here}\n\n{plan(connection, question)}\n")
    return figures, "\n".join(plans)


def _figure(question: Question, times: list[float], times_without: list[float], where: str) -> Figure:
    value, baseline = percentile(times, 0.5), percentile(times_without, 0.5)
    return Figure(
        f"storage: {question.name} ({where})",
        round(value, 2),
        "ms",
        baseline=f"{question.without} ({baseline:.1f} ms)",
        ratio=round(value / baseline, 5),
        n=len(times),
        p50=round(value, 2),
        p99=round(percentile(times, 0.99), 2),
        aim=f"p50 under {AIM_MS:g} ms, warm",
        met=value < AIM_MS,
    )


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text} ")
        sys.stderr.flush()


@contextlib.contextmanager
def _server(given: str | None) -> Iterator[str]:
    """URL of a server on which we may make databases; the agent of a town is held still meanwhile."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="talaia-bench-") as folder, towns.running(Path(folder) / "town") as town:
        agent = town.run["pids"]["edge"]
        os.kill(agent, signal.SIGSTOP)
        try:
            remembered = settings.Remembered.load(town.data_dir)
            yield postgres.url(
                postgres.SUPERUSER, remembered.database_superuser_password, remembered.database_port, postgres.SUPERUSER
            )
        finally:
            os.kill(agent, signal.SIGCONT)


@contextlib.contextmanager
def _scratch(url: str) -> Iterator[str]:
    """URL of a database of our own on the same server."""
    name = compose.Identifier(f"talaia_bench_{uuids.uuid7().hex}")
    with pool.connect(url, autocommit=True) as connection:
        connection.execute(compose.SQL("CREATE DATABASE {}").format(name))
        try:
            yield urllib.parse.urlsplit(url)._replace(path=f"/{name.as_string().strip(chr(34))}").geturl()
        finally:
            connection.execute(compose.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


if __name__ == "__main__":
    sys.exit(main())
