"""Who calls the room over HTTP, and who else does things in it that are written down."""

from __future__ import annotations

import enum
import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["user", "device", "command", "anonymous", "system"]


class Role(enum.StrEnum):
    """What a caller is; each route says which of these it serves."""

    OPERATOR = "operator"
    PILOT = "pilot"
    ADMINISTRATOR = "administrator"
    DEVICE = "device"


PEOPLE = frozenset({Role.OPERATOR, Role.PILOT, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Session:
    """A logged-in browser."""

    token_sha256: bytes
    """Of the cookie; the cookie itself is not kept."""
    user: str
    role: Role
    language: str
    csrf_token: str
    expires_at: datetime
    """The server's clock."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who acts, as the audit names him."""

    kind: Kind
    name: str
    """User name, device_id, or the operating-system user of a command."""
    role: Role | None = None
    address: str | None = None
    session: Session | None = None
    """Of a user."""


ROOM = Caller(kind="system", name="room")
"""The room itself, for what it does by the clock."""


def command() -> Caller:
    """Somebody at the machine itself, who runs `talaia-room`."""
    return Caller(kind="command", name=getpass.getuser())
