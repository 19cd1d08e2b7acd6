"""What an event's `attributes` hold, by rule. More keys are kept as they are: rules grow faster than the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from wire.message import UtcTime


class Attributes(BaseModel):
    """Of any rule."""

    model_config = ConfigDict(extra="allow", frozen=True)

    began_at: UtcTime | None = None
    """The device's clock, when the thing first rested."""
    media_time_s: float | None = Field(default=None, allow_inf_nan=False)
    """Media time at which this message was emitted, since the source's first frame."""
    began_media_time_s: float | None = Field(default=None, allow_inf_nan=False)
    """Media time at which the thing came to rest; below 0 where that was before the agent's last start."""
    staged: bool = False
    """The footage is staged for a demonstration or a test; nothing of it happened."""


class IllegalDumpingAttributes(Attributes):
    """Of `illegal_dumping`."""

    how: Literal["left_by_person", "tipped_from_vehicle", "unknown"] | None = None
    unattended_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How long nobody linked to the thing had been near it."""


class LoiteringAttributes(Attributes):
    """Of `loitering`."""

    dwell_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)


ATTRIBUTES: dict[str, type[Attributes]] = {
    "illegal_dumping": IllegalDumpingAttributes,
    "loitering": LoiteringAttributes,
}
