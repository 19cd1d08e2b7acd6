"""How the room is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from control_room.alerts import service as alerts
from control_room.database import migrate, sql
from control_room.health import gauges

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool

WORKER_SILENT_AFTER = timedelta(seconds=45)  # it speaks every 10 s
_QUERIES = sql.load(__file__)


@dataclass(frozen=True, slots=True)
class Worker:
    """The worker that was heard last."""

    seen_at: datetime
    broker_since: datetime | None
    """Null: it has no broker now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits at a worker."""

    waiting: int
    """Messages that it has and did not store yet."""
    unsettled: int
    """Messages that the broker gave it and that it did not ack."""
    oldest_s: float | None
    """How long the oldest of those that wait has; None: none waits."""


EMPTY = Queue(waiting=0, unsettled=0, oldest_s=None)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the database says of itself and of the worker."""

    pending_migrations: list[str]
    timescale_version: str | None
    worker: Worker | None
    """Null: none was heard for 45 s."""


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """How one device fares."""

    device_id: str
    online: bool
    seen_s: float | None
    pending: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What /metrics shows of the database."""

    alerts_by_state: dict[str, int]
    messages_by_outcome: dict[str, int]
    dead_letters: int
    broker_is_up: bool
    devices: list[DeviceFigures]
    others: list[gauges.Figure]


def note_worker(
    connection: pool.Connection,
    worker: str,
    *,
    broker_since: datetime | None,
    now: datetime,
    queue: Queue = EMPTY,
) -> None:
    """A worker says that it lives; `broker_since` None: it has no broker now."""
    said = {"worker": worker, "broker_since": broker_since, "now": now}
    waits = {"waiting": queue.waiting, "unsettled": queue.unsettled, "oldest_s": queue.oldest_s}
    connection.execute(_QUERIES["note_worker"], said | waits)


def readiness(connection: pool.Connection, now: datetime) -> Readiness:
    pending = migrate.pending(connection, "pre")
    worker = None if pending else _worker(connection, now)
    return Readiness(pending, migrate.timescale_version(connection), worker)


def figures(connection: pool.Connection, now: datetime) -> Figures:
    worker = _worker(connection, now)
    dead_letters = connection.execute(_QUERIES["dead_letters"]).fetchone()
    devices = connection.execute(_QUERIES["devices_seen"], {"now": now}).fetchall()
    return Figures(
        alerts_by_state=alerts.count_by_state(connection),
        messages_by_outcome=dict(connection.execute(_QUERIES["ingest_counts"]).fetchall()),
        dead_letters=0 if dead_letters is None else dead_letters[0],
        broker_is_up=worker is not None and worker.broker_since is not None,
        devices=[DeviceFigures(*row) for row in devices],
        others=gauges.read(connection, now, WORKER_SILENT_AFTER),
    )


def _worker(connection: pool.Connection, now: datetime) -> Worker | None:
    row = connection.execute(_QUERIES["last_worker"], {"since": now - WORKER_SILENT_AFTER}).fetchone()
    return None if row is None else Worker(*row)
