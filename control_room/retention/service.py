"""Retention: rows and files whose time is over are removed, except what an open alert or a hold protects.

What is protected is decided in one place, the SQL functions `protected_alerts` and `protected_evidence`. Each step is a
transaction of its own and begins where a killed one ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg import sql as compose
from psycopg.rows import dict_row

from control_room import callers
from control_room.audit import service as audit
from control_room.commands import service as commands
from control_room.counts import service as counts
from control_room.database import migrate, sql
from control_room.flights import forgetting as flights
from control_room.holds.service import RETENTION_LOCK
from control_room.removals import service as removals

if TYPE_CHECKING:
    from control_room.database import pool
    from control_room.retention.limits import Limits
    from control_room.store.content import Store

Kind = Literal[
    "events",
    "kept_events",
    "device_metrics",
    "positions",
    "dead_letters",
    "files",
    "footage",
    "live_recordings",
    "flights",
    "commands",
    "audit",
]
Measured = Literal["device_metrics", "positions"]
_SETTINGS: dict[Kind, str] = {
    "files": "files_days",
    "footage": "files_days",
    "live_recordings": "files_days",
    "flights": "flight_years",
    "audit": "audit_years",
}  # the others follow rows_days

_QUERIES = sql.load(__file__)
_LOCK = 0x74616C67  # "talg"
_BATCH = 5000
_FILES = 200
_SPAN = timedelta(hours=1)  # of rows that are deleted together where there are no chunks
_log = logging.getLogger(__name__)


class BusyError(Exception):
    """Another process is at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was removed together, or would be."""

    kind: Kind
    since: datetime | None
    until: datetime | None
    """Of what is in it, exclusive for events and metrics."""
    rows: int
    """Messages, measurements, dead letters or files that are in it."""
    kept: int = 0
    """Of these, those that something protects."""
    alerts: int = 0
    """Alerts that left with their last message."""
    files: int = 0
    """Files that left with them."""
    bytes: int = 0
    """Of files."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        span = f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M}" if self.since and self.until else ""
        parts = [f"{name} {value}" for name, value in asdict(self).items() if isinstance(value, int) and value]
        return " ".join([self.kind, span, *parts])


