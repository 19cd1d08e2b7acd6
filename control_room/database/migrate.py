"""Bring a database to the present schema; harmless when it is there already.

A migration is a plain SQL file `NNN_pre_name.sql` or `NNN_post_name.sql`: pre before the new code starts (the old code
must run on it), post once no old code runs.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal, LiteralString

import psycopg

from control_room.database import community, pool, queue

Phase = Literal["pre", "post"]
HYPERTABLES = {
    "events": ("occurred_at", "1 day"),
    "device_metrics": ("at", "1 day"),
    "positions": ("at", "1 day"),
    "telemetry_samples": ("at", "7 days"),
}
"""Table -> time column and span of a chunk, where TimescaleDB is at hand."""

_LOCK = 0x74616C61  # "tala": two `migrate` at once run one after the other


class MigrationError(Exception):
    """A migration failed; the database is as it was before it."""


def files() -> list[tuple[str, LiteralString]]:
    """Name and text of each migration, in order."""
    folder = resources.files("control_room.database") / "migrations"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return [(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")) for entry in sorted(found, key=str)]


def schema() -> str:
    """The whole present schema."""
    return (resources.files("control_room.database") / "schema.sql").read_text(encoding="utf-8")


def migrate(url: str, only: Phase | None = None) -> list[str]:
    """Run what is missing, each migration in its own transaction; the names of those that ran.

    `only`: "pre" while the old code runs, and "post" once it runs no more; None: it does not run.

    Raises:
        pool.UnreachableError: the database cannot be reached.
        MigrationError: one failed.
    """
    with pool.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            ran = _run_missing(connection, only)
            queue.prepare(connection)
            if _create_extension(connection):
                make_hypertables(connection)
                if not pending(connection):
                    community.prepare(connection)
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
    return ran


def pending(connection: pool.Connection, only: Phase | None = None) -> list[str]:
    """Names of the migrations that this database has not had; `only`: of one kind."""
    had = _applied(connection)
    return [name for name, _ in files() if name not in had and only in {None, phase(name)}]


def phase(name: str) -> str:
    """`pre` or `post`: the second part of a migration's name."""
    return name.split("_")[1]


def timescale_version(connection: pool.Connection) -> str | None:
    """Version of TimescaleDB in this database; None: plain PostgreSQL."""
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    return None if row is None else str(row[0])


def make_hypertables(connection: pool.Connection) -> None:
    """Where the extension came after the rows, they are moved into chunks: that may take a while."""
    for table, (column, span) in HYPERTABLES.items():
        connection.execute(
            "SELECT create_hypertable(found, by_range(%s, %s::interval), if_not_exists => true,"
            " migrate_data => true, create_default_indexes => false)"
            " FROM to_regclass(%s) AS found WHERE found IS NOT NULL",
            (column, span, table),
        )


def _run_missing(connection: pool.Connection, only: Phase | None) -> list[str]:
    ran = []
    had = _applied(connection)
    for name, text in files():
        if name in had or only not in {None, phase(name)}:
            continue
        try:
            with connection.transaction():
                connection.execute(text)
                connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (name,))
        except psycopg.Error as error:
            raise MigrationError(f"{name}: {pool.one_line(error)}") from error
        ran.append(name)
    return ran


def _applied(connection: pool.Connection) -> set[str]:
    if connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,):
        return set()
    return {str(name) for (name,) in connection.execute("SELECT name FROM schema_migrations")}


def _create_extension(connection: pool.Connection) -> bool:
    """Whether TimescaleDB is in this database now.

    It is created only where the server has loaded it at its start: creating it elsewhere ends the connection.
    """
    if timescale_version(connection) is not None:
        return True
    loaded = connection.execute(
        "SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting ~ '\\mtimescaledb\\M'"
    ).fetchone()
    at_hand = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone()
    if loaded is None or at_hand is None:
        return False
    connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    return True
