"""Commands: what people order, and what devices answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import ValidationError
from uuid_utils import compat as uuids

from control_room import callers, problems
from control_room.audit import service as audit
from control_room.callers import Role
from control_room.database import sql
from control_room.stream import publish
from wire import topics
from wire.commands import ARGUMENTS, CANCELLABLE, SECRET_ARGUMENTS, VALID_LONGEST, Cancel, CommandWithArguments
from wire.control import CommandMessage

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.commands.keys import Signer
    from control_room.commands.schemas import Wanted
    from control_room.database import pool
    from wire.message import Part

ADMINISTRATORS = frozenset[CommandWithArguments]({"recording_release", "recording_erase", "resend", "mute"})
"""What operators may not order."""
A_MINUTE = 30
"""Commands of one person."""
_VALID = timedelta(seconds=60)
_VALID_LONG: dict[CommandWithArguments, timedelta] = {
    "recording_fetch": timedelta(minutes=15),
    "rules_try": timedelta(minutes=15),
    "recording_hold": timedelta(hours=24),
    "config": VALID_LONGEST,
    "live_start": timedelta(seconds=20),
    "ptz": timedelta(seconds=5),
}
_OF_OTHERS: dict[CommandWithArguments, str] = {
    "config": "a configuration has versions; push it at .../configurations",
    "live_start": "watch the camera at .../cameras/{camera_id}/whep; the room asks its device by itself",
    "live_stop": "the room ends it by itself when nobody watches",
    "ptz": "turn the camera at .../cameras/{camera_id}/ptz",
}
"""What has routes of its own."""
_WAIT_FOR_DEVICE = frozenset[CommandWithArguments]({"recording_hold"})
"""Ordered also of a device that is away: the footage must not be lost for that."""

_UNDER_WAY = frozenset({"queued", "sent", "working"})

_QUERIES = sql.load(__file__)


class NoSuchDeviceError(problems.NotFoundError):
    """There is no such device, or it may not speak to this room any more."""


class NoSuchCommandError(problems.NotFoundError):
    """There is no such command."""


class CommandEndedError(problems.ConflictError):
    """It is answered, failed or expired already."""

    name = "command-ended"


class NoKeyError(problems.UnavailableError):
    """This room has no key to sign commands with; see commands.key_file in its settings."""

    name = "no-command-key"


class DeviceOfflineError(problems.ConflictError):
    """The device is away, so it would not hear it in time; try again when it is back."""

    name = "device-offline"


class ReasonNeededError(problems.UnprocessableError):
    """Say why: people can be seen then, or footage is kept or lost by it."""

    name = "reason-needed"


class WrongArgumentsError(problems.UnprocessableError):
    """The arguments are not those of this kind."""


@dataclass(frozen=True, slots=True)
class Given:
    """A command that is written down."""

    command_id: UUID
    expires_at: datetime
    device_online: bool


def give(  # noqa: PLR0917 - who orders what of whom
    connection: pool.Connection,
    signer: Signer | None,
    device_id: str,
    wanted: Wanted,
    by: callers.Caller,
    now: datetime,
) -> Given:
    """Write a command down, signed; the worker sends it.

    Raises:
        NoKeyError, NoSuchDeviceError, DeviceOfflineError, ReasonNeededError, WrongArgumentsError: as they say.
        ForbiddenError: only administrators may; another person's command only they cancel.
        NoSuchCommandError, CommandEndedError: there is nothing to cancel.
        TooManyRequestsError: this person has given too many lately.
    """
    if signer is None:
        raise NoKeyError
    if wanted.kind in _OF_OTHERS:
        raise WrongArgumentsError(f"body.kind: {_OF_OTHERS[wanted.kind]}")
    online = _online(connection, device_id)
    if wanted.kind in ADMINISTRATORS and by.role != Role.ADMINISTRATOR:
        raise problems.ForbiddenError(f"only administrators may order {wanted.kind}")
    arguments = _arguments(wanted)
    content = arguments.model_dump(mode="json", by_alias=True, exclude_none=True)
    if wanted.reason is None and _needs_reason(wanted.kind, content):
        raise ReasonNeededError
    _check_camera(connection, device_id, content.get("camera_id"))
    if isinstance(arguments, Cancel):
        _check_cancel(connection, device_id, arguments.command_id, by)
    if not online and wanted.kind not in _WAIT_FOR_DEVICE:
        raise DeviceOfflineError
    _check_rate(connection, by, now)
    command = _signed(signer, device_id, wanted.kind, content, by.name, now)
    _check_sendable(command)
    _write(connection, command, wanted.reason, by)
    return Given(command.command_id, command.expires_at, online)


def order(  # noqa: PLR0917 - who orders what of whom, and why
    connection: pool.Connection,
    signer: Signer,
    device_id: str,
    kind: CommandWithArguments,
    arguments: Part,
    by: callers.Caller,
    reason: str | None,
    now: datetime,
) -> UUID:
    """Of another feature, which has judged whether he may; nulls are left out.

    Raises:
        WrongArgumentsError: too long for a command.
    """
    content = arguments.model_dump(mode="json", by_alias=True, exclude_none=True)
    command = _signed(signer, device_id, kind, content, by.name, now)
    _check_sendable(command)
    _write(connection, command, reason, by)
    return command.command_id


def order_as_room(  # noqa: PLR0917 - what is ordered of whom
    connection: pool.Connection,
    signer: Signer,
    device_id: str,
    kind: CommandWithArguments,
    arguments: Part,
    now: datetime,
) -> UUID:
    """What the room orders by itself; the caller sees to it that it is seldom. Nulls are left out."""
    content = arguments.model_dump(mode="json", by_alias=True, exclude_none=True)
    command = _signed(signer, device_id, kind, content, callers.ROOM.name, now)
    _write(connection, command, None, callers.ROOM)
    return command.command_id


def _signed(  # noqa: PLR0917 - all that a command says
    signer: Signer,
    device_id: str,
    kind: CommandWithArguments,
    arguments: dict[str, Any],
    issued_by: str,
    now: datetime,
) -> CommandMessage:
    command = CommandMessage(
        command_id=uuids.uuid7(),
        device_id=device_id,
        issued_at=now,
        expires_at=now + _VALID_LONG.get(kind, _VALID),
        issued_by=issued_by,
        kind=kind,
        arguments=arguments,
        signature="",
    )
    return signer.sign(command)


def _check_sendable(command: CommandMessage) -> None:
    message = command.to_json()
    if len(message) > topics.COMMANDS.limit_bytes:
        raise WrongArgumentsError(
            f"body.arguments: too long; a command has at most {topics.COMMANDS.limit_bytes} bytes"
        )
    if b"\\u0000" in message:
        raise WrongArgumentsError("body.arguments: a character of code 0 cannot be stored")


def _write(connection: pool.Connection, command: CommandMessage, reason: str | None, by: callers.Caller) -> None:
    secret = SECRET_ARGUMENTS.get(command.kind, frozenset())
    shown = {key: value for key, value in command.arguments.items() if key not in secret}
    connection.execute(
        _QUERIES["add"],
        {
            "command_id": command.command_id,
            "device_id": command.device_id,
            "camera_id": command.arguments.get("camera_id"),
            "kind": command.kind,
            "arguments": Jsonb(shown),
            "reason": reason,
            "issued_by": command.issued_by,
            "issued_at": command.issued_at,
            "expires_at": command.expires_at,
            "message": command.to_json(),
        },
    )
    on = ("command", str(command.command_id))
    detail = {"device_id": command.device_id, "arguments": shown}
    audit.record(connection, by, f"command.{command.kind}", at=command.issued_at, on=on, reason=reason, detail=detail)
    tell(connection, [command.command_id])


def tell(connection: pool.Connection, command_ids: list[UUID]) -> None:
    """Show the screens how these stand; last in the transaction, because of the lock of the stream."""
    if command_ids:
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(_QUERIES["items"], {"command_ids": command_ids}).fetchall()
        publish.publish_all(connection, "command", found)


def detail(connection: pool.Connection, command_id: UUID) -> dict[str, Any]:
    """One command with its answer.

    Raises:
        NoSuchCommandError: unknown.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["items"], {"command_ids": [command_id]}).fetchone()
        if found is None:
            raise NoSuchCommandError
        answer = cursor.execute(_QUERIES["result"], {"command_id": command_id}).fetchone()
        files = cursor.execute(_QUERIES["files"], {"command_id": command_id}).fetchall()
    return {**found, **(answer or {}), "evidence": files}


