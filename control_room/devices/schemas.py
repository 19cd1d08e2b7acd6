"""What the device routes give."""

from pydantic import BaseModel

from wire.message import UtcTime


class DeviceItem(BaseModel):
    """A device as the list and the stream give it."""

    device_id: str
    name: str
    online: bool
    """What its last status, or its last will, said."""
    last_seen: UtcTime | None
    """When its last message arrived (server)."""
    version: str | None
    clock_offset_s: float | None
    """Device minus room."""
    pending: int | None
    """Messages in its outbox that were not acked when it last said so."""


class DeviceList(BaseModel):
    """All devices by name."""

    items: list[DeviceItem]
