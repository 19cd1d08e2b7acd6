"""What the command routes take and give."""

import base64
import binascii
import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from control_room import fields, problems
from wire.commands import CommandWithArguments
from wire.message import UtcTime

State = Literal["queued", "sent", "working", "answered", "failed", "expired"]


class Wanted(BaseModel):
    """What a person wants a device to do."""

    model_config = ConfigDict(extra="forbid")

    kind: CommandWithArguments
    arguments: dict[str, JsonValue] = Field(default={}, max_length=50)
    """By kind, as `wire/commands.py` has them. A hold is given `hold_id` and `reason` where they are missing."""
    reason: fields.Line | None = None
    """Needed where people can be seen afterwards, and where footage is held, released or erased."""


class Given(BaseModel):
    """The command is written down and goes out; its answer comes over the stream."""

    command_id: uuid.UUID
    expires_at: UtcTime
    """When the device will not obey it any more."""
    device_online: bool
    """False: it waits for the device to come back."""


class CommandItem(BaseModel):
    """A command as the list and the stream give it."""

    command_id: uuid.UUID
    device_id: str
    camera_id: str | None
    kind: CommandWithArguments
    arguments: dict[str, Any]
    reason: str | None
    issued_by: str
    issued_at: UtcTime
    """Server's clock."""
    expires_at: UtcTime
    state: State
    """queued, sent (not heard of yet), working, answered, failed (`error` says why), expired."""
    progress: float | None
    """The share that is done, 0..1, where the device tells it."""
    ended_at: UtcTime | None
    error: str | None
    files: int
    """That its answer announced."""
    files_received: int


class FileItem(BaseModel):
    """A file that the answer announced."""

    evidence_id: uuid.UUID
    kind: str
    media_type: str
    sha256: str
    bytes: int
    captured_from: UtcTime
    captured_to: UtcTime
    received_at: UtcTime | None
    """Null: it is still on its way."""
    expires_at: UtcTime | None
    """When the room erases it; null: it is kept."""
    erased_at: UtcTime | None
    url: str | None
    """Null where it cannot be had: not yet, or no more."""


class CommandDetail(CommandItem):
    """One command with its answer."""

    result: dict[str, Any] | None
    """As `wire/commands.py` has it for the kind; null unless answered."""
    evidence: list[FileItem]


class CommandPage(BaseModel):
    """Commands to a device, the newest first."""

    items: list[CommandItem]
    next_cursor: str | None


class RecordingHoldItem(BaseModel):
    """A span that the device was told to protect, and not to release since."""

    hold_id: uuid.UUID
    command_id: uuid.UUID
    camera_id: str
    from_: UtcTime = Field(alias="from")
    to: UtcTime
    reason: str
    until: UtcTime | None
    held_by: str
    state: State
    """Of the command that holds it: until it is answered, the device does not hold yet."""


class HoldList(BaseModel):
    """Of one device, the newest first."""

    items: list[RecordingHoldItem]


class BadCursorError(problems.UnprocessableError):
    """This cursor was not given by this list."""

    name = "bad-cursor"


def cursor_after(command_id: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(command_id.bytes).decode().rstrip("=")


def read_cursor(cursor: str | None) -> uuid.UUID | None:
    if cursor is None:
        return None
    try:
        return uuid.UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise BadCursorError from None
