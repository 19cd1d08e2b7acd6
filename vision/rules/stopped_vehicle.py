"""A vehicle stops where it must not: in a `no_stopping` zone, or before a container (a `fixture` zone).

    arrives, stands still --in the zone for `dwell_s`--> opened --drives off, or unseen for `grace_s`--> closed
       ^            |
       +-- the detector loses it, or finds it anew at the same place: the same stay

Only a vehicle that was seen to arrive counts: one that stood there when the camera began to look, or that the model
sees in a wall, never does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from vision import geometry, track
from vision.rules import base
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from vision.geometry import Box
    from vision.rules.base import RuleEvent, Scene
    from vision.track import Track
    from vision.zones import Zone

_STILL = 0.25
"""A vehicle stands while its box's centre stays within this share of its sides."""
_ANEW = 0.4
"""A box found anew within this share of the sides of a lost one's place is the same vehicle."""
_BEFORE = 0.3
"""Share of a container's bounds that a vehicle's box covers when it stands before it."""


class StoppedVehicleSettings(RuleSettings):
    """`[camera.rules.stopped_vehicle]`."""

    dwell_s: float = Field(60.0, ge=2, le=86400)
    """Seconds that it stands before it counts."""
    grace_s: float = Field(20.0, ge=1, le=600)
    """Seconds out of sight, hidden by others, that do not end its stay."""
    severity: base.Severity = "low"


@dataclass(slots=True)
class _Stay:
    """One vehicle that stands in one zone."""

    zone: str
    track_id: int
    label: str
    confidence: float
    box: Box
    """Where it came to stand."""
    since_s: float
    last_s: float
    number: int | None = None


class StoppedVehicle(base.Rule):
    """The rule. Without a zone of kind `no_stopping` or `fixture` it is silent."""

    name: ClassVar[str] = "stopped_vehicle"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: StoppedVehicleSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind in {"no_stopping", "fixture"}]
        self._stays: list[_Stay] = []
        self._next_number = 1
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        if scene.frame.discontinuity:
            self._stays = [stay for stay in self._stays if stay.number is not None]
        vehicles = [one for one in scene.tracks if one.label in track.VEHICLES]
        for zone in self._zones:
            for one in vehicles:
                if _stands_in(zone, one.box):
                    self._keep(zone, one)
        return self._opened() + self._closed(vehicles)

    def snapshot(self) -> dict[str, Any]:
        stays = [asdict(stay) for stay in self._stays if stay.number is not None]
        for index, stay in enumerate(stays):
            stay["since_s"] -= self._now_s
            stay["track_id"] = -1 - index  # track ids begin anew at the next start
        return {"next_number": self._next_number, "stays": stays}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            self._stays = [_Stay(**{**stay, "box": tuple(stay["box"])}) for stay in state["stays"]]
            for stay in self._stays:
                stay.since_s -= ago_s
                stay.last_s = max(0.0, -ago_s)  # the time while nobody looked does not count as empty
                stay.last_s = max(0.0, -ago_s)
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of stopped_vehicle: {error}") from error

    @property
    def waits(self) -> bool:
        due_s = self._settings.dwell_s - base.STILL_FRAME_S
        return any(stay.number is None and self._now_s - stay.since_s >= due_s for stay in self._stays)

    def _keep(self, zone: Zone, one: Track) -> None:
        """Prolong the stay at this place, or begin one with a vehicle that arrived."""
        here = [stay for stay in self._stays if stay.zone == zone.name]
        stay = next((stay for stay in here if stay.track_id == one.track_id), None)
        if stay is None:
            stay = next((stay for stay in here if geometry.near(stay.box, one.box, _ANEW, _ANEW)), None)
        if stay is None:
            if self._settings.believes(one):
                self._stays.append(
                    _Stay(zone.name, one.track_id, one.label, one.confidence, one.box, self._now_s, self._now_s)
                )
            return
        if not geometry.near(stay.box, one.box, _STILL, _STILL):
            if stay.number is None:  # it still rolls
                stay.box, stay.since_s, stay.last_s = one.box, self._now_s, self._now_s
            return
        stay.track_id, stay.last_s = one.track_id, self._now_s
        if one.confidence > stay.confidence:
            stay.label, stay.confidence = one.label, one.confidence

    def _opened(self) -> list[RuleEvent]:
        events = []
        for stay in self._stays:
            if stay.number is None and stay.last_s - stay.since_s >= self._settings.dwell_s:
                stay.number, self._next_number = self._next_number, self._next_number + 1
                events.append(self._event(stay, "opened"))
        return events

    def _closed(self, vehicles: list[Track]) -> list[RuleEvent]:
        """Gone is who was seen to leave the place, at once, and who is not seen there, after the grace."""
        places = {one.track_id: one.box for one in vehicles}
        ended = [
            stay
            for stay in self._stays
            if self._now_s - stay.last_s > self._settings.grace_s
            or (stay.track_id in places and not geometry.near(stay.box, places[stay.track_id], 1.0, 1.0))
        ]
        self._stays = [stay for stay in self._stays if stay not in ended]
        return [self._event(stay, "closed") for stay in ended if stay.number is not None]

    def _event(self, stay: _Stay, phase: base.Phase) -> RuleEvent:
        return base.RuleEvent(
            rule=self.name,
            occurrence=stay.number or 0,
            phase=phase,
            occurred_s=stay.last_s,
            severity=self._settings.severity,
            confidence=stay.confidence,
            objects=[base.RuleObject("vehicle", stay.label, stay.track_id, stay.confidence, stay.box)],
            began_s=stay.since_s,
            zone=stay.zone,
            attributes={"dwell_s": round(stay.last_s - stay.since_s, 1)},
        )


def _stands_in(zone: Zone, box: Box) -> bool:
    if zone.holds(geometry.foot(box)):
        return True
    if zone.kind != "fixture":
        return False
    bounds = geometry.bounds(zone.points)
    return geometry.overlap(bounds, box) >= _BEFORE * geometry.area(bounds)
