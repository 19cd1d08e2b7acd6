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


class ListedCamera(CameraItem):
    """A camera in the list."""

    may_watch: bool
    """Whether who asks may watch it; the stream does not say it, for it is the same for all."""


class CameraList(BaseModel):
    """All cameras by name."""

    items: list[ListedCamera]
