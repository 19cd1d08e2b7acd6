"""Pushes configurations to devices by signed commands, and takes in what they say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from control_room import callers, problems
from control_room.commands import service as commands
from control_room.database import sql
from wire.commands import Configure, PushedConfiguration

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from control_room.commands.keys import Signer
    from control_room.database import pool

_QUERIES = sql.load(__file__)


class NoSuchVersionError(problems.NotFoundError):
    """This device has no such version of its configuration."""


def push(
    connection: pool.Connection,
    signer: Signer | None,
    device_id: str,
    content: PushedConfiguration,
    reason: str,
    *,
    by: callers.Caller,
    now: datetime,
    same_as: int | None = None,
) -> int:
    """Write the next version down; its command waits for a device that is away.

    Raises:
        commands.NoKeyError, commands.NoSuchDeviceError, commands.WrongArgumentsError: as they say.
    """
    if signer is None:
        raise commands.NoKeyError
    if connection.execute(_QUERIES["lock_device"], {"device_id": device_id}).fetchone() is None:
        raise commands.NoSuchDeviceError
    given: dict[str, Any] = {"device_id": device_id, "now": now}
    newest = connection.execute(_QUERIES["newest"], given).fetchone()
    version = 1 if newest is None else int(newest[0]) + 1
    connection.execute(_QUERIES["supersede"], given)
    connection.execute(_QUERIES["drop_commands"], given)
    command_id = commands.order(
        connection,
        signer,
        device_id,
        "config",
        Configure(version=version, content=content),
        by,
        reason,
        now,
    )
    kept = {"version": version, "made_by": by.name, "reason": reason, "same_as": same_as, "command_id": command_id}
    connection.execute(_QUERIES["add"], {**given, **kept, "content": Jsonb(_plain(content))})
    return version


def go_back(
    connection: pool.Connection,
    signer: Signer | None,
    device_id: str,
    version: int,
    reason: str,
    *,
    by: callers.Caller,
    now: datetime,
) -> int:
    """Push what an older version said, as a new version.

    Raises:
        NoSuchVersionError: as it says; and what `push` raises.
    """
    row = connection.execute(_QUERIES["content"], {"device_id": device_id, "version": version}).fetchone()
    if row is None:
        raise NoSuchVersionError
    content = PushedConfiguration.model_validate(row[0])
    return push(connection, signer, device_id, content, reason, by=by, now=now, same_as=version)


def page(connection: pool.Connection, device_id: str, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["page"], {"device_id": device_id, "before": before, "limit": limit}).fetchall()


def take_answer(connection: pool.Connection, command_id: UUID, error: str | None, now: datetime) -> None:
    """What a device says of the version that this command carried."""
    state = "confirmed" if error is None else "rejected"
    connection.execute(_QUERIES["end"], {"command_id": command_id, "state": state, "error": error, "now": now})


def send_again(connection: pool.Connection, signer: Signer, now: datetime) -> None:
    """Give versions that a device never answered, because it was away for long, to it now that it is back."""
    with connection.cursor(row_factory=dict_row) as cursor:
        unheard = cursor.execute(_QUERIES["unheard"]).fetchall()
    for row in unheard:
        content = PushedConfiguration.model_validate(row["content"])
        command_id = commands.order(
            connection,
            signer,
            row["device_id"],
            "config",
            Configure(version=row["version"], content=content),
            callers.ROOM,
            "the device is back",
            now,
        )
        given = {"device_id": row["device_id"], "version": row["version"], "command_id": command_id}
        connection.execute(_QUERIES["carry"], given)


def _plain(content: BaseModel) -> dict[str, Any]:
    return content.model_dump(mode="json", by_alias=True, exclude_none=True)
