"""What the routes of positions give."""

from pydantic import BaseModel

from control_room.cameras.schemas import Place
from wire.message import UtcTime

Corner = tuple[float, float]
"""lat, lon."""


class LastPositionItem(BaseModel):
    """A drone or ground station where it is, or was last, as the list and the stream give it."""

    device_id: str
    name: str
    camera_id: str | None
    """Which of its cameras flies there."""
    camera_name: str | None
    online: bool
    at: UtcTime
    """When it was there."""
    location: Place
    relative_altitude_m: float | None
    """Above take-off."""
    heading_deg: float | None
    """Of the nose from true north, -180 to 180."""
    speed_m_s: float | None
    gimbal_yaw_deg: float | None
    """From true north, clockwise."""
    gimbal_pitch_deg: float | None
    """0 at the horizon, -90 straight down."""
    view_deg: float | None
    """From the left to the right edge of its picture; null: its lens is not known."""
    hovers: bool | None
    """Whether its rules that need a still picture work."""
    footprint: list[Corner]
    """The corners of its picture on the ground, in order round it; empty where that is not known."""


class LastPositionList(BaseModel):
    """Those that told a place in the last 24 h."""

    items: list[LastPositionItem]


class Position(BaseModel):
    """One place of a flight."""

    at: UtcTime
    camera_id: str | None
    lat: float
    lon: float
    accuracy_m: float | None
    relative_altitude_m: float | None
    absolute_altitude_m: float | None
    heading_deg: float | None
    speed_m_s: float | None
    gimbal_yaw_deg: float | None
    gimbal_pitch_deg: float | None
    gimbal_roll_deg: float | None
    view_deg: float | None
    hovers: bool | None
    footprint: list[Corner]


class PositionPage(BaseModel):
    """In order of time."""

    items: list[Position]
    next_cursor: str | None
