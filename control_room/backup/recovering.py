"""After a restore: devices are asked to send again what is newer than the backup, messages first, then their files.

What was sent stays 14 days there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from control_room.backup import tables
from control_room.commands import service as commands
from wire.commands import RESEND_FILES_MAX, Resend

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.commands.keys import Signer
    from control_room.database import pool

LOOK_EVERY_S = 5.0
_AGAIN_AFTER = timedelta(minutes=2)  # a command is valid for one
_KEPT_THERE = timedelta(days=14)
_ON_THE_WAY = timedelta(seconds=10)
"""A file follows its announcement that soon; the room does not ask for it before."""
_FILES_TIMES_MAX = 5
_LAST = 2**62
"""As far as an outbox will ever come."""


def look(connection: pool.Connection, signer: Signer, now: datetime) -> None:
    """Ask each device that is there until it answers. An answer means that the messages wait in its outbox again."""
    due = connection.execute(tables.QUERIES["recoveries_due"], {"now": now}).fetchall()
    for device_id, outbox_id, first, state, error in due:
        which = {"device_id": device_id, "outbox_id": outbox_id}
        if state in {"answered", "failed"}:
            result = "answered" if state == "answered" else error
            connection.execute(tables.QUERIES["end_recovery"], {**which, "now": now, "result": result})
            continue
        arguments = Resend.model_validate({"outbox_id": outbox_id, "from": first, "to": _LAST})
        command_id = commands.order_as_room(connection, signer, device_id, "resend", arguments, now)
        asked = {**which, "command_id": command_id, "ask_at": now + _AGAIN_AFTER}
        connection.execute(tables.QUERIES["note_asked"], asked)


def look_for_files(connection: pool.Connection, signer: Signer, now: datetime) -> None:
    """Ask for files of before the restore that are announced and not here, until the device answers.

    Messages that came again announce some, too. A device may have them no more: then they stay announced.
    """
    given = {
        "now": now,
        "since": now - _KEPT_THERE,
        "announced": now - _ON_THE_WAY,
        "times": _FILES_TIMES_MAX,
        "limit": RESEND_FILES_MAX,
    }
    for device_id, evidence in connection.execute(tables.QUERIES["evidence_due"], given).fetchall():
        arguments = Resend(evidence=evidence)
        command_id = commands.order_as_room(connection, signer, device_id, "resend", arguments, now)
        asked = {"evidence": evidence, "command_id": command_id, "ask_at": now + _AGAIN_AFTER}
        connection.execute(tables.QUERIES["note_evidence_asked"], asked)
