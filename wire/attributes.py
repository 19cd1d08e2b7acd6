"""What an event's `attributes` hold, by rule. More keys are kept as they are: rules grow faster than the wire."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

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
    expected: str | None = Field(default=None, max_length=100)
    """The expected activity of the rule's calendar for which the severity was lowered."""
    ended: str | None = Field(default=None, max_length=100)
    """Of `closed`: how it was known to be over, such as `taken`, `returned`, `hours_over`, `camera_moved`."""
    location_method: str | None = Field(default=None, max_length=500)
    """How a drone's `location` was computed."""
    location_depression_deg: float | None = Field(default=None, allow_inf_nan=False)
    """How steeply the drone looked down there."""
    location_refused: str | None = Field(default=None, max_length=500)
    """Why a drone's event has no `location`."""


class IllegalDumpingAttributes(Attributes):
    """Of `illegal_dumping`."""

    how: Literal["left_by_person", "thrown", "tipped_from_vehicle", "unknown"] | None = None
    unattended_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How long nobody linked to the thing had been near it."""
    waste_probability: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    """How much the thing looks like dumped waste to a classifier: a hint, not how likely the alert is right."""


class StayAttributes(Attributes):
    """Of `loitering` and `stopped_vehicle`."""

    dwell_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class ObjectRemovedAttributes(Attributes):
    """Of `object_removed`."""

    stood_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How long the thing had been part of the scene; no longer than the agent looks."""


class LineCrossingAttributes(Attributes):
    """Of `line_crossing`."""

    direction: Literal["a->b", "b->a"] | None = None
    """From the left of the line to its right, seen from its first point to its second; or back."""


class CrowdAttributes(Attributes):
    """Of `crowd`."""

    people: int | None = Field(default=None, ge=0)
    people_peak: int | None = Field(default=None, ge=0)
    density: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """People for each square of a person's height of the zone in the picture."""


class FastMotionAttributes(Attributes):
    """Of `fast_motion_or_fight`."""

    energy: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Of the motion, in heights of a person a second."""


class CameraTamperAttributes(Attributes):
    """Of `camera_tamper`."""

    kind: Literal["covered", "defocused", "moved", "frozen", "lost_signal"] | None = None
    lasted_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class SmokeFireAttributes(Attributes):
    """Of `smoke_fire`."""

    kinds: list[str] = Field(default=[], max_length=10)
    """The model's labels that were seen when it began."""


class DroneFindingAttributes(Attributes):
    """Of `drone_finding`."""

    flight_id: UUID
    finding_id: UUID
    site_id: UUID | None = None
    label: str | None = Field(default=None, max_length=100)
    """What the detector took it for, or what a person wrote."""
    method: str | None = Field(default=None, max_length=1000)
    """How the place was found."""
    depression_deg: float | None = Field(default=None, allow_inf_nan=False)
    """How steeply the camera looked down at it."""
    reviewed_by: str | None = Field(default=None, max_length=200)


ATTRIBUTES: dict[str, type[Attributes]] = {
    "illegal_dumping": IllegalDumpingAttributes,
    "object_removed": ObjectRemovedAttributes,
    "line_crossing": LineCrossingAttributes,
    "stopped_vehicle": StayAttributes,
    "loitering": StayAttributes,
    "crowd": CrowdAttributes,
    "fast_motion_or_fight": FastMotionAttributes,
    "camera_tamper": CameraTamperAttributes,
    "smoke_fire": SmokeFireAttributes,
    "drone_finding": DroneFindingAttributes,
}
