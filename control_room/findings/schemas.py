"""What the routes about findings take and give."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from control_room import fields, paging
from control_room.sites import waste
from wire.message import UtcTime

State = Literal["candidate", "confirmed", "rejected", "merged"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Metres = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
WasteClass = Annotated[str, StringConstraints(pattern=waste.PATTERN)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
CURSOR = paging.Cursor(TypeAdapter(tuple[float, uuid.UUID]))


class EllipseItem(BaseModel):
    """Holds the true place with 90 %."""

    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float
    """Of the longer axis, from north, clockwise, 0 to 180."""


class LocationItem(BaseModel):
    """WGS 84, degrees."""

    lat: float
    lon: float
    ce90_m: float
    """Radius that holds the true place with 90 %."""
    ellipse: EllipseItem | None


class FindingItem(BaseModel):
    """A finding as the list and the stream give it."""

    finding_id: uuid.UUID
    version: int
    flight_id: uuid.UUID
    footage_id: uuid.UUID | None
    state: State
    label: str
    confidence: float | None
    score: float
    reasons: list[Any]
    seen_at: UtcTime
    """The drone's clock."""
    time_s: float | None
    """In its video; null: a still, or no picture."""
    box: tuple[float, float, float, float] | None
    looks: int
    location: LocationItem | None
    """Null: `method` says why."""
    depression_deg: float | None
    method: str
    placed_by_hand: bool
    waste_class: str | None
    note: str | None
    added_by: str
    added_at: UtcTime
    reviewed_by: str | None
    reviewed_at: UtcTime | None
    merged_into: uuid.UUID | None
    site_id: uuid.UUID | None
    site_name: str | None
    alert_id: uuid.UUID | None
    picture_url: str | None


class FindingHistoryItem(BaseModel):
    """Who did what."""

    at: UtcTime
    actor: str
    action: str
    changed: dict[str, Any] | None
    """What changed, each [before, after]."""
    reason: str | None


class FindingDetail(FindingItem):
    """A finding with its history."""

    history: list[FindingHistoryItem]


class FindingPage(BaseModel):
    """Findings, the most worth a look first."""

    items: list[FindingItem]
    next_cursor: str | None


class FlightFindingPage(FindingPage):
    """Of one flight, with how many are in each state."""

    counts: dict[State, int]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GivenPlace(_Body):
    """A place on the map."""

    lat: Lat
    lon: Lon
    ce90_m: Metres = 3.0
    """How sure it is: the radius that holds it with 90 %."""


class NewFinding(_Body):
    """Something that a person saw: in a picture, or on the map."""

    label: Label
    footage_id: uuid.UUID | None = None
    time_s: Seconds | None = None
    box: tuple[Share, Share, Share, Share] | None = None
    """[x1, y1, x2, y2] in 0..1 of the picture; a click is a box without size."""
    place: GivenPlace | None = None
    """Instead of the place that the picture gives."""
    seen_at: AwareDatetime | None = None
    waste_class: WasteClass | None = None
    note: fields.Prose | None = None
    confirm: bool = True
    """A person says so, so it is confirmed at once unless this is false."""


class _Judgement(_Body):
    version: Version
    """Of the finding as it was seen."""


class ConfirmFinding(_Judgement):
    """It is what it looks like."""

    label: Label | None = None
    waste_class: WasteClass | None = None
    note: fields.Prose | None = None


class RejectFinding(_Judgement):
    """It is nothing."""

    reason: fields.Line | None = None


class MergeFinding(_Judgement):
    """It shows the same as another."""

    into: uuid.UUID


class ReconsiderFinding(_Judgement):
    """The word on it was too quick."""

    reason: fields.Line | None = None


class PlaceFinding(_Judgement):
    """It is elsewhere."""

    place: GivenPlace
    reason: fields.Line | None = None


class NewKnownPoint(_Body):
    """A point of a picture of which somebody knows where it is."""

    footage_id: uuid.UUID
    time_s: Seconds | None = None
    x: Share
    y: Share
    lat: Lat
    lon: Lon
    reason: fields.Line | None = None


class KnownPointItem(BaseModel):
    """A point of a picture of which somebody knows where it is."""

    known_point_id: uuid.UUID
    footage_id: uuid.UUID
    time_s: float | None
    x: float
    y: float
    lat: float
    lon: float
    added_at: UtcTime
    added_by: str


class KnownPoints(BaseModel):
    """Of a flight; `moved`: how many findings the last change of them moved."""

    items: list[KnownPointItem]
    moved: int = 0


class PlaceAnswer(BaseModel):
    """Where a point of a picture is, or why it cannot be said."""

    location: LocationItem | None
    depression_deg: float | None
    method: str


class FootprintItem(BaseModel):
    """One moment of a video: where the camera was, and the ground that its picture shows."""

    time_s: float
    at: UtcTime | None
    lat: float
    lon: float
    height_m: float | None
    yaw_deg: float | None
    pitch_deg: float | None
    corners: list[tuple[float, float]]
    """lat, lon of the picture's corners on the ground, from its upper left, clockwise; empty where it looks out."""


class Footprints(BaseModel):
    """Along a video."""

    items: list[FootprintItem]
