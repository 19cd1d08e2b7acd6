"""What every telemetry format is read into. Degrees are WGS 84 for places; a field is None where the file is silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class UtcSource(StrEnum):
    """How `time_utc` is known, the most trustworthy first."""

    GNSS = "gnss"
    """Satellite time, or a clock that the format defines as UTC (MISB ST 0601)."""
    FILE_UTC = "file_utc"
    """The file writes its times as UTC."""
    FILE_OFFSET = "file_offset"
    """The file writes a local time and its offset from UTC."""
    STATION_CLOCK = "station_clock"
    """The clock of the computer that recorded."""
    ASSUMED_ZONE = "assumed_zone"
    """A local time without a zone: the town's was assumed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the ground or in the air."""

    lat: float
    lon: float
    abs_alt_m: float | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """Which camera, where the file tells; sizes are those of its picture."""

    make: str | None = None
    model: str | None = None
    width_px: int | None = None
    height_px: int | None = None


@dataclass(slots=True)
class Sample:
    """The aircraft and its camera at one moment. To be read only: not frozen because a flight has a million of them."""

    row: int
    """Cue, packet, line or point of the file, counted from 1 (cues: the number written in the file)."""
    time_s: float | None = None
    """Time in the video, seconds from its first frame. Of formats that know no video: from their first row."""
    end_s: float | None = None
    """Until when the row holds, where the file says so (the end of a subtitle)."""
    frame: int | None = None
    """The file's own number of the video frame (`FrameCnt`, `SrtCnt`), which may begin anywhere."""
    time_utc: datetime | None = None
    utc_source: UtcSource | None = None

    lat: float | None = None
    lon: float | None = None
    rel_alt_m: float | None = None
    """Above the point of take-off."""
    abs_alt_m: float | None = None
    """Above sea level or the ellipsoid: which of both, most files do not say. Never to be mixed with a DEM."""

    gimbal_yaw_deg: float | None = None
    """From true north, clockwise, -180..180; of the optical axis, not of the aircraft."""
    gimbal_pitch_deg: float | None = None
    """From the horizon: 0 looks out, -90 straight down."""
    gimbal_roll_deg: float | None = None
    """Clockwise."""
    platform_yaw_deg: float | None = None
    platform_pitch_deg: float | None = None
    """Nose up is positive."""
    platform_roll_deg: float | None = None
    """Right wing down is positive."""

    focal_length_mm: float | None = None
    """As the file has it: of DJI's subtitles the 35 mm equivalent, of stills the true one."""
    focal_length_equivalent_mm: float | None = None
    """For a frame of 36 x 24 mm, where the file tells."""
    zoom: float | None = None
    """Digital zoom, 1 is none."""
    horizontal_view_deg: float | None = None
    """Angle from the left to the right edge of the picture."""
    vertical_view_deg: float | None = None

    slant_range_m: float | None = None
    """From the camera to what is in the centre of the picture."""
    frame_centre: Place | None = None
    frame_corners: tuple[Place, Place, Place, Place] | None = None
    """Where the upper left, upper right, lower right and lower left corner of the picture lie on the ground."""
    home: Place | None = None
    """Where the aircraft took off, where the row says so."""
    position_error_m: float | None = None
    """The file's own horizontal accuracy (one standard deviation, or what it calls accuracy)."""
    satellites: int | None = None

    image: str | None = None
    """The still's file name."""
    camera: Camera | None = None
    notes: tuple[str, ...] = ()
    """What is doubtful about this row, each in a few words: `position jumps`, `time goes backwards`."""
