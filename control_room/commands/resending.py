"""Asks devices again for messages that are missing between those that came: by the clock, seldom, not for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from control_room import callers
from control_room.audit import service as audit
from control_room.commands import service
from control_room.database import sql
from wire.commands import Resend

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from control_room.commands.keys import Signer
    from control_room.database import pool

LOOK_EVERY_S = 10.0
_TIMES_MAX = 5
_LATER_MAX = timedelta(hours=1)
_AT_ONCE_MAX = 5000
"""Messages asked for by one command."""

_QUERIES = sql.load(__file__)


@dataclass(frozen=True, slots=True)
class _Due:
    """A gap that is to be asked for now."""

    device_id: str
    outbox_id: UUID
    first: int
    last: int
    times_asked: int
    asked_state: str | None
    """Of the command that asked last."""

    @property
    def asked_last(self) -> int:
        return min(self.last, self.first + _AT_ONCE_MAX - 1)


def look(connection: pool.Connection, signer: Signer, after: timedelta, now: datetime) -> None:
    """Ask for what has been missing for as long as `after`; then after twice that, and so on."""
    connection.execute(_QUERIES["settle"], {"now": now, "ask_at": now + after})
    with connection.cursor(row_factory=class_row(_Due)) as cursor:
        due = cursor.execute(_QUERIES["gaps_due"], {"now": now}).fetchall()
    for gap in due:
        if gap.times_asked >= _TIMES_MAX or gap.asked_state == "failed":
            _give_up(connection, gap, now)
        else:
            _ask(connection, signer, gap, after, now)


def _ask(connection: pool.Connection, signer: Signer, gap: _Due, after: timedelta, now: datetime) -> None:
    arguments = Resend.model_validate({"outbox_id": gap.outbox_id, "from": gap.first, "to": gap.asked_last})
    command_id = service.order_as_room(connection, signer, gap.device_id, "resend", arguments, now)
    given = {
        "device_id": gap.device_id,
        "outbox_id": gap.outbox_id,
        "command_id": command_id,
        "ask_at": now + min(after * 2 ** (gap.times_asked + 1), _LATER_MAX),
    }
    connection.execute(_QUERIES["note_asked"], given)
    connection.execute(_QUERIES["count_gap"], {"outcome": "gap_asked"})


def _give_up(connection: pool.Connection, gap: _Due, now: datetime) -> None:
    """It stays a gap for fsck and for whoever looks at the outbox."""
    given = {"device_id": gap.device_id, "outbox_id": gap.outbox_id, "last": gap.asked_last}
    connection.execute(_QUERIES["give_up"], given)
    connection.execute(_QUERIES["count_gap"], {"outcome": "gap_given_up"})
    detail = {"first": gap.first, "last": gap.asked_last, "times_asked": gap.times_asked, "device_id": gap.device_id}
    on = ("outbox", str(gap.outbox_id))
    audit.record(connection, callers.ROOM, "outbox.give_up", at=now, on=on, result="missing", detail=detail)
