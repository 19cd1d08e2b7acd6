"""What the routes of the flight log take and give."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from control_room import fields
from control_room.authorisations.schemas import Area
from control_room.flight_log.checks import Result
from wire.message import UtcTime

Missing = Literal[
    "aircraft",
    "take_off_at",
    "landed_at",
    "purpose",
    "permission",
    "permission_dates",
    "permission_revoked",
    "risk_assessment",
    "line_of_sight",
    "preflight",
]
PreflightItem = Literal[
    "aircraft_sound",
    "batteries",
    "remote_id",
    "weather",
    "area_clear",
    "people_told",
    "observer_briefed",
    "return_height",
]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChecksItem(Result):
    """What the replay found, and when it was made."""

    flight_id: uuid.UUID
    computed_at: UtcTime


class Preflight(_Given):
    """The check before take-off, and what was planned."""

    done: dict[PreflightItem, bool] = {}
    area: Area | None = None
    height_m: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    begins: AwareDatetime | None = None
    ends: AwareDatetime | None = None
    zones: Annotated[list[fields.Line], Field(max_length=200)] = []
    """Identifiers of the geozones that were shown then."""


class Planned(_Given):
    """A flight before its take-off."""

    purpose: fields.Line
    aircraft_id: uuid.UUID | None = None
    authorisation_id: uuid.UUID | None = None
    urgent_reason: fields.Line | None = None
    observer: fields.Line | None = None
    legal_regime: Literal["lo_7_2021", "gdpr"] = "lo_7_2021"
    risk_assessment: fields.Prose | None = None
    weather: fields.Prose | None = None
    preflight: Preflight = Preflight()


class LawChanges(_Given):
    """What only the law's part of the log has; what is not named stays, null empties."""

    version: int
    reason: fields.Line | None = None
    preflight: Preflight | None = None
    take_off_elevation_m: Annotated[float, Field(ge=-430, le=8850, allow_inf_nan=False)] | None = None
    battery_ids: Annotated[list[uuid.UUID], Field(max_length=20)] | None = None


class Close(_Given):
    """The log is complete."""

    version: int


class Reopen(_Given):
    """Why the log is to be changed after all."""

    version: int
    reason: fields.Line


class Told(_Given):
    """That the authority was told of an urgent flight."""

    told_at: AwareDatetime
    told_to: fields.Line
    register_number: fields.Line | None = None


class LogItem(BaseModel):
    """A flight as the log has it (UAS.SPEC.050(1)(g), LO 7/2021 art. 17)."""

    model_config = ConfigDict(extra="ignore")

    flight_id: uuid.UUID
    version: int
    state: Literal["draft", "flown", "closed"]
    pilot: str
    observer: str | None
    aircraft_id: uuid.UUID | None
    aircraft_name: str | None
    aircraft_serial_number: str | None
    authorisation_id: uuid.UUID | None
    authorisation_reference: str | None
    urgent_reason: str | None
    purpose: str | None
    legal_regime: Literal["lo_7_2021", "gdpr"]
    risk_assessment: str | None
    preflight: dict[str, Any]
    weather: str | None
    occurrences: str | None
    line_of_sight: bool | None
    take_off_at: UtcTime | None
    landed_at: UtcTime | None
    take_off_lat: float | None
    take_off_lon: float | None
    landing_lat: float | None
    landing_lon: float | None
    take_off_elevation_m: float | None
    greatest_height_m: float | None
    length_m: float | None
    times_from: Literal["telemetry", "pilot"] | None
    created_at: UtcTime
    closed_at: UtcTime | None
    battery_ids: list[uuid.UUID]
    battery_names: list[str]
    missing: list[Missing]
    """What stands between it and closing."""
    kept_until: UtcTime
    """Three years after the landing (UAS.SPEC.050(1)(g))."""
    notice_due_at: UtcTime | None
    """24 hours after the take-off of an urgent flight; null: it is not urgent, or has not taken off."""
    told_at: UtcTime | None
    told_to: str | None
    register_number: str | None
    serious: int | None
    """Serious things that the replay found; null: it was not replayed."""
    to_look_at: int | None
    may_change: bool


class LogPage(BaseModel):
    """The newest first."""

    items: list[LogItem]
    next_cursor: uuid.UUID | None


class ReportSent(_Given):
    """That a report went to the Commission."""

    covers_from: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    covers_to: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    sent_at: AwareDatetime
    sent_to: fields.Line
    register_number: fields.Line | None = None


class ReportItem(BaseModel):
    """A report that was sent."""

    report_id: uuid.UUID
    covers_from: str
    covers_to: str
    flights: int
    sent_at: UtcTime
    sent_to: str
    register_number: str | None
    written_at: UtcTime
    written_by: str


class ClockItem(BaseModel):
    """Something that the law wants by a time."""

    item: Literal["urgent_notice", "use_report", "authorisation_renewal", "authorisation_end", "open_log"]
    article: str
    due_at: UtcTime
    is_late: bool
    flight_id: uuid.UUID | None = None
    authorisation_id: uuid.UUID | None = None
    reference: str | None = None
    covers_from: str | None = None
    covers_to: str | None = None


class Papers(BaseModel):
    """What is due, the soonest first, and the reports that were sent, the newest first."""

    due: list[ClockItem]
    reports: list[ReportItem]
    next_report: ClockItem
    """Of the span that is running."""
