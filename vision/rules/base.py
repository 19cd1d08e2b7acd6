"""What a rule sees and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.geometry import Box
    from vision.track import Track

Phase = Literal["opened", "updated", "closed"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Role = Literal["thing", "actor", "vehicle", "other"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One analysed frame as the rules see it."""

    frame: Frame
    tracks: list[Track]
    """Live tracks after this frame; unchanged from the last frame where the detector was not run."""
    detected: bool
    """Whether the detector ran on this frame."""


@dataclass(frozen=True, slots=True)
class RuleObject:
    """One of an event's objects."""

    role: Role
    label: str
    """A label of the model, or `unknown`."""
    track_id: int | None
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """One step of one occurrence that a rule found."""

    rule: str
    occurrence: int
    """The rule's own number of the occurrence, the same from `opened` to `closed` and over a restart."""
    phase: Phase
    occurred_s: float
    """Media time at which the rule's condition became true (for `closed`: ceased)."""
    severity: Severity
    confidence: float
    objects: list[RuleObject]
    """The thing first."""
    began_s: float | None = None
    """Media time at which the thing came to rest, where the rule has one."""
    zone: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


class Rule(Protocol):
    """A state machine over frames and tracks. Its only clock is the frame's `media_time_s`."""

    name: ClassVar[str]

    def update(self, scene: Scene) -> list[RuleEvent]:
        """Look at one more frame. A frame with `discontinuity` starts the picture's memory afresh."""

    def snapshot(self) -> dict[str, Any]:
        """The occurrences that are open, as JSON, for the next start of the agent."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `snapshot` gave, before the first frame; times in it lie before 0."""
