"""People close together move violently: a fight, or a game, a dance, a hurry. It does not tell these apart.

    two people close --energy of their motion above `energy` for `hold_s`--> opened --below it for `clear_s`--> closed

Energy: the fastest tenth of the optical flow in the boxes of people who stand together, less the picture's own motion,
in heights of theirs a second. On the short labelled clips that it was measured on it is no better than a coin (see
docs/design/rules.md), so it is off, and what it says is of low severity.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np
from pydantic import Field

from vision import geometry, track
from vision.rules import base
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.geometry import Box
    from vision.rules.base import RuleEvent, Scene
    from vision.track import Track
    from vision.zones import Zone

_WIDTH_PX = 320
_STEP_S_MAX = 0.5
"""Between frames farther apart no motion can be followed."""
_CLOSE_HEIGHTS = 0.8
_LEVEL_HEIGHTS = 0.4
"""How far apart the feet of two people who stand together may be, across and down the picture."""
_SMOOTH_S = 0.6
_FASTEST = 90


class FastMotionOrFightSettings(RuleSettings):
    """`[camera.rules.fast_motion_or_fight]`."""

    energy: float = Field(1.5, gt=0, le=20)
    """Heights of a person a second."""
    hold_s: float = Field(1.0, ge=0, le=60)
    clear_s: float = Field(10.0, ge=1, le=600)
    severity: base.Severity = "low"


@dataclass(slots=True)
class _Fray:
    """The occurrence that may go on; one at a time."""

    since_s: float
    last_s: float
    peak: float
    number: int | None = None


class FastMotionOrFight(base.Rule):
    """The rule. Without a watch zone the whole picture is one."""

    name: ClassVar[str] = "fast_motion_or_fight"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: FastMotionOrFightSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind == "watch"]
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: tuple[float, NDArray[np.uint8]] | None = None
        self._energy = 0.0
        self._fray: _Fray | None = None
        self._objects: list[base.RuleObject] = []
        self._next_number = 1
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        if scene.frame.discontinuity:
            self._before = None
        together = _together([one for one in scene.tracks if self._concerns(one)], scene.frame.image.shape)
        if not together and self._fray is None:
            self._before, self._energy = None, 0.0
            return []
        grey = _small_grey(scene.frame.image)
        step_s = _STEP_S_MAX + 1 if self._before is None else self._now_s - self._before[0]
        measured = 0.0
        if together and self._before is not None and 0 < step_s <= _STEP_S_MAX:
            measured = self._measure(self._before[1], grey, [one.box for one in together]) / step_s
        self._before = self._now_s, grey
        self._energy += (1 - math.exp(-min(step_s, _STEP_S_MAX) / _SMOOTH_S)) * (measured - self._energy)
        return self._judge(together)

    def snapshot(self) -> dict[str, Any]:
        fray = None if self._fray is None or self._fray.number is None else asdict(self._fray)
        if fray is not None:
            fray["since_s"] -= self._now_s
        return {"next_number": self._next_number, "fray": fray}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            self._fray = None if state["fray"] is None else _Fray(**state["fray"])
            if self._fray is not None:
                self._fray.since_s -= ago_s
                self._fray.last_s = max(0.0, -ago_s)
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a snapshot of fast_motion_or_fight: {error}") from error

    @property
    def waits(self) -> bool:
        return False

    def _concerns(self, one: Track) -> bool:
        if one.label != track.PERSON or not self._settings.believes(one):
            return False
        return not self._zones or any(zone.holds(geometry.foot(one.box)) for zone in self._zones)

    def _measure(self, before: NDArray[np.uint8], now: NDArray[np.uint8], boxes: list[Box]) -> float:
        """How far the fastest tenth of their pixels went, in their own heights."""
        if before.shape != now.shape:
            return 0.0
        flow = np.asarray(self._flow.calc(before, now, np.zeros((*now.shape, 2), np.float32)), np.float32)
        flow -= np.median(flow.reshape(-1, 2), axis=0)
        rows, columns = now.shape
        inside = np.zeros(now.shape, np.bool_)
        for x1, y1, x2, y2 in boxes:
            inside[int(y1 * rows) : int(y2 * rows) + 1, int(x1 * columns) : int(x2 * columns) + 1] = True
        height_px = float(np.median([box[3] - box[1] for box in boxes]) * rows)
        fast_px = float(np.percentile(np.linalg.norm(flow[inside], axis=1), _FASTEST))
        return fast_px / max(height_px, 1.0)

    def _judge(self, together: list[Track]) -> list[RuleEvent]:
        violent = self._energy >= self._settings.energy * self._settings.strictness
        fray = self._fray
        if violent:
            self._objects = [
                base.RuleObject("actor", one.label, one.track_id, one.confidence, one.box) for one in together
            ] or self._objects
            if fray is None:
                fray = self._fray = _Fray(self._now_s, self._now_s, self._energy)
            fray.last_s, fray.peak = self._now_s, max(fray.peak, self._energy)
            if fray.number is None and self._now_s - fray.since_s >= self._settings.hold_s:
                fray.number, self._next_number = self._next_number, self._next_number + 1
                return [self._event(fray, "opened", self._now_s)]
        elif fray is not None and fray.number is None:
            self._fray = None
        elif fray is not None and self._now_s - fray.last_s >= self._settings.clear_s:
            self._fray = None
            return [self._event(fray, "closed", fray.last_s)]
        return []

    def _event(self, fray: _Fray, phase: base.Phase, at_s: float) -> RuleEvent:
        asked = self._settings.energy * self._settings.strictness
        return base.RuleEvent(
            rule=self.name,
            occurrence=fray.number or 0,
            phase=phase,
            occurred_s=at_s,
            severity=self._settings.severity,
            confidence=round(fray.peak / (fray.peak + asked), 2),
            objects=list(self._objects),
            began_s=fray.since_s,
            attributes={"energy": round(fray.peak, 2)},
        )


def _small_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    small = cv2.resize(image, (_WIDTH_PX, max(16, round(height * _WIDTH_PX / width))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _together(people: list[Track], shape: tuple[int, ...]) -> list[Track]:
    """Those who stand beside somebody."""
    aspect = shape[1] / shape[0]
    return [one for one in people if any(other is not one and _beside(one.box, other.box, aspect) for other in people)]


def _beside(one: Box, other: Box, aspect: float) -> bool:
    height = max(one[3] - one[1], other[3] - other[1])
    (x1, y1), (x2, y2) = geometry.foot(one), geometry.foot(other)
    return abs(x1 - x2) * aspect <= _CLOSE_HEIGHTS * height and abs(y1 - y2) <= _LEVEL_HEIGHTS * height
