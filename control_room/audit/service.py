"""Who did what, when, from where, on what, why and with what result: rows that can only be added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from control_room.database import sql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from control_room import callers
    from control_room.database import pool

_QUERIES = sql.load(__file__)


def record(
    connection: pool.Connection,
    caller: callers.Caller,
    action: str,
    *,
    at: datetime,
    on: tuple[str, str] | None = None,
    reason: str | None = None,
    result: str = "ok",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down one act, in the transaction of the act itself.

    Args:
        connection: the transaction of the act.
        caller: who.
        action: what, such as `alert.close`.
        at: when (server).
        on: kind and id of the thing it was done to.
        reason: why, as given.
        result: `ok`, or why it was refused.
        detail: what else a reader needs; never a secret.
    """
    connection.execute(
        _QUERIES["add_row"],
        {
            "at": at,
            "actor_kind": caller.kind,
            "actor": caller.name,
            "role": caller.role,
            "address": caller.address,
            "action": action,
            "object_kind": on[0] if on else None,
            "object_id": on[1] if on else None,
            "reason": reason,
            "result": result,
            "detail": None if detail is None else Jsonb(dict(detail)),
        },
    )


def page(connection: pool.Connection, *, limit: int, before: int | None, **filters: object) -> list[dict[str, Any]]:
    """At most `limit` rows older than the row `before`, the newest first.

    `filters`: actor, action, object_kind, object_id, since; None where all are wanted.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["page"], {"limit": limit, "before": before, **filters}).fetchall()
