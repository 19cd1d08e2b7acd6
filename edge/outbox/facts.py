"""What is written into the outbox and read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from wire.event import EventMessage


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the outbox a message is being written; the message carries both."""

    outbox_id: UUID
    sequence: int


@dataclass(frozen=True, slots=True)
class RuleState:
    """What a rule must be given back after a restart; None: nothing any more."""

    camera_id: str
    rule: str
    state: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class SavedState:
    """What a rule had open, and how long ago that was written."""

    state: dict[str, Any]
    ago_s: float


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A rule's occurrence that a message opens, goes on with or closes."""

    camera_id: str
    rule: str
    number: int
    open: bool
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An event that is not closed yet."""

    event_id: UUID
    began_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """An occurrence that is open, and what was said of it last."""

    occurrence: Occurrence
    message: EventMessage


@dataclass(frozen=True, slots=True)
class ClipSpan:
    """What a clip is to show, by the device's clock."""

    camera_id: str
    from_: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that waits for its upload."""

    evidence_id: UUID
    file: str
    media_type: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A message without an ack."""

    sequence: int
    message_id: UUID
    payload: bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """How the outbox stands."""

    written: int
    acked: int
    pending: int
    oldest_pending_s: float
    """Age of the oldest message without an ack, 0 where there is none."""