def page(
    connection: pool.Connection,
    device_id: str,
    *,
    camera_id: str | None,
    kind: CommandWithArguments | None,
    limit: int,
    before: UUID | None,
) -> list[dict[str, Any]]:
    parameters = {"device_id": device_id, "camera_id": camera_id, "kind": kind, "limit": limit, "before": before}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["page"], parameters).fetchall()


def holds(connection: pool.Connection, device_id: str, camera_id: str | None, now: datetime) -> list[dict[str, Any]]:
    parameters = {"device_id": device_id, "camera_id": camera_id, "now": now}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["holds"], parameters).fetchall()


def _online(connection: pool.Connection, device_id: str) -> bool:
    row = connection.execute(_QUERIES["device"], {"device_id": device_id}).fetchone()
    if row is None:
        raise NoSuchDeviceError
    return bool(row[0])


def _arguments(wanted: Wanted) -> Part:
    content = dict(wanted.arguments)
    if wanted.kind == "recording_hold":
        content.setdefault("hold_id", str(uuids.uuid7()))
        if wanted.reason is not None:
            content.setdefault("reason", wanted.reason)
    try:
        return ARGUMENTS[wanted.kind].model_validate(content)
    except ValidationError as error:
        raise WrongArgumentsError.of(*problems.faults_of(error.errors(), "body", "arguments")) from None


