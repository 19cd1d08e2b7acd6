"""What the device routes give."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from control_room import fields
from wire.identifiers import Identifier
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


class RegisteredDevice(DeviceItem):
    """A device as the registry shows it, with how it fares."""

    place: str | None
    owner: str | None
    purpose: str | None
    created_at: UtcTime
    revoked_at: UtcTime | None
    """Since when nothing of it is accepted."""
    enrolled_at: UtcTime | None
    """Null: it has no key of its own, only a token that somebody carried there."""
    certificate_expires_at: UtcTime | None
    other_keys: bool
    """It was enrolled with other keys than this room has now: it obeys nothing until it is enrolled anew."""
    measured_at: UtcTime | None
    """When its last measurement arrived (server): of that are disk, temperature, commands and configuration."""
    disk_free_bytes: int | None
    temperature_c: float | None
    refused_commands: dict[str, int]
    """Commands that it did not obey, by reason, since its agent's start."""
    reported_configuration: int | None
    """The version that it says it follows; null: its own file alone."""
    current_configuration: int | None
    """The newest version that it confirmed."""
    pending_configuration: int | None
    """The newest version that it has not answered."""
    cameras: int
    cameras_dark: int
    """That show nothing now."""


class CameraHealth(BaseModel):
    """One camera of a device."""

    camera_id: str
    name: str
    state: Literal["live", "dark", "offline", "unknown"]
    reason: str | None
    since: UtcTime | None
    """In this state."""
    last_frame_at: UtcTime | None


class DeviceDetail(RegisteredDevice):
    """One device with its cameras, those that show nothing first."""

    camera_list: list[CameraHealth]


class DevicePage(BaseModel):
    """One page of devices by name."""

    items: list[RegisteredDevice]
    next_cursor: str | None


class NewDevice(BaseModel):
    """A device that is to speak to this room."""

    model_config = ConfigDict(extra="forbid")

    device_id: Identifier
    name: fields.ShortLine
    place: fields.ShortLine | None = None
    owner: fields.ShortLine | None = None
    purpose: fields.Line | None = None


class DeviceChanges(BaseModel):
    """What is to be written of a device; what is missing stays."""

    model_config = ConfigDict(extra="forbid")

    name: fields.ShortLine = ""
    place: fields.ShortLine | None = None
    owner: fields.ShortLine | None = None
    purpose: fields.Line | None = None


class Revocation(BaseModel):
    """Why a device may not speak any more."""

    model_config = ConfigDict(extra="forbid")

    reason: fields.Line
