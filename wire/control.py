"""What the room says to a device, and the device's answers: `acks`, `commands`, `replies`."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from wire.identifiers import Identifier
from wire.message import Message, UtcTime

CommandKind = Literal[
    "snapshot",
    "live_start",
    "live_stop",
    "config",
    "resend",
    "mute",
    "recordings_list",
    "recording_fetch",
    "recording_hold",
    "recording_release",
    "recording_erase",
    "rules_try",
    "cancel",
    "ptz",
]


class AckMessage(Message):
    """Messages of the device that are committed in the room's database, or kept there as dead letters."""

    SCHEMA: ClassVar[str] = "talaia.ack"
    VERSION: ClassVar[int] = 1

    device_id: Identifier
    sent_at: UtcTime
    """The room's clock."""
    message_ids: list[UUID] = Field(min_length=1, max_length=1000)


class CommandMessage(Message):
    """An order of the room; obeyed only when signed, unexpired and not seen before."""

    SCHEMA: ClassVar[str] = "talaia.command"
    VERSION: ClassVar[int] = 1

    command_id: UUID
    device_id: Identifier
    issued_at: UtcTime
    expires_at: UtcTime
    issued_by: str = Field(min_length=1, max_length=200)
    kind: CommandKind
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    signature: str = Field(max_length=200)
    """Ed25519 over the message without this field, base64."""


class ReplyMessage(Message):
    """The result of a command, or a word in between; acked by its `command_id` once the room has the result."""

    SCHEMA: ClassVar[str] = "talaia.reply"
    VERSION: ClassVar[int] = 1

    command_id: UUID
    device_id: Identifier
    sent_at: UtcTime
    ok: bool
    progress: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    """The share that is done of a command that takes long; null: this is the result."""
    error: str = Field(default="", max_length=1000)
    result: dict[str, JsonValue] = Field(default_factory=dict)
