"""What ingest pays beyond plain binary COPY, one step after another: `python -m benchmarks.ingest_steps URL`.

Each step does all of the ones before; they take turns, so that whatever else the machine does hits all of them. Beside
the wall clock it says the processor time of this process and of its backend, which a loaded machine changes least.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.ingest_over_mqtt import cpu_s
from control_room.database import pool, sql
from control_room.ingest import bench, reading, storing
from control_room.ingest.ahead import Ahead, suit_process
from control_room.ingest.waiting import Waiting
from control_room.stream import publish

if TYPE_CHECKING:
    from uuid import UUID

    from control_room.ingest.delivery import Delivery

EVENTS, ROUNDS = 10_000, 5
_READ_WITHIN_S = 30.0
_QUERIES = sql.load(storing.__file__)


@dataclass
class Step:
    """One way to store all messages, with what each round took."""

    name: str
    work: Callable[[], None]
    wall_s: list[float] = field(default_factory=list)
    own_s: list[float] = field(default_factory=list)
    backend_s: list[float] = field(default_factory=list)

    @staticmethod
    def us(taken_s: list[float], events: int) -> float:
        """Of one message, in the round in the middle."""
        return 1e6 * statistics.median(taken_s) / events


class Steps:
    """All of them on one connection and the same messages."""

    def __init__(self, connection: pool.Connection, events: int) -> None:
        self._connection = connection
        self._sent = bench.deliveries_of(connection, events, seed=1)
        rows = bench.event_rows(self._sent)
        self._now = datetime.now(UTC)
        storing.prepare(connection)
        storing.store(connection, [reading.read(each) for each in self._sent], self._now)  # the cameras stay
        self.steps = [
            Step("plain binary COPY, 5,000 rows a transaction", lambda: bench.copy_rows(connection, rows)),
            Step("+ each message read and checked", lambda: bench.copy_rows(connection, bench.event_rows(self._sent))),
            Step("+ batches of 500 that may come again: a temporary table, ON CONFLICT", lambda: self._store(0)),
            Step("+ alerts merged", lambda: self._store(1)),
            Step("+ their history and evidence", lambda: self._store(2)),
            Step("+ the live stream", lambda: self._store(3)),
            Step("+ devices, counts, outboxes, dead letters: all that a worker stores", self._store_all),
            Step("the same, the next batch read meanwhile: as a worker does it", self._store_ahead),
        ]

    def run(self, step: Step) -> None:
        bench.empty(self._connection)
        pid = self._connection.info.backend_pid
        began_s, own_s, backend_s = time.perf_counter(), time.process_time(), cpu_s(pid)
        step.work()
        step.wall_s.append(time.perf_counter() - began_s)
        step.own_s.append(time.process_time() - own_s)
        step.backend_s.append(cpu_s(pid) - backend_s)

    def _store(self, level: int) -> None:
        for batch in self._batches():
            outcomes = [reading.read(each) for each in batch]
            with self._connection.transaction():
                with self._connection.cursor() as cursor, cursor.copy(_QUERIES["copy_incoming"]) as copy:
                    copy.set_types(storing.COLUMN_TYPES)
                    for row in storing.rows(outcomes):
                        copy.write_row(row)
                self._connection.execute(_QUERIES["store_events"])
                self._follow(level)

    def _follow(self, level: int) -> None:
        if level >= 1:
            told = self._connection.execute(_QUERIES["tell_alerts"], {"now": self._now})
            alert_ids: list[UUID] = [row[0] for row in told]
        if level >= 2:  # noqa: PLR2004 - the number of a step
            given = {"alert_ids": alert_ids, "now": self._now}
            self._connection.execute(_QUERIES["add_device_history"], given)
            self._connection.execute(_QUERIES["announce_evidence"], {"now": self._now})
        if level >= 3:  # noqa: PLR2004
            publish.publish_alerts(self._connection, alert_ids)

    def _store_all(self) -> None:
        for batch in self._batches():
            storing.store(self._connection, [reading.read(each) for each in batch], self._now)

    def _store_ahead(self) -> None:
        waiting = Waiting()
        ahead = Ahead(waiting, bench.BATCH_MESSAGES, 0.0)
        for delivery in self._sent:
            waiting.put(delivery)
        ahead.start()
        for _ in self._batches():
            batch = ahead.next(_READ_WITHIN_S)
            if batch is not None:
                storing.store(self._connection, batch.outcomes, self._now)
        waiting.close()
        ahead.close()

    def _batches(self) -> list[list[Delivery]]:
        size = bench.BATCH_MESSAGES
        return [self._sent[first : first + size] for first in range(0, len(self._sent), size)]


def measure(database_url: str, events: int = EVENTS, rounds: int = ROUNDS) -> list[Step]:
    """Each step with its times; plain COPY is the first."""
    with bench.scratch_database(database_url) as url, pool.connect(url, autocommit=True) as connection:
        steps = Steps(connection, events)
        suit_process()
        for _ in range(rounds):
            for step in steps.steps:
                steps.run(step)
    return steps.steps


def main(arguments: list[str]) -> int:
    steps = measure(arguments[0])
    copy_s = statistics.median(steps[0].wall_s)
    sys.stdout.write("| step | us a message | own processor | backend's processor | ratio |\n|---|---|---|---|---|\n")
    for step in steps:
        each = " | ".join(f"{step.us(taken_s, EVENTS):.0f}" for taken_s in (step.wall_s, step.own_s, step.backend_s))
        sys.stdout.write(f"| {step.name} | {each} | {copy_s / statistics.median(step.wall_s):.2f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