def _needs_reason(kind: CommandWithArguments, arguments: dict[str, Any]) -> bool:
    """A look at what is recorded, and at copies in which nobody can be known, needs none of its own."""
    if kind == "recording_fetch":
        return not arguments["pixelated"] or bool(arguments["keep"])
    return kind not in {"recordings_list", "rules_try", "resend", "cancel"}


def _check_cancel(connection: pool.Connection, device_id: str, command_id: UUID, by: callers.Caller) -> None:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["items"], {"command_ids": [command_id]}).fetchone()
    if found is None or found["device_id"] != device_id:
        raise NoSuchCommandError
    if found["issued_by"] != by.name and by.role != Role.ADMINISTRATOR:
        raise problems.ForbiddenError("only who gave a command, and administrators, may cancel it")
    if found["kind"] not in CANCELLABLE:
        raise WrongArgumentsError.of(
            problems.FaultDocument(
                at="body.arguments.command_id",
                message=f"may be of {', '.join(sorted(CANCELLABLE))}",
                kind="not_cancellable",
            )
        )
    if found["state"] not in _UNDER_WAY:
        raise CommandEndedError


def _check_camera(connection: pool.Connection, device_id: str, camera_id: str | None) -> None:
    if camera_id is None:
        return
    given = {"device_id": device_id, "camera_id": camera_id}
    if connection.execute(_QUERIES["has_camera"], given).fetchone() is None:
        raise WrongArgumentsError.of(
            problems.FaultDocument(
                at="body.arguments.camera_id", message="this device has no such camera", kind="no_such_camera"
            )
        )


def _check_rate(connection: pool.Connection, by: callers.Caller, now: datetime) -> None:
    since = now - timedelta(minutes=1)
    row = connection.execute(_QUERIES["given_lately"], {"issued_by": by.name, "since": since}).fetchone()
    if row is not None and row[0] >= A_MINUTE:
        raise problems.TooManyRequestsError(f"at most {A_MINUTE} commands a minute", retry_after_s=60)
