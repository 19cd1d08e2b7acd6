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


class EventPage(BaseModel):
    """Messages of one outbox in their order."""

    items: list[EventItem]
    next_after_sequence: int | None
    """For the next page; null on the last."""
