"""What the viewing routes take and give."""

import uuid
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from control_room import fields
from wire.identifiers import Identifier
from wire.message import UtcTime

CAMERAS_MOST = 5000


class CameraName(BaseModel):
    """A camera is known by its device and its own name."""

    model_config = ConfigDict(extra="forbid")

    device_id: Identifier
    camera_id: Identifier


class WatchedCameras(BaseModel):
    """What a user may watch."""

    model_config = ConfigDict(extra="forbid")

    all: bool = True
    """Every camera, also those that are still to come; false: those of the list."""
    cameras: list[CameraName] = Field(default=[], max_length=CAMERAS_MOST)
    flights: bool = True
    """What any drone or telephone films; false: only flights and sources of this pilot."""

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if self.all and self.cameras:
            raise PydanticCustomError("list_beside_all", "a list of cameras goes with all = false")
        return self


class WatchedCamerasOfUser(WatchedCameras):
    """The same, of whom."""

    user: str


class NewViewingReason(BaseModel):
    """Why somebody wants to look at recordings of people."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    cameras: list[CameraName] = Field(default=[], max_length=64)
    sources: list[uuid.UUID] = Field(default=[], max_length=64)
    """Live sources: drones and telephones."""
    flights: list[uuid.UUID] = Field(default=[], max_length=64)
    from_: AwareDatetime | None = Field(default=None, alias="from")
    """Beginning of the span; null: from the first picture on."""
    to: AwareDatetime | None = None
    """Its end; null: up to the present."""
    object: fields.Line
    """What is looked into: a case, a complaint, an alert."""
    reason: fields.Line

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if not (self.cameras or self.sources or self.flights):
            raise PydanticCustomError("nothing_named", "name at least one camera, source or flight")
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise PydanticCustomError("ends_before_it_begins", "to must not lie before from")
        return self


class GivenViewingReason(BaseModel):
    """It opens what it names, until then."""

    model_config = ConfigDict(populate_by_name=True)

    from_: UtcTime | None = Field(alias="from")
    to: UtcTime | None
    object: str
    reason: str
    expires_at: UtcTime


class ViewingReasonItem(GivenViewingReason):
    """One that lasts."""

    reason_id: uuid.UUID
    user: str
    watched: list[str]
    """`camera/DEVICE/CAMERA`, `source/ID`, `flight/ID` or `event/DEVICE/ID`."""
    given_at: UtcTime


class ViewingReasonList(BaseModel):
    """Those of this session, the newest first."""

    items: list[ViewingReasonItem]
