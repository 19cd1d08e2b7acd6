"""A person or vehicle goes over a line, in the direction that is asked for.

         a (left of the line, seen from its first point)
    1 ---------------------------------------------------> 2
         b (right of it)

A track's foot is on a side once it is farther from the line than `margin` of its own heights; over the line it came
when the side changes and the way between the two places leads over the line itself, not over its prolongation.
Told once a crossing, opened and closed at once; who comes back over it has crossed again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from vision import geometry, track
from vision.rules import base
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from vision.geometry import Point
    from vision.rules.base import RuleEvent, Scene
    from vision.track import Track
    from vision.zones import Zone

Side = Literal["a", "b"]

_FORGET_S = 10.0
"""A track that was not seen for so long is no longer remembered."""


class LineCrossingSettings(RuleSettings):
    """`[camera.rules.line_crossing]`."""

    direction: Literal["a->b", "b->a", "any"] = "any"
    """From the left of the line to its right, seen from its first point to its second; or back."""
    what: list[Literal["person", "vehicle"]] = Field(["person", "vehicle"], min_length=1)
    margin: float = Field(0.1, ge=0, le=2)
    """Of its own height, how far beyond the line it must be: against boxes that tremble."""
    severity: base.Severity = "low"


@dataclass(slots=True)
class _Place:
    """Where a track was last clearly beside the line."""

    side: Side
    foot: Point
    seen_s: float


class LineCrossing(base.Rule):
    """The rule. Without a zone of kind `line` it is silent."""

    name: ClassVar[str] = "line_crossing"

    def __init__(self, settings: LineCrossingSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._lines = [zone for zone in zones if zone.kind == "line"]
        self._places: dict[tuple[str, int], _Place] = {}
        self._next_number = 1

    def update(self, scene: Scene) -> list[RuleEvent]:
        now_s = scene.frame.media_time_s
        if scene.frame.discontinuity:
            self._places.clear()
        height_px, width_px = scene.frame.image.shape[:2]
        events: list[RuleEvent] = []
        for line in self._lines:
            for one in scene.tracks:
                if base.kind_of(one.label) in self._settings.what and self._settings.believes(one):
                    events += self._follow(line, one, now_s, width_px / height_px)
        self._places = {key: place for key, place in self._places.items() if now_s - place.seen_s <= _FORGET_S}
        return events

    def snapshot(self) -> dict[str, Any]:
        return {"next_number": self._next_number}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        del ago_s  # a crossing has no duration
        try:
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a snapshot of line_crossing: {error}") from error

    @property
    def waits(self) -> bool:
        return False

    def _follow(self, line: Zone, one: Track, now_s: float, aspect: float) -> list[RuleEvent]:
        foot, height = geometry.foot(one.box), one.box[3] - one.box[1]
        off = _distance(line, foot, aspect)
        place = self._places.get((line.name, one.track_id))
        if place is not None:
            place.seen_s = now_s
        if abs(off) < self._settings.margin * height:
            return []
        side: Side = "a" if off > 0 else "b"
        self._places[line.name, one.track_id] = _Place(side, foot, now_s)
        if place is None or place.side == side or not geometry.crosses(place.foot, foot, *line.points):
            return []
        if self._settings.direction not in {"any", f"{place.side}->{side}"}:
            return []
        return self._events(line, one, now_s, f"{place.side}->{side}")

    def _events(self, line: Zone, one: Track, now_s: float, direction: str) -> list[RuleEvent]:
        number, self._next_number = self._next_number, self._next_number + 1
        role: base.Role = "actor" if one.label == track.PERSON else "vehicle"
        phases: tuple[base.Phase, base.Phase] = ("opened", "closed")
        return [
            base.RuleEvent(
                rule=self.name,
                occurrence=number,
                phase=phase,
                occurred_s=now_s,
                severity=self._settings.severity,
                confidence=one.confidence,
                objects=[base.RuleObject(role, one.label, one.track_id, one.confidence, one.box)],
                zone=line.name,
                attributes={"direction": direction},
            )
            for phase in phases
        ]


def _distance(line: Zone, point: Point, aspect: float) -> float:
    """Of a point from the line, in picture heights; above 0 to the left of it. The picture's y runs down."""
    (x1, y1), (x2, y2) = line.points
    across, down = (x2 - x1) * aspect, y2 - y1
    length = max(math.hypot(across, down), 1e-9)
    return ((point[0] - x1) * aspect * down - (point[1] - y1) * across) / length
