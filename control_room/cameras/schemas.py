"""What the camera routes give."""

from typing import Literal

from pydantic import BaseModel

from wire.message import UtcTime


class Place(BaseModel):
    """WGS 84, degrees."""

    lat: float
    lon: float
    accuracy_m: float | None


class CameraItem(BaseModel):
    """A camera as the list and the stream give it."""

    camera_id: str
    """Unique within its device."""
    device_id: str
    name: str
    state: Literal["live", "dark", "offline", "unknown"]
    """`dark`: its device says that no pictures come; `offline`: its device is away."""
    reason: str | None
    since: UtcTime | None
    location: Place | None
    purpose: str | None
    legal_regime: str | None
    staged: bool
    last_frame_at: UtcTime | None


class CameraKey(BaseModel):
    """Which camera."""

    device_id: str
    camera_id: str


class CameraList(BaseModel):
    """All cameras by name."""

    items: list[CameraItem]
    not_watched: list[CameraKey]
    """Those that who asks may not watch. Not in the items, which the stream gives to all alike."""
