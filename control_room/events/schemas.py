"""What the event routes give."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from wire.identifiers import Identifier
from wire.message import UtcTime


class EventItem(BaseModel):
    """One stored message."""

    message_id: UUID
    event_id: UUID
    outbox_id: UUID
    sequence: int
    device_id: Identifier
    camera_id: Identifier
    rule: str
    phase: str
    occurred_at: UtcTime
    """Device's clock."""
    sent_at: UtcTime
    """Device's clock."""
    received_at: UtcTime
    """Server's clock."""
    message: dict[str, Any]
    """The whole of it, as it was sent."""


class GapItem(BaseModel):
    """Sequences from `first` to `last` that the room has never seen."""

    first: int
    last: int


class OutboxItem(BaseModel):
    """What is stored of one outbox."""

    outbox_id: UUID
    stored: int
    first_sequence: int
    last_sequence: int
    gaps: list[GapItem]


class OutboxList(BaseModel):
    """The outboxes of a device, the newest first."""

    items: list[OutboxItem]


class EventPage(BaseModel):
    """Messages of one outbox in their order."""

    items: list[EventItem]
    next_after_sequence: int | None
    """For the next page; null on the last."""
