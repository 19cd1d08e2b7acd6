"""Messages that could not be ingested: to be looked at, and to be ingested again after an upgrade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row

from control_room.database import sql
from control_room.ingest import reading, storing
from control_room.ingest.delivery import Delivery

if TYPE_CHECKING:
    from control_room.database import pool

INGESTED = "ingested"

_QUERIES = sql.load(__file__)
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one."""

    dead_letter_id: UUID
    result: str
    """`ingested`, or the reason and detail why not."""


def page(connection: pool.Connection, *, limit: int, before: UUID | None = None) -> list[dict[str, Any]]:
    """At most `limit` that came before the one of that id, the newest first, without payloads."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["page"], {"limit": limit, "before": before}).fetchall()


def payload(connection: pool.Connection, dead_letter_id: UUID) -> bytes | None:
    """What was kept of one; None: there is none of that id."""
    row = connection.execute(_QUERIES["payload"], {"dead_letter_id": dead_letter_id}).fetchone()
    return None if row is None else bytes(row[0])


def replay(connection: pool.Connection, now: datetime, only: UUID | None = None) -> list[Replayed]:
    """Ingest again what can be by now, each in its own transaction, the oldest first. Twice is harmless.

    The connection must be in autocommit.
    """
    storing.prepare(connection)
    done: list[Replayed] = []
    after = _FIRST
    while True:
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(_QUERIES["to_replay"], {"after": after, "only": only}).fetchone()
            if row is None:
                return done
            after = row["dead_letter_id"]
            result = _replay_one(connection, row, now)
            given = {"dead_letter_id": after, "now": now, "result": result}
            connection.execute(_QUERIES["set_result"], given)
        done.append(Replayed(after, result))


def _replay_one(connection: pool.Connection, row: dict[str, Any], now: datetime) -> str:
    kept = bytes(row["payload"])
    if len(kept) < row["payload_bytes"]:
        return f"too_large: only its first {len(kept)} bytes were kept"
    message_id = None if row["message_id"] is None else str(row["message_id"])
    outcome = reading.read(Delivery(row["topic"], kept, row["received_at"], message_id))
    refused = storing.store(connection, [outcome], now, keep_refused=False).refused
    return f"{refused[0].reason}: {refused[0].detail}" if refused else INGESTED
