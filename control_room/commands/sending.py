"""Sends commands until they are heard of, from their table: a killed process loses none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from control_room import callers
from control_room.audit import service as audit
from control_room.commands import service
from control_room.database import sql

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_room.database import pool

LOOK_EVERY_S = 0.1
"""A live picture that nobody sends yet, and a camera that is to be turned, wait for it."""
EXPIRE_EVERY_S = 10.0
_AGAIN_FIRST_S, _AGAIN_LONGEST_S = 5, 60
_UNHEARD = timedelta(seconds=60)
"""An answer may still be on its way when the command expires."""
_SILENT = timedelta(hours=24)
"""A device that began and says nothing for so long has forgotten it."""

_QUERIES = sql.load(__file__)


def send_due(connection: pool.Connection, give: Callable[[str, UUID, bytes], bool], now: datetime) -> None:
    """`give` takes device, command and message to the broker; false where it is away."""
    for command_id, device_id, message, times_sent in connection.execute(_QUERIES["take_due"], {"now": now}).fetchall():
        if not give(device_id, command_id, bytes(message)):
            return
        again_s = min(_AGAIN_FIRST_S * 2 ** min(times_sent, 10), _AGAIN_LONGEST_S)
        given = {"command_id": command_id, "again_at": now + timedelta(seconds=again_s)}
        connection.execute(_QUERIES["set_sent"], given)


def expire(connection: pool.Connection, now: datetime) -> None:
    """End what was not heard of in time."""
    given = {"now": now, "unheard": now - _UNHEARD, "silent": now - _SILENT}
    expired: list[UUID] = [row[0] for row in connection.execute(_QUERIES["expire"], given).fetchall()]
    for command_id in expired:
        on = ("command", str(command_id))
        audit.record(connection, callers.ROOM, "command.expire", at=now, on=on, result="expired")
    service.tell(connection, expired)
