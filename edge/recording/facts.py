"""The words of the recording: what is set, what a camera's recording is, what was copied and what is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import EdgeError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge.source import StreamFacts

_DAY_S = 24 * 3600


class RecordingError(EdgeError):
    """What was asked of the recording cannot be done; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings:
    """How much is kept, and in pieces of which length."""

    days: float
    limit_bytes: int
    """Of all cameras together; the oldest that no hold protects is erased beyond it."""
    free_disk_bytes: int
    """With less free on the disk likewise."""
    segment_s: float = 10.0
    """A segment ends at the first key frame after so long."""

    @property
    def kept_s(self) -> float:
        return self.days * _DAY_S


@dataclass(frozen=True, slots=True)
class RecordedCamera:
    """What every segment of a camera says of it."""

    camera_id: str
    masked: bool
    """Its mask zones were painted before it was recorded: the masked recording is the original."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A file that was cut out of the recording, by the device's clock."""

    path: Path
    captured_from: datetime
    captured_to: datetime
    facts: StreamFacts
    """Of its pictures."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How the ring stands."""

    used_bytes: int
    held_bytes: int
    limit_bytes: int
    oldest: datetime | None
    newest: datetime | None
