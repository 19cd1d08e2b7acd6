"""What the stream's events carry, for OpenAPI."""

from pydantic import BaseModel

from control_room.alerts.schemas import AlertItem
from control_room.cameras.schemas import CameraItem
from control_room.devices.schemas import DeviceItem
from control_room.positions.schemas import LastPositionItem
from wire.message import UtcTime


class Snapshot(BaseModel):
    """`event: snapshot`: how everything is now."""

    alerts: list[AlertItem]
    """Not closed, the newest first, 2000 at most; none for pilots."""
    cameras: list[CameraItem]
    devices: list[DeviceItem]
    positions: list[LastPositionItem]
    """Drones at their last place, of the last 24 h."""


class Heartbeat(BaseModel):
    """`event: heartbeat`, every 10 s."""

    at: UtcTime
    """Server's clock."""
