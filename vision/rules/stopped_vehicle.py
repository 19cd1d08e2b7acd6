"""A vehicle stops where it must not: in a `no_stopping` zone, or before a container (a `fixture` zone).

    arrives, stands still --in the zone for `dwell_s`--> opened --drives off, or unseen for `grace_s`--> closed
       ^            |
       +-- the detector loses it, or finds it anew at the same place: the same stay

Only a vehicle that was seen to arrive counts: one that stood there when the camera began to look, or that the model
sees in a wall, never does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from vision import geometry, track
from vision.rules import base
from vision.rules.settings import RuleSettings
from vision.rules.stays import Stays

if TYPE_CHECKING:
    from vision.geometry import Box
    from vision.rules.base import RuleEvent, Scene
    from vision.rules.stays import Stay
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


class StoppedVehicle(base.Rule):
    """The rule. Without a zone of kind `no_stopping` or `fixture` it is silent."""

    name: ClassVar[str] = "stopped_vehicle"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: StoppedVehicleSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind in {"no_stopping", "fixture"}]
        self._stays = Stays(self.name, "vehicle", settings.severity)
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        if scene.frame.discontinuity:
            self._stays.forget_untold()
        vehicles = [one for one in scene.tracks if one.label in track.VEHICLES]
        for zone in self._zones:
            for one in vehicles:
                if _stands_in(zone, one.box):
                    self._keep(zone, one)
        places = {one.track_id: one.box for one in vehicles}
        return self._stays.opened(self._settings.dwell_s) + self._stays.closed(lambda stay: self._is_gone(stay, places))

    def snapshot(self) -> dict[str, Any]:
        return self._stays.snapshot(self._now_s)

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        self._stays.restore(state, ago_s)

    @property
    def waits(self) -> bool:
        return self._stays.is_one_due(self._now_s, self._settings.dwell_s)

    def _keep(self, zone: Zone, one: Track) -> None:
        """Prolong the stay at this place, or begin one with a vehicle that arrived."""
        here = [stay for stay in self._stays if stay.zone == zone.name]
        stay = next((stay for stay in here if stay.track_id == one.track_id), None)
        if stay is None:
            stay = next((stay for stay in here if geometry.near(stay.box, one.box, _ANEW, _ANEW)), None)
        if stay is None:
            if self._settings.believes(one):
                self._stays.begin(zone.name, one, self._now_s)
            return
        if not geometry.near(stay.box, one.box, _STILL, _STILL):
            if stay.number is None:  # it still rolls
                stay.box, stay.since_s, stay.last_s = one.box, self._now_s, self._now_s
            return
        stay.track_id, stay.last_s = one.track_id, self._now_s
        if one.confidence > stay.confidence:
            stay.label, stay.confidence = one.label, one.confidence

    def _is_gone(self, stay: Stay, places: dict[int, Box]) -> bool:
        """Who was seen to leave the place, at once, and who is not seen there, after the grace."""
        if self._now_s - stay.last_s > self._settings.grace_s:
            return True
        return stay.track_id in places and not geometry.near(stay.box, places[stay.track_id], 1.0, 1.0)


def _stands_in(zone: Zone, box: Box) -> bool:
    if zone.holds(geometry.foot(box)):
        return True
    if zone.kind != "fixture":
        return False
    bounds = geometry.bounds(zone.points)
    return geometry.overlap(bounds, box) >= _BEFORE * geometry.area(bounds)
