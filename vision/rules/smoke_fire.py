"""Smoke or fire, as a detection model for them sees it: only with such a model, which Talaia does not bring along.

picture every `every_s` --model--> found in `confirm` of the last `_KEPT` looks, about the same place --> opened
                                     nothing for `clear_s` --------------------------------------------> closed
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from vision import geometry
from vision.rules import base
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from vision.detect import Detection, Detector
    from vision.geometry import Box
    from vision.rules.base import RuleEvent, Scene
    from vision.zones import Zone

LABELS = frozenset({"smoke", "fire", "flame"})
_KEPT = 5
_NEAR = 1.0
"""Smoke drifts: within so many of its own sides it is the same."""


class SmokeFireSettings(RuleSettings):
    """`[camera.rules.smoke_fire]`."""

    model: str = ""
    """Absolute path of a detection model that knows the labels smoke, fire or flame."""
    input_px: int = Field(640, ge=32, le=4096)
    confidence: float = Field(0.4, gt=0, lt=1)
    every_s: float = Field(3.0, ge=0.2, le=60)
    """Seconds between two looks of that model."""
    confirm: int = Field(3, ge=1, le=_KEPT)
    """So many of the last five looks must agree."""
    clear_s: float = Field(30.0, ge=1, le=3600)
    """Seconds without any after which it is over."""
    severity: base.Severity = "critical"


@dataclass(slots=True)
class _Fire:
    """The occurrence that goes on; one at a time."""

    number: int
    began_s: float
    last_s: float
    kinds: list[str] = field(default_factory=list)


class SmokeFire(base.Rule):
    """The rule. Without a watch zone the whole picture is one."""

    name: ClassVar[str] = "smoke_fire"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: SmokeFireSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind == "watch"]
        self._sure = min(0.95, settings.confidence * settings.strictness)
        self._detector: Detector | None = None
        self._looked_s: float | None = None
        self._looks: deque[list[Detection]] = deque(maxlen=_KEPT)
        self._fire: _Fire | None = None
        self._next_number = 1
        self._now_s = 0.0

    def use(self, detector: Detector) -> None:
        self._detector = detector

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        if scene.frame.discontinuity:
            self._looks.clear()
        due = self._looked_s is None or self._now_s - self._looked_s >= self._settings.every_s
        if self._detector is None or not due:
            return []
        self._looked_s = self._now_s
        found = [one for one in self._detector.detect(scene.frame.image) if self._counts(one)]
        self._looks.append(found)
        return self._judge(sorted(found, key=lambda one: -one.confidence))

    def snapshot(self) -> dict[str, Any]:
        fire = None if self._fire is None else asdict(self._fire)
        if fire is not None:
            fire["began_s"] -= self._now_s
        return {"next_number": self._next_number, "fire": fire}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            self._fire = None if state["fire"] is None else _Fire(**state["fire"])
            if self._fire is not None:
                self._fire.began_s -= ago_s
                self._fire.last_s = max(0.0, -ago_s)  # the time while nobody looked does not count as clear
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a snapshot of smoke_fire: {error}") from error

    def _counts(self, one: Detection) -> bool:
        if one.label.lower() not in LABELS or one.confidence < self._sure or not self._settings.is_large(one.box):
            return False
        return not self._zones or any(zone.holds(geometry.centre(one.box)) for zone in self._zones)

    def _judge(self, found: list[Detection]) -> list[RuleEvent]:
        fire = self._fire
        if fire is not None:
            if found:
                fire.last_s = self._now_s
            elif self._now_s - fire.last_s >= self._settings.clear_s:
                self._fire = None
                return [self._event(fire, "closed", [], fire.last_s)]
            return []
        if not found or self._agreeing(found[0].box) < self._settings.confirm:
            return []
        kinds = sorted({one.label.lower() for one in found})
        self._fire = _Fire(self._next_number, self._now_s, self._now_s, kinds)
        self._next_number += 1
        return [self._event(self._fire, "opened", found, self._now_s)]

    def _agreeing(self, box: Box) -> int:
        return sum(any(geometry.near(one.box, box, _NEAR, _NEAR) for one in look) for look in self._looks)

    def _event(self, fire: _Fire, phase: base.Phase, found: list[Detection], at_s: float) -> RuleEvent:
        return base.RuleEvent(
            rule=self.name,
            occurrence=fire.number,
            phase=phase,
            occurred_s=at_s,
            severity=self._settings.severity,
            confidence=max((one.confidence for one in found), default=0.0),
            objects=[base.RuleObject("thing", one.label, None, one.confidence, one.box) for one in found],
            began_s=fire.began_s,
            attributes={"kinds": list(fire.kinds)},
        )
