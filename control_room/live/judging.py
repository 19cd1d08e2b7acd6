"""What MediaMTX asks before it lets somebody read or publish: its HTTP authentication.

Nobody reads who was not sent by the room: the room's own word for one offer, valid for a minute. Publishers are the
room's own offers, too, or drones and telephones that show their source's token by RTMP, RTSP or WHIP.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from control_room import callers
from control_room.audit import service as audit
from control_room.live import sources, tokens

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool
    from control_room.live.schemas import MediaMtxAsks


def may(connection: pool.Connection, asked: MediaMtxAsks, secret: str, now: datetime) -> bool:
    """Whether MediaMTX may let them; what a source publishes by itself is written into the audit."""
    path = asked.path.strip("/")
    if asked.action not in {"publish", "read"} or not path:
        return False
    for given in (asked.token, asked.password):
        if given and tokens.is_for_mediamtx(given, secret, asked.action, path, now):
            return True
    if asked.action == "read":
        return False
    source_id = _source_of(path)
    if source_id is None or not any(
        given and sources.is_token(connection, source_id, given) for given in (asked.token, asked.password)
    ):
        return False
    publisher = callers.Caller(kind="anonymous", name=str(source_id), address=asked.ip)
    detail = {"stream": path, "protocol": asked.protocol}
    audit.record(connection, publisher, "live.publish", at=now, on=("stream", path), detail=detail)
    return True


def _source_of(path: str) -> uuid.UUID | None:
    kind, _, name = path.partition("/")
    try:
        return uuid.UUID(name) if kind == "source" else None
    except ValueError:
        return None
