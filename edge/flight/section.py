"""The table `[camera.drone]` of the agent's file."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from vision.georeference import cameras

_TELEMETRY = "udp://ADDRESS:PORT (MAVLink), serial:/dev/NAME (MAVLink), klv, klv:ADDRESS, or log:FILE"
_PORT_MAX = 65535
Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\r\n]*$")]


def _fault(got: str, allowed: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "got {got}; allowed: {allowed}", {"got": got, "allowed": allowed, "key": ""})


class DroneSection(BaseModel):
    """From whom positions and angles come, and what is known of the lens."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    telemetry: Text
    baud: int = Field(default=57_600, ge=1200, le=4_000_000)
    """Of a serial line."""
    system_id: int | None = Field(default=None, ge=1, le=255)
    """Of the aircraft that is listened to; None: the first that tells a place."""
    calibration: Text | None = None
    camera_model: Text | None = None
    view_deg: float | None = Field(default=None, gt=1, lt=170)
    """Angle from the left to the right edge of the picture."""
    mount_yaw_deg: float | None = Field(default=None, ge=-180, le=180)
    """Of a camera without a gimbal: from the aircraft's nose, clockwise."""
    mount_pitch_deg: float | None = Field(default=None, ge=-90, le=90)
    """Likewise from the aircraft's level; -90 looks straight down."""
    picture_delay_s: float = Field(default=0.0, ge=-5, le=30)
    """How much later a picture comes than the positions of its moment."""
    positions_per_s: float = Field(default=1.0, gt=0, le=10)

    @field_validator("telemetry")
    @classmethod
    def _is_known(cls, telemetry: str) -> str:
        if not _is_source(telemetry):
            raise _fault(repr(telemetry), _TELEMETRY)
        return telemetry

    @field_validator("camera_model")
    @classmethod
    def _is_in_the_table(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                cameras.find(name)
            except cameras.UnknownModelError as error:
                raise _fault(repr(name), str(error).partition("allowed: ")[2]) from None
        return name

    @model_validator(mode="after")
    def _mount_is_whole(self) -> Self:
        if (self.mount_yaw_deg is None) != (self.mount_pitch_deg is None):
            raise _fault("one of mount_yaw_deg and mount_pitch_deg", "both, or neither")
        return self

    @model_validator(mode="after")
    def _one_lens(self) -> Self:
        given = [name for name in ("calibration", "camera_model", "view_deg") if getattr(self, name) is not None]
        if len(given) > 1:
            raise _fault(" and ".join(given), "one of calibration, camera_model and view_deg, or none of them")
        return self


def _is_source(telemetry: str) -> bool:
    kind, _, rest = telemetry.partition(":")
    if kind == "udp":
        try:
            parts = urlsplit(telemetry)
            return bool(parts.hostname) and 0 < (parts.port or 0) <= _PORT_MAX and parts.path in {"", "/"}
        except ValueError:
            return False
    if kind == "serial":
        return rest.startswith("/dev/")
    return telemetry == "klv" or (kind in {"klv", "log"} and bool(rest.strip()))
