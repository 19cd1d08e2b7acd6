"""A person or vehicle is in a watched zone at a watched time.

      zone empty --somebody in it for `confirm_s`--> opened --nobody in it for `clear_s`--> closed

One occurrence a zone, however many are in it: who they are, and whether a track was lost and found, does not matter.
Without a watch zone the rule is silent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from vision import geometry
from vision.rules import base
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from vision.rules.base import RuleEvent, Scene
    from vision.track import Track
    from vision.zones import Zone


class IntrusionSettings(RuleSettings):
    """`[camera.rules.intrusion]`."""

    what: list[Literal["person", "vehicle"]] = Field(["person", "vehicle"], min_length=1)
    confirm_s: float = Field(1.0, ge=0, le=600)
    """Seconds in the zone before it counts."""
    clear_s: float = Field(10.0, ge=1, le=3600)
    """Seconds without anybody after which it is over."""
    severity: base.Severity = "medium"


@dataclass(slots=True)
class _Visit:
    """What goes on in one zone."""

    since_s: float
    last_s: float
    number: int | None = None
    """Of the occurrence, once it was opened."""
    objects: list[base.RuleObject] = field(default_factory=list)
    """Who was last seen in it."""


class Intrusion(base.Rule):
    """The rule."""

    name: ClassVar[str] = "intrusion"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: IntrusionSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind == "watch" and zone.concerns(self.name)]
        self._visits: dict[str, _Visit] = {}
        self._next_number = 1
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        events: list[RuleEvent] = []
        for zone in self._zones:
            inside = [one for one in scene.tracks if self._concerns(one, zone)]
            events += self._look(zone, inside)
        return events

    @property
    def waits(self) -> bool:
        return any(visit.number is None for visit in self._visits.values())

    def snapshot(self) -> dict[str, Any]:
        visits = {zone: asdict(visit) for zone, visit in self._visits.items() if visit.number is not None}
        for visit in visits.values():
            visit["since_s"] -= self._now_s
        return {"next_number": self._next_number, "visits": visits}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            self._visits = {
                str(zone): _Visit(**{**visit, "objects": base.objects_of(visit["objects"])})
                for zone, visit in state["visits"].items()
            }
            for visit in self._visits.values():
                visit.since_s -= ago_s
                visit.last_s = max(0.0, -ago_s)  # the time while nobody looked does not count as empty
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of intrusion: {error}") from error

    def _concerns(self, one: Track, zone: Zone) -> bool:
        kind = base.kind_of(one.label)
        return kind in self._settings.what and self._settings.believes(one) and zone.holds(geometry.foot(one.box))

    def _look(self, zone: Zone, inside: list[Track]) -> list[RuleEvent]:
        visit = self._visits.get(zone.name)
        if inside:
            if visit is None:
                visit = self._visits[zone.name] = _Visit(self._now_s, self._now_s)
            visit.last_s, visit.objects = self._now_s, _objects(inside)
            if visit.number is None and self._now_s - visit.since_s >= self._settings.confirm_s:
                visit.number = self._next_number
                self._next_number += 1
                return [self._event(zone, visit, "opened")]
            return []
        if visit is None:
            return []
        empty_s = self._now_s - visit.last_s
        if visit.number is None and empty_s > self._settings.confirm_s:
            del self._visits[zone.name]
        elif visit.number is not None and empty_s >= self._settings.clear_s:
            del self._visits[zone.name]
            return [self._event(zone, visit, "closed")]
        return []

    def _event(self, zone: Zone, visit: _Visit, phase: base.Phase) -> RuleEvent:
        return base.RuleEvent(
            rule=self.name,
            occurrence=visit.number or 0,
            phase=phase,
            occurred_s=self._now_s if phase == "opened" else visit.last_s,
            severity=self._settings.severity,
            confidence=max((one.confidence for one in visit.objects), default=0.0),
            objects=list(visit.objects),
            began_s=visit.since_s,
            zone=zone.name,
        )


def _objects(inside: list[Track]) -> list[base.RuleObject]:
    return [
        base.RuleObject(
            "actor" if base.kind_of(one.label) == "person" else "vehicle",
            one.label,
            one.track_id,
            one.confidence,
            one.box,
        )
        for one in sorted(inside, key=lambda one: -one.confidence)
    ]
