"""What the routes of recordings, clips and going back take and give."""

import uuid
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from control_room import fields
from control_room.media.address import rtsp_address
from wire.message import UtcTime

RecordingRefusal = Literal[
    "no-ground", "flight-closed", "permission-not-yet", "permission-over", "permission-revoked", "ended", "away", "disk"
]
"""Why a source is not recorded now.

`no-ground`: it names neither a flight nor a permission; `away`: the process for live video is away; `disk`: what
it sends cannot be written.
"""


class LiveRecordingItem(BaseModel):
    """A file of a source's live recording."""

    live_recording_id: uuid.UUID
    recording_id: uuid.UUID
    """Of all files from the beginning of its sending to the end."""
    part: int
    source_id: uuid.UUID
    flight_id: uuid.UUID | None
    authorisation_id: uuid.UUID | None
    footage_id: uuid.UUID | None
    """The flight's file that it is; null: it is of no flight."""
    bytes: int
    captured_from: UtcTime
    """Server's clock, like `captured_to`: when the pictures came."""
    captured_to: UtcTime
    width_px: int
    height_px: int
    pictures: int
    transcoded: bool
    """It was sent as H.265 and coded again: not as it was sent."""
    received_at: UtcTime
    erased_at: UtcTime | None
    url: str | None
    """Null where it is erased."""


class LiveRecordingPage(BaseModel):
    """Files of a source, the newest first, and whether more is being recorded."""

    items: list[LiveRecordingItem]
    next_cursor: str | None
    recording: bool
    """Now; what is being recorded is listed when its file is finished, after minutes."""
    refusal: RecordingRefusal | None
    """Why not, or why it would not be when it sends; null: it is, or will be."""
    fault: str | None
    """Why it cannot be fetched or written, in one line."""
    fetch_fault: str | None
    """Why it cannot be fetched; null: it is, or sends by itself."""
    lines_refused: int
    """Positions that it told beside its video and that could not be used."""


class LivePull(BaseModel):
    """Where a source is fetched from."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, Field(max_length=1000), AfterValidator(rtsp_address)]
    """`rtsp://USER:PASSWORD@HOST:PORT/PATH`; it is not shown again."""


class WantedLiveClip(BaseModel):
    """How much of what one watches becomes evidence."""

    model_config = ConfigDict(extra="forbid")

    seconds_before: float = Field(default=30.0, ge=0, le=60, allow_inf_nan=False)
    seconds_after: float = Field(default=0.0, ge=0, le=300, allow_inf_nan=False)
    note: fields.Line | None = None
    alert_id: uuid.UUID | None = None
    """Beside whose evidence it is shown and kept. An open one of the camera is its reason; else one is needed."""


class LiveClipFile(BaseModel):
    """What came of a clip."""

    evidence_id: uuid.UUID
    sha256: str
    bytes: int
    captured_from: UtcTime
    captured_to: UtcTime
    received_at: UtcTime | None
    url: str | None
    """Null: it is still on its way, or erased."""


class LiveClipItem(BaseModel):
    """A clip, and what came of it."""

    clip_id: uuid.UUID
    device_id: str | None
    camera_id: str | None
    source_id: uuid.UUID | None
    alert_id: uuid.UUID | None
    clip_from: UtcTime
    clip_to: UtcTime
    note: str | None
    asked_by: str
    asked_at: UtcTime
    state: Literal["waiting", "ordered", "ready", "failed"]
    """`waiting`: it is still being filmed; `ordered`: the camera's own recording is fetched from its device."""
    in_memory: bool
    """The room keeps what it had in memory too, should the device have no recording."""
    command_id: uuid.UUID | None
    error: str | None
    ended_at: UtcTime | None
    evidence: list[LiveClipFile]
