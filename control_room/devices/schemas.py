"""What the device routes give."""

from pydantic import BaseModel

from wire.message import UtcTime


class AlarmItem(BaseModel):
    """Something is wrong with the device itself that somebody should see to."""

    code: str
    """One of `wire.device.AlarmCode`, or of a newer agent."""
    subject: str
    """Its camera or the part of it that this concerns; empty: the whole."""
    parameters: dict[str, str | int | float]
    """What the text of the code needs."""
    since: UtcTime
    """By the device's clock."""


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
    alarms: list[AlarmItem]
    """What it last said of itself, oldest first; empty where all is well."""


class DeviceList(BaseModel):
    """All devices by name."""

    items: list[DeviceItem]
