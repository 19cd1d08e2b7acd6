"""What a rule sees and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from vision import track

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vision.frame import Frame
    from vision.geometry import Box
    from vision.track import Track

Phase = Literal["opened", "updated", "closed"]
Severity = Literal["info", "low", "medium", "high", "critical"]
STILL_FRAME_S = 10.0
"""The longest time between two frames of a camera that sends pictures."""
Role = Literal["thing", "actor", "vehicle", "other"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One analysed frame as the rules see it."""

    frame: Frame
    tracks: list[Track]
    """Live tracks after this frame; unchanged from the last frame where the detector was not run."""
    detected: bool
    """Whether something moves or may stand there: the detector ran on this frame, or all that move were carried on."""


def kind_of(label: str) -> Literal["person", "vehicle", "other"]:
    if label == track.PERSON:
        return "person"
    return "vehicle" if label in track.VEHICLES else "other"


@dataclass(frozen=True, slots=True)
class RuleObject:
    """One of an event's objects."""

    role: Role
    label: str
    """A label of the model, or `unknown`."""
    track_id: int | None
    confidence: float
    box: Box


def objects_of(stored: list[dict[str, Any]]) -> list[RuleObject]:
    """Those of a snapshot, where `asdict` and JSON put them."""
    return [RuleObject(**{**one, "box": tuple(one["box"])}) for one in stored]


PictureKind = Literal["before", "after", "actor", "vehicle"]


@dataclass(frozen=True, slots=True)
class RulePicture:
    """A picture that the rule chose: the place before and after, or the best one of who brought the thing."""

    kind: PictureKind
    image: NDArray[np.uint8]
    """(height, width, 3), BGR, cut from masked frames."""
    media_time_s: float


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
    pictures: list[RulePicture] = field(default_factory=list)


class Rule(ABC):
    """A state machine over frames and tracks. Its only clock is the frame's `media_time_s`."""

    name: ClassVar[str]
    lasting: ClassVar[bool] = False
    """It tells of a state (somebody is there) and not of an act (something was left): see `vision.rules.watched`."""

    @abstractmethod
    def update(self, scene: Scene) -> list[RuleEvent]:
        """Look at one more frame. A frame with `discontinuity` starts the picture's memory afresh.

        Frames come at the analysis rate while something moves, and up to 10 s apart while nothing does.
        """

    @abstractmethod
    def snapshot(self) -> dict[str, Any]:
        """The occurrences that are open, as JSON, for the next start of the agent; small, taken with each message."""

    @abstractmethod
    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        """Take up what `snapshot` gave `ago_s` seconds ago, before the first frame; times in it lie before 0.

        Below 0 where a rule with other settings takes the place of a running one: media time is `-ago_s` by now.

        Raises:
            ValueError: it is of another version.
        """

    def memory(self) -> bytes | None:
        """What it has learned of the scene, for the next start: taken every minute and at the end; None: nothing."""
        return None

    def recall(self, memory: bytes, ago_s: float) -> None:  # noqa: ARG002 - of those that keep one
        """Take up what `memory` gave `ago_s` seconds ago, before the first frame.

        Raises:
            ValueError: it is damaged, of another version, or the rule keeps none.
        """
        raise ValueError(f"{self.name} keeps no memory")

    def without_picture(self, at_s: float) -> list[RuleEvent]:
        """Told about once a second while the camera sends nothing; media time goes on."""
        del at_s
        return []

    def take_silenced(self) -> dict[str, int]:
        """How many occurrences were not told since the last call, by the rule and what silenced them."""
        return {}

    @property
    def waits(self) -> bool:
        """Whether it waits for a moment of the clock, so that still frames must reach it as often as moving ones."""
        return True
