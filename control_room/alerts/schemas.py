"""What the alert routes take and give."""

import math
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from control_room import fields, paging, problems
from control_room.alerts.service import Box
from control_room.alerts.states import CloseReason, State
from control_room.cameras.schemas import Place
from wire.message import UtcTime

Severity = Literal["info", "low", "medium", "high", "critical"]


class ObjectItem(BaseModel):
    """A thing, person or vehicle of the event; the thing first."""

    role: Literal["thing", "actor", "vehicle", "other"]
    label: str
    track_id: int | None
    confidence: float
    box: tuple[float, float, float, float]
    """[x1, y1, x2, y2] in 0..1 of the picture."""


class AlertItem(BaseModel):
    """An alert as the list and the stream give it."""

    alert_id: uuid.UUID
    event_id: uuid.UUID
    rule: str
    camera_id: str | None
    """Null: of no camera, a finding in the footage of the flight that `attributes` name."""
    camera_name: str | None
    device_id: str
    severity: Severity
    state: State
    version: int
    """Counts the acts of people on it."""
    opened_at: UtcTime
    """Device's clock."""
    received_at: UtcTime
    """Server's clock."""
    over_since: UtcTime | None
    """When the event ended (device); that does not close its alert."""
    shelved_until: UtcTime | None
    close_reason: CloseReason | None
    confidence: float
    zone: str | None
    location: Place | None
    staged: bool
    snapshot_url: str | None
    """Null until the file has arrived, and where one may not watch the camera, as with the other two."""
    snapshot_annotated_url: str | None
    clip_url: str | None
    objects: list[ObjectItem]
    time_fault: Literal["late", "future"] | None
    """Its device's clock was over 40 days behind (late) or an hour ahead (future): its times are those of arrival."""


class EvidenceItem(BaseModel):
    """A file that a message of the event announced."""

    evidence_id: uuid.UUID
    kind: str
    media_type: str
    sha256: str
    bytes: int
    captured_from: UtcTime | None
    captured_to: UtcTime | None
    available: bool
    """Whether the file has arrived."""
    url: str | None


class HistoryItem(BaseModel):
    """Who did what."""

    at: UtcTime
    actor: str
    action: str
    """`opened`, `over` (the event ended), `acknowledged`, `shelved`, `unshelved`, `closed`, `reopened`, `note`."""
    reason: str | None
    note: str | None


class ModelItem(BaseModel):
    """The detection model that was at work."""

    name: str
    sha256: str


class AlertDetail(AlertItem):
    """An alert with its evidence and history."""

    evidence: list[EvidenceItem]
    history: list[HistoryItem]
    attributes: dict[str, Any]
    """By rule; units in the names."""
    model: ModelItem | None
    traces: list[uuid.UUID] = []
    """Where tracing is on: by which a collector knows the ways of the event's messages, the first first, 20 at most."""


class AlertPage(BaseModel):
    """Alerts, the newest first."""

    items: list[AlertItem]
    next_cursor: str | None
    """For the next, older page; null on the last."""


class _Act(BaseModel):
    """The four keys are allowed in each act; what one does not need may be null or absent."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    """Of the alert as it was seen."""
    reason: fields.Line | None = None
    note: fields.Prose | None = None
    until: AwareDatetime | None = None


class Acknowledge(_Act):
    """I am looking at it."""

    until: None = None


class Shelve(_Act):
    """Not now."""

    until: AwareDatetime
    """To come, 24 hours away at most."""


class Close(_Act):
    """It is judged."""

    reason: CloseReason
    until: None = None


class Reopen(_Act):
    """The judgement was wrong."""

    reason: fields.Line
    until: None = None


class Note(_Act):
    """Something to remember."""

    note: fields.Prose
    until: None = None


class BadBoxError(problems.UnprocessableError):
    """`box` is west,south,east,north in degrees WGS 84, west before east and south before north."""

    name = "bad-box"


_BOX_NUMBERS = 4


def read_box(text: str | None) -> Box | None:
    """Raises `BadBoxError`."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise BadBoxError from None
    if len(numbers) != _BOX_NUMBERS or not all(math.isfinite(number) for number in numbers):
        raise BadBoxError
    box = Box(*numbers)
    if not (-180 <= box.west < box.east <= 180 and -90 <= box.south < box.north <= 90):  # noqa: PLR2004 - the globe
        raise BadBoxError
    return box


_CURSOR = paging.Cursor(TypeAdapter(tuple[AwareDatetime, uuid.UUID]))


def cursor_after(item: dict[str, Any]) -> str:
    """The cursor of the page that begins after `item`."""
    return _CURSOR.after((item["opened_at"], item["alert_id"]))


def read_cursor(cursor: str | None) -> tuple[datetime, uuid.UUID] | None:
    """Raises `BadCursorError`."""
    return _CURSOR.read(cursor)
