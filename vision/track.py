"""Joins the detections of one object over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision.geometry import Box


@dataclass(frozen=True, slots=True)
class Track:
    """One object as it stands now."""

    track_id: int
    label: str
    confidence: float
    """Of the newest detection."""
    box: Box
    first_seen_s: float
    last_seen_s: float
    """Media time of the newest detection; the object may be hidden since."""
    moved: bool
    """It once moved clearly; a stone that is called a person never does."""
