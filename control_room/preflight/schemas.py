"""What the routes for the time before take-off take and give."""

import uuid
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from control_room.authorisations.schemas import Area, AuthorisationItem
from control_room.flight_log.checks import DatasetTold, ZoneTold
from control_room.geozones.schemas import GeozoneFeature
from wire.message import UtcTime

Missing = Literal["permission", "zone_authorisation", "geozones", "old_geozones", "night", "too_high", "grounded"]


class PreflightQuestion(BaseModel):
    """Where, how high and when somebody means to fly."""

    model_config = ConfigDict(extra="forbid")

    area: Area
    height_m: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
    begins: AwareDatetime
    ends: AwareDatetime
    aircraft_id: uuid.UUID | None = None


class Span(BaseModel):
    """From when to when."""

    begins: UtcTime
    ends: UtcTime


class ZoneMet(ZoneTold):
    """A zone over the area, while it applies."""

    level: Literal["serious", "look", "note"]
    meets: Literal["yes", "above", "cannot_tell"]
    """above: it begins over the planned height; cannot_tell: its limits are above sea level or the ellipsoid."""
    begins_at_m: float | None
    """The lower limit over the ground, where it is one over the ground."""
    applies: list[Span]
    conditions: str | None
    ahead: str | None
    """How long before its authority wants to be asked (ISO 8601 duration)."""


class Permission(AuthorisationItem):
    """A mobile permission that holds in that time."""

    covers_dates: bool
    covers_area: Literal["whole", "part", "none"]


class PreflightAnswer(BaseModel):
    """What a flight there and then must heed."""

    zones: list[ZoneMet]
    free_below_m: float
    """No serious zone lies below it, as far as limits over the ground tell; the height limit where there is none."""
    height_limit_m: float
    permissions: list[Permission]
    missing: list[Missing]
    nights: list[Span]
    datasets: list[DatasetTold]
    asked_at: UtcTime


class PreflightPack(BaseModel):
    """What is kept in the browser for the time without a network: it lists, it does not reckon."""

    zones: list[GeozoneFeature]
    permissions: list[AuthorisationItem]
    height_limit_m: float
    datasets: list[DatasetTold]
    packed_at: UtcTime
