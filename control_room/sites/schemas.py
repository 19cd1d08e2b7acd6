"""What the routes about sites take and give."""

import uuid
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from control_room import fields, paging
from control_room.sites import waste
from wire.message import UtcTime

Status = Literal["open", "ordered", "cleaned", "recurring"]
WasteClass = Annotated[str, StringConstraints(pattern=waste.PATTERN)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
CURSOR = paging.Cursor(TypeAdapter(tuple[AwareDatetime, uuid.UUID]))


class SiteItem(BaseModel):
    """A site as the list and the stream give it."""

    site_id: uuid.UUID
    version: int
    name: str
    lat: float
    lon: float
    ce90_m: float
    """Radius that holds it with 90 %."""
    status: Status
    waste_classes: list[str]
    """Codes of the European Waste Catalogue."""
    land_owner: str | None
    note: str | None
    first_seen_at: UtcTime
    last_seen_at: UtcTime
    cleaned_at: UtcTime | None
    findings: int
    alerts: int
    looks: int
    """Flights whose pictures show the place."""
    last_look_at: UtcTime | None
    """When a drone last saw the place."""


class VisitItem(BaseModel):
    """Something that was seen or done at a site."""

    visit_id: uuid.UUID
    kind: Literal["finding", "alert", "look", "person"]
    at: UtcTime
    finding_id: uuid.UUID | None
    alert_id: uuid.UUID | None
    flight_id: uuid.UUID | None
    footage_id: uuid.UUID | None
    time_s: float | None
    lat: float | None
    lon: float | None
    ce90_m: float | None
    changed_share: float | None
    """Of the place that differs from the look before, 0..1."""
    actor: str
    note: str | None
    has_before: bool
    has_after: bool


class SiteDetail(SiteItem):
    """A site with what happened there, the newest first."""

    visits: list[VisitItem]


class SitePage(BaseModel):
    """Sites, the last seen first."""

    items: list[SiteItem]
    next_cursor: str | None


class WasteClasses(BaseModel):
    """Codes that are offered; any other of the catalogue is taken too."""

    items: list[str]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Version
    """Of the site as it was seen."""


class ChangeSite(_Body):
    """What is not given stays as it is."""

    name: fields.Line | None = None
    status: Status | None = None
    waste_classes: Annotated[list[WasteClass], Field(max_length=20)] | None = None
    land_owner: fields.Line | None = None
    note: fields.Prose | None = None
    reason: fields.Line | None = None


class MergeSite(_Body):
    """Both are one place."""

    into: uuid.UUID
