"""What the dead-letter routes give."""

from uuid import UUID

from pydantic import BaseModel

from wire.message import UtcTime


class DeadLetterItem(BaseModel):
    """One message that could not be ingested."""

    dead_letter_id: UUID
    received_at: UtcTime
    """Server's clock, the first time."""
    last_received_at: UtcTime
    times: int
    topic: str
    device_id: str | None
    message_id: UUID | None
    outbox_id: UUID | None
    sequence: int | None
    reason: str
    """A code; `detail` says it in words."""
    detail: str
    payload_bytes: int
    payload_sha256: str
    replayed_at: UtcTime | None
    replay_result: str | None
    """`ingested`, or why the last replay refused it again."""


class DeadLetterPage(BaseModel):
    """Dead letters, the newest first."""

    items: list[DeadLetterItem]
    next_cursor: str | None
    """For the next, older page; null on the last."""
