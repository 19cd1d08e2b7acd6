"""Tell the screens of a change: a row in `stream`, in the transaction of the change itself.

Publish last in a transaction: the lock that keeps ids in order is held until it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pydantic_core

from control_room.database import pool, sql

Kind = Literal["alert", "camera", "device", "command", "position", "flight", "finding", "site"]
CHANNEL = "talaia_stream"
KEPT = timedelta(hours=24)
MOST_KEPT = 50_000
"""Whoever missed some thousands gets a snapshot anyhow (`resume`)."""

_QUERIES = sql.load(__file__)
_LOCK = 0x74616C62  # "talb"


def publish(connection: pool.Connection, kind: Kind, payload: Mapping[str, Any]) -> None:
    """Write one change."""
    publish_all(connection, kind, [payload])


def publish_all(connection: pool.Connection, kind: Kind, payloads: Sequence[Mapping[str, Any]]) -> None:
    """Write changes of one kind, in this order."""
    if payloads:
        connection.execute(_QUERIES["lock_stream"], {"lock": _LOCK})
        connection.execute(_QUERIES["add_items"], {"kind": kind, "payloads": encode(payloads)})


def publish_alerts(
    connection: pool.Connection, alert_ids: Sequence[UUID], traceparents: Mapping[UUID, str] | None = None
) -> None:
    """Write these alerts as they stand now, oldest first.

    Args:
        connection: in the transaction that changed them.
        alert_ids: which; none is no error.
        traceparents: by event, of the message that changed its alert (`wire/trace.py`).
    """
    if not alert_ids:
        return
    traced = traceparents or {}
    given = {"alert_ids": alert_ids, "event_ids": list(traced), "traceparents": list(traced.values())}
    connection.execute(_QUERIES["lock_stream"], {"lock": _LOCK})
    connection.execute(_QUERIES["add_alerts"], given)


def encode(payload: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """JSON as the HTTP routes give it: times in RFC 3339 with Z, ids as text."""
    return pydantic_core.to_json(payload).decode()


def newest_id(connection: pool.Connection) -> int:
    row = connection.execute(_QUERIES["newest_id"]).fetchone()
    return 0 if row is None else int(row[0])


def prune(connection: pool.Connection, now: datetime) -> int:
    """Forget changes older than 24 h, and all but the newest 50,000; how many."""
    return connection.execute(_QUERIES["prune"], {"before": now - KEPT, "most": MOST_KEPT}).rowcount