@dataclass(frozen=True, slots=True)
class Run:
    """One run over a database."""

    connection: pool.Connection
    """In autocommit."""
    store: Store
    limits: Limits
    now: datetime
    """The server's clock."""
    by: callers.Caller = callers.ROOM
    is_stopped: Callable[[], bool] = field(default=lambda: False)

    def steps(self) -> Iterator[Step]:
        """Remove what is due, one step after the other.

        Raises:
            BusyError: another process is at it.
            psycopg.Error: the database went away; what was done stays done.
        """
        if self.connection.execute(_QUERIES["run_alone"], {"lock": _LOCK}).fetchone() != (True,):
            raise BusyError
        try:
            self.connection.execute(_QUERIES["prepare"])
            self.connection.execute(_QUERIES["prepare_alerts"])
            counts.fold(self.connection)  # nothing leaves uncounted
            for work in (
                self._events,
                self._kept_events,
                lambda: self._measured("device_metrics"),
                lambda: self._measured("positions"),
                self._last_places,
                self._dead_letters,
                self._files,
                self._footage,
                self._live_recordings,
                self._flights,
                self._commands,
                self._audit,
            ):
                yield from work()
            removals.take_out(self.connection, self.store, self.is_stopped)
        finally:
            if not self.connection.closed:
                self.connection.execute(_QUERIES["run_over"], {"lock": _LOCK})

    def _events(self) -> Iterator[Step]:
        if migrate.timescale_version(self.connection) is None:
            yield from self._spans("events", self._take_events)
        else:
            yield from self._chunks("events", self._drop_events)

    def _measured(self, table: Measured) -> Iterator[Step]:
        if migrate.timescale_version(self.connection) is None:
            yield from self._spans(table, lambda since, until: self._take_measured(table, since, until))
        else:
            yield from self._chunks(table, lambda since, until: self._drop_measured(table, since, until))

    def _last_places(self) -> Iterator[Step]:
        """Of devices that have not told one since: as old as their positions may be."""
        self.connection.execute(_QUERIES["forget_last_positions"], {"before": self.limits.rows})
        yield from ()

    def _chunks(self, table: Kind, drop: Callable[[datetime, datetime], Step]) -> Iterator[Step]:
        given = {"table": table, "before": self.limits.rows, "limit": self.limits.law}
        for schema, chunk, since, until in self.connection.execute(_QUERIES["chunks"], given).fetchall():
            if self.is_stopped():
                return
            lock = compose.SQL(_QUERIES["lock_chunk"]).format(compose.Identifier(schema, chunk))
            try:
                with self.connection.transaction():
                    self.connection.execute(_QUERIES["wait_briefly"])
                    self.connection.execute(lock)
                    step = drop(since, until)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                _log.info("%s is in use and stays until the next time", chunk)
                continue
            yield step

    def _spans(self, table: Kind, take: Callable[[datetime, datetime], Step]) -> Iterator[Step]:
        while not self.is_stopped():
            row = self.connection.execute(_QUERIES[f"first_time_of_{table}"], {"before": self.limits.rows}).fetchone()
            if row is None or row[0] is None:
                return
            since = row[0].astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            with self.connection.transaction():
                step = take(since, min(since + _SPAN, self.limits.rows))
            yield step

    def _drop_events(self, since: datetime, until: datetime) -> Step:
        span = {"since": since, "until": until, "now": self.now}
        self._begin()
        kept = self.connection.execute(_QUERIES["keep_protected"], span).rowcount
        rows = self.connection.execute(_QUERIES["note_leaving"], span).rowcount
        self.connection.execute(_QUERIES["drop_chunk"], span | {"table": "events"})
        return self._retire("events", since, until, rows=rows, kept=kept)

    def _take_events(self, since: datetime, until: datetime) -> Step:
        self._begin()
        row = self.connection.execute(
            _QUERIES["take_events"], {"since": since, "until": until, "now": self.now}
        ).fetchone()
        rows = self._leaving()
        return self._retire("events", since, until, rows=rows, kept=row[0] if row else 0)

    def _drop_measured(self, table: Measured, since: datetime, until: datetime) -> Step:
        span = {"since": since, "until": until}
        row = self.connection.execute(_QUERIES[f"count_{table}"], span).fetchone()
        self.connection.execute(_QUERIES["drop_chunk"], span | {"table": table})
        return self._written(Step(kind=table, since=since, until=until, rows=row[0] if row else 0))

    def _take_measured(self, table: Measured, since: datetime, until: datetime) -> Step:
        rows = self.connection.execute(_QUERIES[f"take_{table}"], {"since": since, "until": until}).rowcount
        return self._written(Step(kind=table, since=since, until=until, rows=rows))

    def _kept_events(self) -> Iterator[Step]:
        given = {"before": self.limits.rows, "now": self.now, "limit": _BATCH}
        while not self.is_stopped():
            with self.connection.transaction():
                self._begin()
                rows = self.connection.execute(_QUERIES["take_kept"], given).rowcount
                if not rows:
                    return
                step = self._retire("kept_events", None, self.limits.rows, rows=rows, kept=0)
            yield step

    def _dead_letters(self) -> Iterator[Step]:
        given = {"before": self.limits.rows, "limit": _BATCH}
        while not self.is_stopped():
            with self.connection.transaction():
                row = self.connection.execute(_QUERIES["take_dead_letters"], given).fetchone()
                if row is None or not row[0]:
                    return
                self.connection.execute(_QUERIES["retire"])
                step = self._written(Step(kind="dead_letters", since=row[1], until=row[2], rows=row[0]))
            yield step

    def _files(self) -> Iterator[Step]:
        given = {"before": self.limits.files, "now": self.now, "limit": _FILES}
        while not self.is_stopped():
            with self.connection.transaction():
                self._begin()
                row = self.connection.execute(_QUERIES["erase_files"], given).fetchone()
                if row is None or not row[0]:
                    break
                rows, size_bytes, since, until, command_ids = row
                step = self._written(
                    Step(kind="files", since=since, until=until, rows=rows, files=rows, bytes=size_bytes)
                )
                commands.tell(self.connection, sorted(command_ids))
            removals.take_out(self.connection, self.store, self.is_stopped)
            yield step
        with self.connection.transaction():
            self._begin()
            self.connection.execute(_QUERIES["forget_answers"], {"before": self.limits.rows})

    def _footage(self) -> Iterator[Step]:
        """Files of flights; the rows that say what they were, and where the drone was, stay with the log."""
        given = {"before": self.limits.files, "now": self.now, "limit": _FILES}
        while not self.is_stopped():
            with self.connection.transaction():
                self._begin()
                row = self.connection.execute(_QUERIES["erase_footage"], given).fetchone()
                pictures = self.connection.execute(_QUERIES["forget_finding_pictures"], given).fetchone()
                if row is None or pictures is None or not (row[0] or pictures[0]):
                    break
                rows, size_bytes, since, until = row
                files = rows + pictures[0]
                step = self._written(
                    Step(kind="footage", since=since, until=until, rows=rows, files=files, bytes=size_bytes)
                )
            removals.take_out(self.connection, self.store, self.is_stopped)
            yield step

    def _live_recordings(self) -> Iterator[Step]:
        """Of drones and telephones; those of flights are footage."""
        given = {"before": self.limits.files, "now": self.now, "limit": _FILES}
        while not self.is_stopped():
            with self.connection.transaction():
                self._begin()
                row = self.connection.execute(_QUERIES["erase_live_recordings"], given).fetchone()
                if row is None or not row[0]:
                    break
                rows, size_bytes, since, until = row
                step = self._written(
                    Step(kind="live_recordings", since=since, until=until, rows=rows, files=rows, bytes=size_bytes)
                )
            removals.take_out(self.connection, self.store, self.is_stopped)
            yield step
        with self.connection.transaction():
            self._begin()
            self.connection.execute(_QUERIES["forget_clip_files"], {"before": self.limits.rows})
            self.connection.execute(_QUERIES["forget_live_recordings"], {"before": self.limits.rows})

    def _flights(self) -> Iterator[Step]:
        """Logs after their years (UAS.SPEC.050), with telemetry and findings; sites stay, they are of places."""
        given = {"before": self.limits.flights, "now": self.now, "limit": _FILES}
        while not self.is_stopped():
            with self.connection.transaction():
                self._begin()
                found = self.connection.execute(_QUERIES["flights_over"], given).fetchall()
                if not found:
                    return
                flights.forget(self.connection, [row[0] for row in found])
                step = self._written(Step(kind="flights", since=found[0][1], until=found[-1][1], rows=len(found)))
            yield step

    def _commands(self) -> Iterator[Step]:
        given = {"before": self.limits.rows, "limit": _BATCH}
        while not self.is_stopped():
            with self.connection.transaction():
                found = self.connection.execute(_QUERIES["commands_over"], given).fetchall()
                if not found:
                    return
                self.connection.execute(_QUERIES["remove_commands"], {"command_ids": [row[0] for row in found]})
                step = self._written(_commands_step(found))
            yield step

    def _audit(self) -> Iterator[Step]:
        given = {"before": self.limits.audit, "limit": _BATCH}
        while not self.is_stopped():
            with self.connection.transaction():
                self.connection.execute(_QUERIES["allow_history"])
                row = self.connection.execute(_QUERIES["take_audit"], given).fetchone()
                if row is None or not row[0]:
                    return
                step = self._written(Step(kind="audit", since=row[1], until=row[2], rows=row[0]))
            yield step

    def _begin(self) -> None:
        self.connection.execute(_QUERIES["keep_holders_out"], {"lock": RETENTION_LOCK})

    def _leaving(self) -> int:
        row = self.connection.execute(_QUERIES["count_leaving"]).fetchone()
        return row[0] if row else 0

    def _retire(self, kind: Kind, since: datetime | None, until: datetime, *, rows: int, kept: int) -> Step:
        """What follows from messages that leave `events` or `kept_events`, in the same transaction."""
        execute = self.connection.execute
        for query in ("measure_leaving", "retire", "forget_displaced", "lock_alerts"):
            execute(_QUERIES[query])
        execute(_QUERIES["spare_alerts"], {"now": self.now})
        execute(_QUERIES["allow_history"])
        execute(_QUERIES["remove_history"])
        row = execute(_QUERIES["remove_evidence"], {"now": self.now}).fetchone()
        alerts = execute(_QUERIES["remove_alerts"]).rowcount
        execute(_QUERIES["note_removed_until"], {"kind": kind, "until": until})
        return self._written(
            Step(kind=kind, since=since, until=until, rows=rows, kept=kept, alerts=alerts, files=row[0] if row else 0)
        )

    def _written(self, step: Step) -> Step:
        """Into the audit, in the transaction of the step: what kind, which span, how many, and what was set."""
        setting = _SETTINGS.get(step.kind, "rows_days")
        detail: dict[str, Any] = {"setting": {setting: self.limits.settings[setting]}}
        detail |= {name: value for name, value in asdict(step).items() if isinstance(value, int)}
        detail |= {"since": step.since and step.since.isoformat(), "until": step.until and step.until.isoformat()}
        on = ("retention", step.kind)
        audit.record(self.connection, self.by, "retention.remove", at=self.now, on=on, detail=detail)
        return step


