"""The queue of long work, in PostgreSQL (procrastinate, ADR 0014): what is put in stands in the transaction of the act.

Its tables are in the schema `jobs`, made and brought forward by `prepare`. What a job is about is in our own tables; a
job only says that somebody should look, so that none is lost with the queue and one too many does no harm.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
from psycopg.types.json import Jsonb

from control_room.database import sql

if TYPE_CHECKING:
    from control_room.database import pool

SCHEMA = "jobs"
READ, ANALYSE = "read_footage", "analyse_flight"
PICTURE, COPY = "picture_finding", "pixelate_footage"
QUEUES = {READ: "readings", ANALYSE: "analyses", PICTURE: "pictures", COPY: "copies"}
"""One each, so that neither a track nor a picture waits for an hour of video."""
_QUERIES = sql.load(__file__)


def defer(connection: pool.Connection, task: str, **arguments: str) -> None:
    """Put a job into its queue, where the caller's transaction comes to its end; one that waits already is enough."""
    lock = ":".join([task, *arguments.values()])
    given = {"queue": QUEUES[task], "task": task, "lock": lock, "arguments": Jsonb(arguments)}
    # Two that defer the same at once: the second finds that out when the first has committed.
    with contextlib.suppress(psycopg.errors.UniqueViolation), connection.transaction():
        connection.execute(_QUERIES["enter_jobs"])
        connection.execute(_QUERIES["defer"], given)
        connection.execute(_QUERIES["leave_jobs"])
