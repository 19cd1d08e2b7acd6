"""What a device says of itself: `status` (also its last will), `metrics`, `positions`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from wire.event import Location, Share
from wire.identifiers import Identifier
from wire.live import StreamName
from wire.message import Message, Part, UtcTime

CameraState = Literal["live", "dark", "starting", "refused"]
"""`dark`: it is configured, but no picture comes; `refused`: its configuration or its law forbids to look."""
LegalRegime = Literal["lo_7_2021", "gdpr"]
AlarmCode = Literal[
    "disk_full",
    "recording_stalled",
    "worker_faulted",
    "model_changed",
    "clock_off",
    "queue_full",
    "outbox_large",
    "configuration_refused",
    "upload_failing",
]


class Alarm(Part):
    """Something is wrong with the device itself that somebody should see to; texts for people are the room's."""

    code: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    """One of `AlarmCode`, or of a newer agent."""
    subject: str = Field(default="", max_length=128)
    """The camera or the part of the agent that it concerns; empty: the device."""
    parameters: dict[str, str | int | float] = Field(default={}, max_length=8)
    """What its text needs, like `free_mib` or `reason`."""
    since: UtcTime
    """The device's clock."""


class PtzPreset(Part):
    """A view that the camera itself remembers."""

    token: str = Field(min_length=1, max_length=100)
    name: str = Field(default="", max_length=100)


class PtzStatus(Part):
    """Of a camera that can be turned."""

    state: Literal["home", "moving", "away", "unknown"]
    """`away`: it stands still and does not look where it usually does; `unknown`: since it started nobody turned it."""
    since: UtcTime
    home: bool = False
    """Whether it knows a place to return to."""
    presets: list[PtzPreset] = Field(default=[], max_length=100)
    trouble: str = Field(default="", max_length=300)
    """Why it does not obey, in a few words."""


class LiveStream(Part):
    """A camera's pictures on their way to the room, because somebody watches."""

    stream: StreamName
    """As it was asked for."""
    state: Literal["connecting", "live"]
    since: UtcTime
    transcoded: str = Field(default="", max_length=200)
    """Why its pictures are coded again; empty: they are not."""
    trouble: str = Field(default="", max_length=300)
    """Why it is not there yet, in a few words."""


class CameraStatus(Part):
    """One camera of the device as it stands."""

    camera_id: Identifier
    name: str = Field(min_length=1, max_length=200)
    state: CameraState
    reason: str = Field(default="", max_length=500)
    """Why it is not live, or of a live one what it cannot do meanwhile, such as a drone's that flies."""
    since: UtcTime
    """The device's clock, when the camera came to this state."""
    last_frame_at: UtcTime | None = None
    location: Location | None = None
    purpose: str = Field(default="", max_length=1000)
    legal_regime: LegalRegime | None = None
    staged: bool = False
    """It replays staged footage."""
    live: list[LiveStream] = Field(default=[], max_length=2)
    """What is sent of it now."""
    ptz: PtzStatus | None = None
    """Null: it cannot be turned."""


class StatusMessage(Message):
    """Whether the device is there. Retained; the broker sends the last will, with `online` false, in its place."""

    SCHEMA: ClassVar[str] = "talaia.status"
    VERSION: ClassVar[int] = 1

    message_id: UUID
    device_id: Identifier
    sent_at: UtcTime
    """The device's clock; of a last will, when the device connected."""
    online: bool
    version: str = Field(max_length=100)
    reason: str = Field(default="", max_length=500)
    cameras: list[CameraStatus] = Field(default=[], max_length=1000)
    alarms: list[Alarm] = Field(default=[], max_length=1000)
    """Those that stand now."""


class CameraMetrics(Part):
    """Rates and counts of one camera since the last message."""

    camera_id: Identifier
    fps_read: float = Field(ge=0)
    fps_analysed: float = Field(ge=0)
    frames_skipped: int = Field(ge=0)
    """Frames that were due for analysis and were dropped because it was behind."""
    motion_share: Share
    """Share of the analysed frames in which something moved."""
    inference_ms: float | None = Field(ge=0)
    """Median of one run of the detector; null where it did not run."""
    live_kbit_s: float = Field(default=0.0, ge=0)
    """Sent to the room because somebody watches."""
    live_dropped: int = Field(default=0, ge=0)
    """Packets of it that were left out, because the way to the room could not follow."""
    silenced: dict[str, int] = Field(default={}, max_length=100)
    """Occurrences that were not told, by `rule: name of the expected activity` or `rule: cool_down`."""


class MetricsMessage(Message):
    """How the device fares; lost ones do not matter."""

    SCHEMA: ClassVar[str] = "talaia.metrics"
    VERSION: ClassVar[int] = 1

    device_id: Identifier
    sent_at: UtcTime
    cameras: list[CameraMetrics] = Field(default=[], max_length=1000)
    outbox_pending: int = Field(ge=0)
    evidence_pending: int = Field(ge=0)
    clock_offset_s: float | None = None
    """Device minus room, where it was measured."""
    disk_free_bytes: int = Field(ge=0)
    temperature_c: float | None = None
    refused_commands: dict[str, int] = Field(default={}, max_length=20)
    """Since the agent's start, by reason: `forged`, `stale`, `replayed`, `other_device`, ..."""
    configuration_version: int | None = Field(default=None, ge=1, lt=2**31)
    """Of the configuration that the room pushed and the device follows; null: it follows its own file alone."""
    certificate_expires_at: UtcTime | None = None
    """Of its TLS certificate; null: it has none."""


Finite = Annotated[float, Field(allow_inf_nan=False)]
Corner = tuple[
    Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)],
    Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)],
]
"""lat, lon."""


class PositionMessage(Message):
    """Where a drone or ground station is, and what its camera looks at."""

    SCHEMA: ClassVar[str] = "talaia.position"
    VERSION: ClassVar[int] = 1

    device_id: Identifier
    at: UtcTime
    """The device's clock, when the position came from the aircraft."""
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    accuracy_m: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """One standard deviation, where the aircraft tells it."""
    relative_altitude_m: Finite | None = None
    """Above the point of take-off."""
    absolute_altitude_m: Finite | None = None
    heading_deg: Finite | None = None
    """Of the aircraft's nose from true north, -180 to 180."""
    speed_m_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Over the ground."""
    gimbal_yaw_deg: Finite | None = None
    gimbal_pitch_deg: Finite | None = None
    gimbal_roll_deg: Finite | None = None
    view_deg: float | None = Field(default=None, gt=0, lt=180, allow_inf_nan=False)
    """Angle from the left to the right edge of its picture, as it is zoomed; null: its lens is not known."""
    camera_id: Identifier | None = None
    hovers: bool | None = None
    """Whether rules that need a still picture work; null: nobody looks at its picture."""
    footprint: list[Corner] = Field(default=[], max_length=8)
    """Where the picture's corners lie on the ground, in order round it; empty where that is not known, or too far."""
