"""What the routes of aircraft take and give."""

import uuid
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from control_room import fields
from vision.georeference.camera import CalibrationError, of_calibration
from wire.message import UtcTime

EuClass = Literal["C0", "C1", "C2", "C3", "C4", "C5", "C6", "legacy"]
RecordKind = Literal["defect", "repair", "inspection", "configuration"]
Hours = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Calibration(BaseModel):
    """A calibrated lens, as `talaia-room georeference --calibration` takes it."""

    model_config = ConfigDict(extra="ignore")

    width_px: int
    height_px: int
    camera_matrix: list[list[float]]
    """fx 0 cx / 0 fy cy / 0 0 1, in px of a picture of that size."""
    distortion: list[float] = []
    """k1, k2, p1, p2, k3."""

    @model_validator(mode="after")
    def _is_a_lens(self) -> "Calibration":
        try:
            of_calibration(self.model_dump(), "calibration")
        except CalibrationError as error:
            raise ValueError(str(error)) from None
        return self


class NewAircraft(_Given):
    """A drone of the unit."""

    name: fields.Line
    make: fields.Line | None = None
    model: fields.Line | None = None
    serial_number: fields.Line | None = None
    eu_class: EuClass | None = None
    remote_id: fields.Line | None = None
    camera_model: fields.Line | None = None
    """As `talaia-room georeference --camera-model` knows it; null: each file says its own."""
    calibration: Calibration | None = None
    """Of its wide lens; its places are then the surer."""
    hours_before: Hours = 0
    """Flown before this log began."""
    note: fields.Prose | None = None


class AircraftChanges(NewAircraft):
    """All that can be said of it, as it shall be."""

    version: int
    retired: bool = False


class AircraftItem(BaseModel):
    """A drone with what it has flown."""

    aircraft_id: uuid.UUID
    version: int
    name: str
    make: str | None
    model: str | None
    serial_number: str | None
    eu_class: EuClass | None
    remote_id: str | None
    camera_model: str | None
    calibration: Calibration | None
    hours_before: float
    note: str | None
    created_at: UtcTime
    created_by: str
    retired_at: UtcTime | None
    flights: int
    hours: float
    """With those before this log."""
    last_at: UtcTime | None
    open_defects: int
    grounded: bool
    """An open defect with which it must not fly."""


class AircraftList(BaseModel):
    """Those in use first, by name; 200 at most."""

    items: list[AircraftItem]


class NewBattery(_Given):
    """A battery of the unit."""

    name: fields.Line
    serial_number: fields.Line | None = None
    aircraft_id: uuid.UUID | None = None
    """Null: for several."""
    cycles_before: Annotated[int, Field(ge=0, le=100_000)] = 0
    hours_before: Hours = 0
    cycles_limit: Annotated[int, Field(gt=0, le=100_000)] | None = None


class BatteryChanges(NewBattery):
    """All that can be said of it, as it shall be."""

    version: int
    retired: bool = False


class BatteryItem(BaseModel):
    """A battery with its cycles and hours."""

    battery_id: uuid.UUID
    version: int
    name: str
    serial_number: str | None
    aircraft_id: uuid.UUID | None
    aircraft_name: str | None
    cycles_before: int
    hours_before: float
    cycles_limit: int | None
    created_at: UtcTime
    created_by: str
    retired_at: UtcTime | None
    cycles: int
    hours: float
    last_at: UtcTime | None


class BatteryList(BaseModel):
    """Those in use first, by name; 500 at most."""

    items: list[BatteryItem]


class NewRecord(_Given):
    """A defect, repair, inspection or change of configuration."""

    kind: RecordKind
    found_at: AwareDatetime
    what: fields.Prose
    battery_id: uuid.UUID | None = None
    flight_id: uuid.UUID | None = None
    grounds: bool = False
    """A defect with which it must not fly."""

    @model_validator(mode="after")
    def _only_defects_ground(self) -> "NewRecord":
        if self.grounds and self.kind != "defect":
            raise PydanticCustomError("no_defect", "only a defect grounds an aircraft")
        return self


class Settled(_Given):
    """How a defect was mended."""

    how: fields.Prose


class RecordItem(BaseModel):
    """What was written of an aircraft."""

    record_id: uuid.UUID
    aircraft_id: uuid.UUID
    battery_id: uuid.UUID | None
    battery_name: str | None
    flight_id: uuid.UUID | None
    kind: RecordKind
    found_at: UtcTime
    what: str
    grounds: bool
    added_at: UtcTime
    added_by: str
    settled_at: UtcTime | None
    settled_by: str | None
    settled_how: str | None


class RecordPage(BaseModel):
    """The newest first."""

    items: list[RecordItem]
    next_cursor: uuid.UUID | None
