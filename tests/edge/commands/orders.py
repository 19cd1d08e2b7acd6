"""Commands as the room gives them, with a key made for the test."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.commands.keys import RoomKey
from tests.edge.clocks import START
from wire.commands import signed_bytes
from wire.control import CommandKind, CommandMessage

DEVICE = "dev-1"


class RoomOfTests:
    """Signs."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        return base64.b64encode(self._private.public_key().public_bytes_raw()).decode()

    @property
    def key(self) -> RoomKey:
        return RoomKey.read(self.public)

    def command(
        self,
        kind: CommandKind = "recordings_list",
        arguments: dict[str, Any] | None = None,
        *,
        device_id: str = DEVICE,
        command_id: UUID | None = None,
        issued_at: datetime = START,
        valid: timedelta = timedelta(seconds=60),
    ) -> CommandMessage:
        unsigned = CommandMessage(
            command_id=command_id or uuid_utils.compat.uuid7(),
            device_id=device_id,
            issued_at=issued_at,
            expires_at=issued_at + valid,
            issued_by="marta",
            kind=kind,
            arguments=span() if arguments is None else arguments,
            signature="",
        )
        return self.sign(unsigned)

    def sign(self, command: CommandMessage) -> CommandMessage:
        signature = base64.b64encode(self._private.sign(signed_bytes(command))).decode()
        return command.model_copy(update={"signature": signature})


def span(**more: Any) -> dict[str, Any]:
    times = {"from": START - timedelta(minutes=5), "to": START}
    return {"camera_id": "plaza", **{key: moment.isoformat() for key, moment in times.items()}, **more}
