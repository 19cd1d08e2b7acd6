"""A hole in what a device sent."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that the room has never seen, though it has a later one of the same outbox."""

    device_id: str
    outbox_id: UUID
    first: int
    last: int
    """Sequences, both missing."""