def plan(connection: pool.Connection, limits: Limits, now: datetime) -> list[Step]:
    """What a run would do by now, without doing it. `alerts` and `files` of a step are not foretold."""
    found = []
    for since, until in _due_spans(connection, "events", limits):
        row = _one(connection, "planned_events", since=since, until=until, now=now)
        found.append(Step(kind="events", since=since, until=until, **row))
    measured: tuple[Measured, ...] = ("device_metrics", "positions")
    for table in measured:
        for since, until in _due_spans(connection, table, limits):
            row = _one(connection, f"count_{table}", since=since, until=until)
            found.append(Step(kind=table, since=since, until=until, rows=row["count"]))
    others: tuple[tuple[Kind, str, datetime], ...] = (
        ("kept_events", "planned_kept", limits.rows),
        ("dead_letters", "planned_dead_letters", limits.rows),
        ("files", "planned_files", limits.files),
        ("footage", "planned_footage", limits.files),
        ("live_recordings", "planned_live_recordings", limits.files),
        ("audit", "planned_audit", limits.audit),
    )
    for kind, query, before in others:
        row = _one(connection, query, before=before, now=now)
        if row["rows"] or row.get("kept"):
            found.append(Step(kind=kind, **row))
    orders = connection.execute(_QUERIES["commands_over"], {"before": limits.rows, "limit": None}).fetchall()
    return [*found, _commands_step(orders)] if orders else found


def _commands_step(orders: list[tuple[Any, ...]]) -> Step:
    """Of ids and times of issue, in the order of time."""
    return Step(kind="commands", since=orders[0][1], until=orders[-1][1], rows=len(orders))


def _due_spans(connection: pool.Connection, table: Kind, limits: Limits) -> Iterator[tuple[datetime, datetime]]:
    if migrate.timescale_version(connection) is None:
        row = connection.execute(_QUERIES[f"first_time_of_{table}"], {"before": limits.rows}).fetchone()
        if row is not None and row[0] is not None:
            yield row[0], limits.rows
        return
    given = {"table": table, "before": limits.rows, "limit": limits.law}
    for _, _, since, until in connection.execute(_QUERIES["chunks"], given).fetchall():
        yield since, until


def _one(connection: pool.Connection, query: str, **given: object) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES[query], given).fetchone()
    return row or {}
