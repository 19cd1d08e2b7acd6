"""What the analysis routes take and give."""

import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from wire.message import UtcTime


class AnalysisItem(BaseModel):
    """A look through a flight's footage by the machine."""

    model_config = ConfigDict(extra="ignore")

    analysis_id: uuid.UUID
    flight_id: uuid.UUID
    state: Literal["queued", "running", "cancelled", "failed", "done"]
    stage: str | None
    """`plan`, `look` or `join`; null before it began and once it ended."""
    progress: float
    attempts: int
    """How often a worker took it up."""
    asked_at: UtcTime
    asked_by: str
    began_at: UtcTime | None
    beat_at: UtcTime | None
    """Last sign of life of its worker."""
    ended_at: UtcTime | None
    cancelled_by: str | None
    error: str | None
    summary: dict[str, Any] | None
    """What was looked at, counted, refused and skipped, by video, and the ground that was seen."""
    model: dict[str, Any] | None
