"""What the flight routes take and give."""

import base64
import binascii
import json
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from control_room import fields, problems
from control_room.flights.cards import FILES_MAX
from control_room.flights.names import Kind, Lens
from wire.message import UtcTime

State = Literal["draft", "flown", "closed"]
FootageState = Literal["awaited", "ready", "refused", "erased"]
AnalysisState = Literal["queued", "running", "cancelled", "failed", "done"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
FolderName = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")]
FileBytes = Annotated[int, Field(ge=0, le=2**50)]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CardFileGiven(_Given):
    """A file as the browser lists it."""

    name: FileName
    folder: FolderName = ""
    bytes: FileBytes
    modified_at: AwareDatetime | None = None
    sha256: Sha256 | None = None
    """Where the browser could compute it; of large files it is computed here."""


class FlightCard(_Given):
    """What was dropped."""

    files: Annotated[list[CardFileGiven], Field(min_length=1, max_length=FILES_MAX)]


class DoubtItem(BaseModel):
    """Something that the pilot should look at; the screens put the code into words."""

    code: str
    values: dict[str, Any] = {}


class ProposedFileItem(BaseModel):
    """What is proposed for a file."""

    index: int
    """In the card's list."""
    kind: Kind
    lens: Lens | None
    recording: str | None
    part: int | None
    belongs_to: int | None
    """Index of the video that it is of."""
    began_at: UtcTime | None
    ended_at: UtcTime | None


class ProposedFlightItem(BaseModel):
    """Files of one sortie, in the order in which they should be sent."""

    files: list[ProposedFileItem]
    began_at: UtcTime | None
    ended_at: UtcTime | None
    doubts: list[DoubtItem]


class SkippedItem(BaseModel):
    """A file that is of no use here."""

    index: int
    reason: Literal["empty", "not_taken"]


class KnownFileItem(BaseModel):
    """A file that was sent before, or is yet to be."""

    index: int
    footage_id: uuid.UUID
    flight_id: uuid.UUID
    state: FootageState
    sure: bool
    """The content is the same; else name, size and time are."""
    upload_id: uuid.UUID | None
    """Of the upload that is to be gone on with; null: it was not begun, or is another's."""


class ProposalItem(BaseModel):
    """Of a whole card."""

    flights: list[ProposedFlightItem]
    skipped: list[SkippedItem]
    known: list[KnownFileItem]


class WantedFile(CardFileGiven):
    """A file as the pilot confirmed it."""

    kind: Literal["video", "telemetry", "still", "proxy"]
    lens: Lens | None = None
    recording: Annotated[str, StringConstraints(max_length=700)] | None = None
    part: Annotated[int, Field(ge=1, le=1000)] | None = None
    belongs_to: Annotated[int, Field(ge=0, lt=FILES_MAX)] | None = None
    """Place of the video in this flight's `files`."""


class WantedFlight(_Given):
    """A flight as the pilot confirmed it."""

    flight_id: uuid.UUID | None = None
    """Of a flight that is here already and gets these files too; null: a new one."""
    files: Annotated[list[WantedFile], Field(min_length=1, max_length=FILES_MAX)]
    doubts: Annotated[list[DoubtItem], Field(max_length=50)] = []


class WantedFlights(_Given):
    """What is to be sent."""

    flights: Annotated[list[WantedFlight], Field(min_length=1, max_length=200)]


class FlightItem(BaseModel):
    """A flight as the list and the stream give it."""

    model_config = ConfigDict(extra="ignore")

    flight_id: uuid.UUID
    version: int
    state: State
    pilot: str
    observer: str | None
    aircraft_id: uuid.UUID | None
    aircraft_name: str | None
    authorisation_id: uuid.UUID | None
    urgent_reason: str | None
    purpose: str | None
    legal_regime: Literal["lo_7_2021", "gdpr"]
    pixelated: bool
    take_off_at: UtcTime | None
    landed_at: UtcTime | None
    take_off_lat: float | None
    take_off_lon: float | None
    greatest_height_m: float | None
    length_m: float | None
    times_from: Literal["telemetry", "pilot"] | None
    doubts: list[DoubtItem]
    created_at: UtcTime
    created_by: str
    updated_at: UtcTime
    files: int
    files_ready: int
    files_refused: int
    files_erased: int
    videos: int
    bytes: int
    bytes_ready: int
    candidates: int
    confirmed: int
    analysis_id: uuid.UUID | None
    """Of the newest analysis, like the four that follow; null: it was never asked for."""
    analysis_state: AnalysisState | None
    analysis_stage: str | None
    analysis_progress: float | None
    analysis_error: str | None
    held: bool
    """A hold keeps its files beyond their time."""


class FlightPage(BaseModel):
    """Flights, the newest first."""

    items: list[FlightItem]
    next_cursor: str | None


class FlightHistoryItem(BaseModel):
    """A row of the log's history."""

    at: UtcTime
    actor: str
    action: str
    changed: dict[str, Any] | None
    reason: str | None


class FlightDetail(FlightItem):
    """All of a flight's log."""

    risk_assessment: str | None
    preflight: dict[str, Any]
    weather: str | None
    occurrences: str | None
    line_of_sight: bool | None
    landing_lat: float | None
    landing_lon: float | None
    track: list[tuple[UtcTime, float, float, float | None]] | None
    """time_utc, lon, lat, height above take-off."""
    closed_at: UtcTime | None
    may_change: bool
    """Whoever asks may change it."""
    history: list[FlightHistoryItem]


class FootageItem(BaseModel):
    """A file of a flight."""

    model_config = ConfigDict(extra="ignore")

    footage_id: uuid.UUID
    flight_id: uuid.UUID
    name: str
    folder: str
    bytes: int
    sha256: str | None
    media_type: str | None
    kind: Kind
    lens: Lens | None
    recording: str | None
    part: int | None
    belongs_to: uuid.UUID | None
    state: FootageState
    reason: str | None
    modified_at: UtcTime | None
    captured_from: UtcTime | None
    captured_to: UtcTime | None
    duration_s: float | None
    width_px: int | None
    height_px: int | None
    telemetry: dict[str, Any] | None
    sync_offset_s: float | None
    sync_quality: float | None
    received_at: UtcTime | None
    read_at: UtcTime | None
    erased_at: UtcTime | None
    has_pixelated: bool
    upload_id: uuid.UUID | None
    """Where it comes just now, and by whoever asks; null otherwise."""
    here_bytes: int
    """How much of it is here."""


class FootageList(BaseModel):
    """Files of a flight, in the order of time."""

    items: list[FootageItem]


class ConfirmedFlight(BaseModel):
    """A flight with its files, in the order in which they were given."""

    flight_id: uuid.UUID
    footage_ids: list[uuid.UUID]


class Confirmed(BaseModel):
    """What is awaited now."""

    flights: list[ConfirmedFlight]


class UnfinishedItem(BaseModel):
    """A file that is yet to be sent, in the order in which it should be."""

    footage_id: uuid.UUID
    flight_id: uuid.UUID
    name: str
    folder: str
    bytes: int
    kind: Kind
    modified_at: UtcTime | None
    sha256: str | None
    upload_id: uuid.UUID | None
    """Of an upload that was begun; null: it was not."""
    here_bytes: int


class UnfinishedList(BaseModel):
    """Files that whoever asks has yet to send; 2000 at most."""

    items: list[UnfinishedItem]


class SampleItem(BaseModel):
    """The aircraft and its camera at one moment."""

    footage_id: uuid.UUID
    at: UtcTime
    time_s: float | None
    lat: float | None
    lon: float | None
    rel_alt_m: float | None
    abs_alt_m: float | None
    gimbal_yaw_deg: float | None
    gimbal_pitch_deg: float | None
    gimbal_roll_deg: float | None
    focal_length_mm: float | None
    zoom: float | None


class SampleList(BaseModel):
    """Telemetry, thinned evenly to the number that was asked for."""

    items: list[SampleItem]
    every: int
    """One of so many rows is here."""
    rows: int
    """So many there are."""


class FlightChanges(_Given):
    """What the pilot writes into the log; what is not named stays, null empties."""

    version: int
    reason: fields.Line | None = None
    """Why; needed once the flight was flown."""
    observer: fields.Line | None = None
    aircraft_id: uuid.UUID | None = None
    authorisation_id: uuid.UUID | None = None
    urgent_reason: fields.Line | None = None
    purpose: fields.Line | None = None
    legal_regime: Literal["lo_7_2021", "gdpr"] = "lo_7_2021"
    pixelated: bool = True
    risk_assessment: fields.Prose | None = None
    weather: fields.Prose | None = None
    occurrences: fields.Prose | None = None
    line_of_sight: bool | None = None
    take_off_at: AwareDatetime | None = None
    landed_at: AwareDatetime | None = None


class FlightMove(_Given):
    """Files that belong into another flight."""

    version: int
    """Of the flight that they are in."""
    footage_ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=FILES_MAX)]
    into: uuid.UUID | None = None
    """Null: into a new flight."""


class FlightMerge(_Given):
    """Another flight of which all files belong here; it ceases to be."""

    version: int
    flight_id: uuid.UUID


class FlightDelete(_Given):
    """A draft with all its files, never to come back."""

    version: int
    reason: fields.Line
    confirm: Literal[True]


_CURSOR = TypeAdapter(tuple[AwareDatetime, uuid.UUID])


def cursor_after(row: dict[str, Any]) -> str:
    content = json.dumps([row["shown_at"].isoformat(), str(row["flight_id"])])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(text: str | None) -> tuple[datetime, uuid.UUID] | None:
    """Raise UnprocessableError where it is none of ours."""
    if text is None:
        return None
    try:
        return _CURSOR.validate_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValidationError, ValueError):
        raise problems.UnprocessableError("cursor: not one that this list gave") from None
