"""What the routes of configurations take and give."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from control_room import fields
from wire.commands import PushedConfiguration
from wire.message import UtcTime


class WantedConfiguration(BaseModel):
    """What a device is to follow beside its own file."""

    model_config = ConfigDict(extra="forbid")

    content: PushedConfiguration
    reason: fields.Line


class GoBack(BaseModel):
    """Why an older version is wanted again."""

    model_config = ConfigDict(extra="forbid")

    reason: fields.Line


class Version(BaseModel):
    """One configuration as it was pushed."""

    version: int
    content: dict[str, Any]
    made_by: str
    made_at: UtcTime
    reason: str
    same_as: int | None
    """The older version whose content it has."""
    state: Literal["pending", "confirmed", "rejected", "superseded"]
    ended_at: UtcTime | None
    error: str | None
    """One line of the device: the key, what it got, what is allowed."""


class RuleSetting(BaseModel):
    """A number that people change."""

    key: str
    usual: float
    minimum: float
    maximum: float
    is_whole: bool


class Rule(BaseModel):
    """What a camera can look for, as a device does where nobody says otherwise."""

    name: str
    on_by_default: bool
    about_people: bool
    """The device takes it only with a stated purpose and impact assessment."""
    needs_zone: list[str]
    """Kinds of zone without which it finds nothing."""
    settings: list[RuleSetting]
    """Those that are changed most; a configuration may name all others too."""


class Versions(BaseModel):
    """Of one device, the newest first."""

    items: list[Version]
    next_before: int | None
    """For the next, older page; null on the last."""
    rules: list[Rule]
    """What can be pushed of them."""


class PushedVersion(BaseModel):
    """The version is written down and goes out; the device takes it, or says why not."""

    version: int
