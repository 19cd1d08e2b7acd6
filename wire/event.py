"""The topic `events`: what a rule found."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from wire.attributes import ATTRIBUTES, Attributes
from wire.identifiers import Identifier, Sha256
from wire.message import Message, Part, UtcTime, describe

Phase = Literal["opened", "updated", "closed"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Role = Literal["thing", "actor", "vehicle", "other"]
EvidenceKind = Literal[
    "snapshot",
    "snapshot_annotated",
    "clip",
    "before",
    "after",
    "actor",
    "vehicle",
    "recording",
    "recording_pixelated",
    "recording_view",
]
"""`before` and `after`: the place without and with the thing; `actor`, `vehicle`: the best picture of who brought it;
`recording`: a span of the recording as it is, `recording_pixelated`: a copy in which nobody can be known,
`recording_view`: a copy of `recording`, coded again because browsers do not play what the camera sends; no original."""
FINDING_RULE = "drone_finding"
"""Something in a flight's footage that a person confirmed."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Location(Part):
    """A place on the Earth, WGS 84."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    accuracy_m: float = Field(ge=0, allow_inf_nan=False)


class EventObject(Part):
    """A thing, person or vehicle of the event."""

    role: Role
    label: str = Field(min_length=1, max_length=100)
    """A label of the model, or `unknown`."""
    track_id: int | None
    confidence: Share
    box: tuple[Share, Share, Share, Share]
    """[x1, y1, x2, y2] in 0..1 of the picture."""

    @field_validator("box")
    @classmethod
    def _ordered(cls, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        if box[0] > box[2] or box[1] > box[3]:
            raise ValueError("a box is [x1, y1, x2, y2] with x1 <= x2 and y1 <= y2")
        return box


class EvidenceReference(Part):
    """A file that the device keeps and uploads apart."""

    evidence_id: UUID
    kind: EvidenceKind
    sha256: Sha256
    bytes: int = Field(gt=0)
    media_type: str = Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=100)
    captured_from: UtcTime
    captured_to: UtcTime


class ModelReference(Part):
    """The detection model that was at work."""

    name: str = Field(min_length=1, max_length=200)
    sha256: Sha256


class EventMessage(Message):
    """One phase of one occurrence; never changed once it is written to the outbox."""

    SCHEMA: ClassVar[str] = "talaia.event"
    VERSION: ClassVar[int] = 1

    message_id: UUID
    event_id: UUID
    outbox_id: UUID
    """Made with the outbox file; a device that gets a new outbox begins a new count."""
    sequence: int = Field(ge=1, lt=2**63)
    """From 1, gapless within the outbox, also over restarts."""
    device_id: Identifier
    camera_id: Identifier | None
    """Null: of no camera, only of rule `drone_finding`, which only the room itself reports."""
    rule: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    phase: Phase
    occurred_at: UtcTime
    """The device's clock, when the rule's condition became true."""
    sent_at: UtcTime
    """The device's clock, when the message was written to the outbox."""
    severity: Severity
    confidence: Share
    objects: list[EventObject] = Field(max_length=200)
    """The thing first."""
    zone: str | None = Field(max_length=100)
    location: Location | None
    evidence: list[EvidenceReference] = Field(max_length=50)
    model: ModelReference
    attributes: dict[str, JsonValue]
    """Typed by rule: `wire.attributes`."""

    @model_validator(mode="after")
    def _camera_suits_rule(self) -> EventMessage:
        if (self.camera_id is None) != (self.rule == FINDING_RULE):
            raise ValueError(f"camera_id is null for the rule {FINDING_RULE} only, and always there")
        return self

    @model_validator(mode="after")
    def _attributes_suit_rule(self) -> EventMessage:
        try:
            ATTRIBUTES.get(self.rule, Attributes).model_validate(self.attributes)
        except ValidationError as error:
            raise ValueError(f"attributes of {self.rule}: {describe(error)}") from None
        return self
