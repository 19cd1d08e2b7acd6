"""What the hold routes take and give."""

import uuid
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from control_room import fields
from control_room.holds.service import Wanted
from wire.identifiers import Identifier
from wire.message import UtcTime

ObjectKind = Literal["alert", "evidence", "camera", "flight"]
State = Literal["open", "expired", "released"]
"""It protects; its time is over; somebody let go of it."""


class _Object(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class HeldAlert(_Object):
    """An alert with its messages and files."""

    kind: Literal["alert"]
    alert_id: uuid.UUID

    def wanted(self) -> Wanted:
        return Wanted(object_kind=self.kind, alert_id=self.alert_id)


class HeldEvidence(_Object):
    """A file, and the alert that it belongs to with all of it."""

    kind: Literal["evidence"]
    evidence_id: uuid.UUID

    def wanted(self) -> Wanted:
        return Wanted(object_kind=self.kind, evidence_id=self.evidence_id)


class HeldCamera(_Object):
    """Every alert of a camera that began or lasted in a span, and every file captured in it."""

    kind: Literal["camera"]
    device_id: Identifier
    camera_id: Identifier
    held_from: Annotated[AwareDatetime, Field(alias="from")]
    held_to: Annotated[AwareDatetime, Field(alias="to")]

    def wanted(self) -> Wanted:
        return Wanted(
            object_kind=self.kind,
            device_id=self.device_id,
            camera_id=self.camera_id,
            held_from=self.held_from,
            held_to=self.held_to,
        )


class HeldFlight(_Object):
    """A flight's log, its files and what was found in them."""

    kind: Literal["flight"]
    flight_id: uuid.UUID

    def wanted(self) -> Wanted:
        return Wanted(object_kind=self.kind, flight_id=self.flight_id)


class NewHold(BaseModel):
    """What must not be erased, why, and until when."""

    model_config = ConfigDict(extra="forbid")

    object: Annotated[HeldAlert | HeldEvidence | HeldCamera | HeldFlight, Field(discriminator="kind")]
    reason: fields.Line
    until: AwareDatetime | None = None
    """Null: until it is released."""


class Release(BaseModel):
    """Why it may be erased from now on."""

    model_config = ConfigDict(extra="forbid")

    reason: fields.Line


class HoldItem(BaseModel):
    """A hold, in force or over, with what it is of as far as that is still there."""

    model_config = ConfigDict(populate_by_name=True)

    hold_id: uuid.UUID
    object_kind: ObjectKind
    alert_id: uuid.UUID | None
    """What is held, or the alert whose file is."""
    evidence_id: uuid.UUID | None
    evidence_kind: str | None
    device_id: str | None
    """Of the camera that is held, or whose alert or file is; like `camera_id`."""
    camera_id: str | None
    camera_name: str | None
    rule: str | None
    """Of the alert, like `opened_at`."""
    opened_at: UtcTime | None
    flight_id: uuid.UUID | None
    held_from: UtcTime | None
    """Device's clock, like `held_to`; of a camera's span."""
    held_to: UtcTime | None
    reason: str
    held_by: str
    held_at: UtcTime
    until: UtcTime | None
    """Null: until it is released."""
    released_at: UtcTime | None
    released_by: str | None
    release_reason: str | None
    state: State


class HoldPage(BaseModel):
    """Holds, the newest first."""

    items: list[HoldItem]
    next_cursor: uuid.UUID | None
    """For the next, older page; null on the last."""
