"""What the session routes take and give."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from control_room import callers, fields
from control_room.users import passwords


class Login(BaseModel):
    """A user name and password."""

    model_config = ConfigDict(extra="forbid")

    user: fields.Line
    password: Annotated[str, StringConstraints(min_length=1, max_length=passwords.LONGEST)] = Field(repr=False)


class LoginLink(BaseModel):
    """The token of a one-time login link."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,100}$")] = Field(repr=False)


class SessionItem(BaseModel):
    """Who is logged in."""

    csrf_token: str
    """Goes back as `X-CSRF-Token` with each request that changes something."""
    user: str
    role: callers.Role
    language: str
    """`ca`, `es` or `en`."""
