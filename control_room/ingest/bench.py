"""Events a second into the database, beside plain binary COPY of the same rows into the same table.

    python -m control_room.ingest.bench --database-url postgresql://... [--events 20000] [--rounds 3]

Works in a database of its own on that server, which it drops at the end. Both take turns, so that whatever else the
machine does hits both. Plain COPY knows no duplicates, validates nothing and writes no alert.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from uuid_utils import compat as uuids

from control_room.database import migrate, pool
from control_room.ingest import reading, storing
from control_room.ingest.ahead import Ahead, suit_process
from control_room.ingest.delivery import Delivery
from control_room.ingest.waiting import Waiting
from control_room.simulate.device import Device
from wire import topics

DEVICES = 50
BATCH_MESSAGES = 500
COPY_ROWS = 5000  # a transaction of plain COPY: the size at which it is fastest
_COPY = "COPY events FROM STDIN (FORMAT BINARY)"
_READ_WITHIN_S = 10.0
_EVENT_COLUMNS = 15  # those of `events`; `incoming` has one more
_EMPTY = (
    "TRUNCATE events, displaced_events, event_count_changes",
    "TRUNCATE stream, evidence, alerts, alert_history, ingest_counts, dead_letters CASCADE",
    "CHECKPOINT",
)


def measure(url: str, events: int, rounds: int, seed: int = 1) -> dict[str, Any]:
    """The figures of one run.

    Raises:
        pool.UnreachableError: no such server.
        psycopg.Error: it does not let us make a database.
    """
    with scratch_database(url) as scratch, pool.connect(scratch, autocommit=True) as connection:
        deliveries = deliveries_of(connection, events, seed)
        rows = event_rows(deliveries)
        storing.prepare(connection)
        suit_process()
        ingested: list[float] = []
        copied: list[float] = []
        batches_ms: list[float] = []
        for _ in range(rounds):
            copied.append(timed(connection, lambda: copy_rows(connection, rows)))
            ingested.append(timed(connection, lambda: _ingest(connection, deliveries, batches_ms)))
        version = migrate.timescale_version(connection)
    per_s, copied_per_s = events / statistics.median(ingested), events / statistics.median(copied)
    batches_ms.sort()
    return {
        "events": events,
        "rounds": rounds,
        "event_bytes": round(statistics.mean(len(delivery.payload) for delivery in deliveries)),
        "database": "plain PostgreSQL" if version is None else f"TimescaleDB {version}",
        "events_per_s": round(per_s),
        "copy_rows_per_s": round(copied_per_s),
        "ratio": round(per_s / copied_per_s, 3),
        "batch_ms_p50": round(batches_ms[len(batches_ms) // 2], 1),
        "batch_ms_p99": round(batches_ms[len(batches_ms) * 99 // 100], 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m control_room.ingest.bench", description=__doc__)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    try:
        found = measure(options.database_url, options.events, options.rounds)
    except (pool.UnreachableError, psycopg.Error) as error:
        sys.stderr.write(f"bench: {pool.one_line(error)}\n")
        return 1
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """URL of a migrated database of our own on the same server."""
    name = f"talaia_bench_{uuids.uuid7().hex}"
    with pool.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            scratch = urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()
            migrate.migrate(scratch)
            yield scratch
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def deliveries_of(connection: pool.Connection, number: int, seed: int) -> list[Delivery]:
    """Messages of simulated devices, one a second."""
    chance = random.Random(seed)
    devices = [Device(f"bench-{each}", random.Random(chance.random()), (41.1, 1.2)) for each in range(DEVICES)]
    for device in devices:
        connection.execute("INSERT INTO devices (device_id, name) VALUES (%s, %s)", (device.device_id, "bench"))
    began = datetime.now(UTC) - timedelta(seconds=number)
    found = []
    for second in range(number):
        device, now = chance.choice(devices), began + timedelta(seconds=second)
        found.append(Delivery(topics.EVENTS.of(device.device_id), device.write(now).payload, now))
    return found


def event_rows(deliveries: list[Delivery]) -> list[tuple[Any, ...]]:
    outcomes = [reading.read(delivery) for delivery in deliveries]
    return [row[:_EVENT_COLUMNS] for row in storing.rows(outcomes)]


def copy_rows(connection: pool.Connection, rows: list[tuple[Any, ...]]) -> None:
    for first in range(0, len(rows), COPY_ROWS):
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(storing.COLUMN_TYPES[:_EVENT_COLUMNS])
            for row in rows[first : first + COPY_ROWS]:
                copy.write_row(row)


def _ingest(connection: pool.Connection, deliveries: list[Delivery], batches_ms: list[float]) -> None:
    """What the worker does with messages, from the payload on."""
    waiting = Waiting()
    ahead = Ahead(waiting, BATCH_MESSAGES, 0.0)
    for delivery in deliveries:
        waiting.put(delivery)
    ahead.start()
    stored = 0
    while stored < len(deliveries):
        began = time.perf_counter()
        batch = ahead.next(_READ_WITHIN_S)
        if batch is not None:
            storing.store(connection, batch.outcomes, datetime.now(UTC))
            stored += len(batch.outcomes)
            batches_ms.append(1000 * (time.perf_counter() - began))
    waiting.close()
    ahead.close()


def empty(connection: pool.Connection) -> None:
    connection.execute("ALTER TABLE alert_history DISABLE TRIGGER alert_history_only_grows")
    for statement in _EMPTY:
        connection.execute(statement)


def timed(connection: pool.Connection, work: Callable[[], None]) -> float:
    """Seconds that `work` takes on empty tables."""
    empty(connection)
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
