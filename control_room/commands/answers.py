"""What devices answer, into the commands' rows: called by the worker in the transaction of its batch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from control_room import callers
from control_room.audit import service as audit
from control_room.configurations import service as configurations
from control_room.database import sql
from wire import message as wire_message
from wire.commands import RESULTS, CommandWithArguments, Fetched

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from control_room.database import pool
    from wire.control import ReplyMessage
    from wire.event import EvidenceReference
    from wire.message import Part

LOOKED_AT_FOR = timedelta(hours=24)
"""How long a copy lies here that is not kept as evidence."""

_QUERIES = sql.load(__file__)


def owners(connection: pool.Connection, command_ids: list[UUID]) -> dict[UUID, str]:
    """To which devices these commands were given; unknown ones are missing."""
    if not command_ids:
        return {}
    return dict(connection.execute(_QUERIES["owners"], {"command_ids": command_ids}).fetchall())


def take(connection: pool.Connection, reply: ReplyMessage, now: datetime) -> bool:
    """Write down what a device says of a command that it was given; whether that changed anything."""
    with connection.cursor(row_factory=dict_row) as cursor:
        command = cursor.execute(_QUERIES["lock"], {"command_id": reply.command_id}).fetchone()
    if command is None:
        return False
    if reply.progress is not None:
        given = {"command_id": reply.command_id, "progress": reply.progress, "now": now}
        connection.execute(_QUERIES["tell"], given)
        return True
    result, error = _read(reply, command["kind"])
    if result is not None and isinstance(result, Fetched):
        for file in result.evidence:
            _announce(connection, reply, command, file, now)
    connection.execute(
        _QUERIES["end"],
        {
            "command_id": reply.command_id,
            "state": "failed" if result is None else "answered",
            "error": error,
            "result": None if result is None else Jsonb(result.model_dump(mode="json", by_alias=True)),
            "now": now,
        },
    )
    if command["kind"] == "config":
        configurations.take_answer(connection, reply.command_id, error, now)
    _write_outcome(connection, reply, command, error, now)
    return True


def _read(reply: ReplyMessage, kind: str) -> tuple[Part | None, str | None]:
    """The result, or why there is none."""
    if not reply.ok:
        return None, reply.error or "the device says not why"
    try:
        return RESULTS[cast("CommandWithArguments", kind)].model_validate(reply.result), None
    except ValidationError as error:
        return None, f"the device's answer cannot be read: {wire_message.describe(error)}"


def _announce(
    connection: pool.Connection, reply: ReplyMessage, command: dict[str, Any], file: EvidenceReference, now: datetime
) -> None:
    kept = bool(command["arguments"].get("keep"))
    connection.execute(
        _QUERIES["announce"],
        {
            **file.model_dump(),
            "device_id": reply.device_id,
            "camera_id": command["camera_id"],
            "command_id": reply.command_id,
            "now": now,
            "expires_at": None if kept else now + LOOKED_AT_FOR,
        },
    )


def _write_outcome(
    connection: pool.Connection, reply: ReplyMessage, command: dict[str, Any], error: str | None, now: datetime
) -> None:
    device = callers.Caller(kind="device", name=reply.device_id, role=callers.Role.DEVICE)
    detail = {"kind": command["kind"], "issued_by": command["issued_by"]}
    on = ("command", str(reply.command_id))
    outcome = error or "ok"
    audit.record(connection, device, "command.answer", at=now, on=on, result=outcome, detail=detail)
