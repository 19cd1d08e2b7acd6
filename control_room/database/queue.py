"""The schema `jobs`: tables and functions of the queue (procrastinate), as its package brings them.

They are no tables of ours: not in schema.sql, not in a backup (what a job is about is), and never altered here.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import LiteralString

    from control_room.database import pool

_NAMED = (
    "CREATE SCHEMA IF NOT EXISTS jobs",
    "CREATE TABLE IF NOT EXISTS jobs.applied (name text PRIMARY KEY)",
    "COMMENT ON TABLE jobs.applied IS 'Migrations of the queue''s package that this database had.'",
)


def steps() -> list[str]:
    """Names of the package's migrations, in order."""
    folder = resources.files("procrastinate") / "sql" / "migrations"
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))


def prepare(connection: pool.Connection) -> None:
    """Make the schema as it is now, or bring an older one to it; harmless when it is there already."""
    with connection.transaction():
        for statement in _NAMED:
            connection.execute(statement)
        had = {str(name) for (name,) in connection.execute("SELECT name FROM jobs.applied")}
        connection.execute("SET LOCAL search_path TO jobs, public")
        missing = [name for name in steps() if name not in had]
        if not had:
            connection.execute(_text("schema.sql"))
        else:
            for name in missing:
                connection.execute(_text(f"migrations/{name}"))
        for name in missing:
            connection.execute("INSERT INTO applied (name) VALUES (%s)", (name,))


def _text(name: str) -> LiteralString:
    return (resources.files("procrastinate") / "sql" / name).read_text(encoding="utf-8")
