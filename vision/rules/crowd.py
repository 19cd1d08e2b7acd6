"""Many people in a zone, by their number or by how closely they stand.

    few --at least `people`, or `density`, for `hold_s`--> opened --below 0.75 of it for `clear_s`--> closed
                                                             |  ^
                                                             +--+ updated when a quarter more came

Heads are counted by boxes of the detector that are believed to be people, smoothed over two seconds; people hidden
behind others are not counted, so that a dense crowd is more than its number. Nobody is recognised or followed.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from vision import geometry, track
from vision.rules import base
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from vision.rules.base import RuleEvent, Scene
    from vision.track import Track
    from vision.zones import Zone

_SMOOTH_S = 2.0
_CLEAR_SHARE = 0.75
_MORE = 1.25
_OBJECTS_MAX = 30
_WHOLE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


class CrowdSettings(RuleSettings):
    """`[camera.rules.crowd]`."""

    people: int = Field(12, ge=2, le=1000)
    """In the zone at once."""
    density: float = Field(0.0, ge=0, le=100)
    """People for each square of a person's height of the zone in the picture; 0 asks for the number only."""
    hold_s: float = Field(10.0, ge=0, le=3600)
    """Seconds that it lasts before it counts."""
    clear_s: float = Field(20.0, ge=1, le=3600)
    """Seconds of fewer after which it is over."""
    severity: base.Severity = "low"


@dataclass(slots=True)
class _Count:
    """Of one zone."""

    people: float = 0.0
    """Smoothed."""
    density: float = 0.0
    above_since_s: float | None = None
    below_since_s: float | None = None
    number: int | None = None
    began_s: float = 0.0
    told: float = 0.0
    """Number of people as last told."""
    peak: float = 0.0


class Crowd(base.Rule):
    """The rule. Without a watch zone the whole picture is one."""

    name: ClassVar[str] = "crowd"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: CrowdSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = {zone.name: zone.points for zone in zones if zone.kind == "watch"} or {"": _WHOLE}
        self._counts = {name: _Count() for name in self._zones}
        self._next_number = 1
        self._last_s: float | None = None

    def update(self, scene: Scene) -> list[RuleEvent]:
        now_s = scene.frame.media_time_s
        step_s = _SMOOTH_S if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        height_px, width_px = scene.frame.image.shape[:2]
        people = [one for one in scene.tracks if one.label == track.PERSON and self._settings.believes(one)]
        events: list[RuleEvent] = []
        for name, points in self._zones.items():
            inside = [one for one in people if geometry.inside(geometry.foot(one.box), points)]
            count = self._counts[name]
            count.people += (1 - math.exp(-step_s / _SMOOTH_S)) * (len(inside) - count.people)
            count.density = _density(count.people, inside, geometry.polygon_area(points) * width_px / height_px)
            count.peak = max(count.peak, count.people)
            events += self._judge(name, count, inside, now_s)
        return events

    def snapshot(self) -> dict[str, Any]:
        now_s = self._last_s or 0.0
        counts = {name: asdict(count) for name, count in self._counts.items() if count.number is not None}
        for count in counts.values():
            count["began_s"] -= now_s
            count["above_since_s"] = count["below_since_s"] = None
        return {"next_number": self._next_number, "counts": counts}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            for name, stored in state["counts"].items():
                if name in self._counts:
                    self._counts[name] = _Count(**stored)
                    self._counts[name].began_s -= ago_s
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of crowd: {error}") from error

    @property
    def waits(self) -> bool:
        return any(count.number is None and count.above_since_s is not None for count in self._counts.values())

    def _judge(self, name: str, count: _Count, inside: list[Track], now_s: float) -> list[RuleEvent]:
        if self._is_crowd(count, 1.0):
            count.above_since_s = now_s if count.above_since_s is None else count.above_since_s
        else:
            count.above_since_s = None
        if self._is_crowd(count, _CLEAR_SHARE):
            count.below_since_s = None
        elif count.below_since_s is None:
            count.below_since_s = now_s
        if count.number is None:
            if count.above_since_s is None or now_s - count.above_since_s < self._settings.hold_s:
                count.peak = count.people
                return []
            count.number, self._next_number = self._next_number, self._next_number + 1
            count.began_s = count.above_since_s
            return [self._event(name, count, inside, "opened", now_s)]
        if count.below_since_s is not None and now_s - count.below_since_s >= self._settings.clear_s:
            closed = self._event(name, count, inside, "closed", count.below_since_s)
            self._counts[name] = _Count(people=count.people)
            return [closed]
        if count.people >= _MORE * count.told:
            return [self._event(name, count, inside, "updated", now_s)]
        return []

    def _is_crowd(self, count: _Count, share: float) -> bool:
        if round(count.people, 1) >= share * self._settings.people:
            return True
        return self._settings.density > 0 and count.density >= share * self._settings.density

    def _event(self, name: str, count: _Count, inside: list[Track], phase: base.Phase, at_s: float) -> RuleEvent:
        count.told = max(count.told, count.people)
        surest = sorted(inside, key=lambda one: -one.confidence)[:_OBJECTS_MAX]
        return base.RuleEvent(
            rule=self.name,
            occurrence=count.number or 0,
            phase=phase,
            occurred_s=at_s,
            severity=self._settings.severity,
            confidence=sum(one.confidence for one in surest) / max(1, len(surest)),
            objects=[base.RuleObject("actor", one.label, one.track_id, one.confidence, one.box) for one in surest],
            began_s=count.began_s,
            zone=name or None,
            attributes={
                "people": round(count.people),
                "people_peak": round(count.peak),
                "density": round(count.density, 2),
            },
        )


def _density(people: float, inside: list[Track], area: float) -> float:
    """People for each square of their mean height, of a zone whose area is given in squares of the picture's height."""
    if not inside or area <= 0:
        return 0.0
    height = sum(one.box[3] - one.box[1] for one in inside) / len(inside)
    return people * height * height / area
