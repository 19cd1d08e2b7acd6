"""A person stays in a zone longer than `dwell_s`. Nobody is recognised: a stay is a place kept, not a face.

enters --in the zone for `dwell_s`--> opened --out of it, or unseen, for `grace_s`--> closed
   ^                |
   +-- unseen for less than `grace_s`: the same stay, also under another track number nearby
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from vision import geometry, track
from vision.rules import base
from vision.rules.settings import RuleSettings
from vision.rules.stays import Stays

if TYPE_CHECKING:
    from vision.rules.base import RuleEvent, Scene
    from vision.rules.stays import Stay
    from vision.track import Track
    from vision.zones import Zone

_NEAR_WIDTHS, _NEAR_HEIGHTS = 1.5, 0.6
"""A new track within so many of its own sizes of a lost one goes on with its stay."""


class LoiteringSettings(RuleSettings):
    """`[camera.rules.loitering]`."""

    dwell_s: float = Field(120.0, ge=5, le=86400)
    """Seconds that a person stays before it counts."""
    grace_s: float = Field(5.0, ge=0.5, le=600)
    """Seconds out of the zone or out of sight that do not end a stay."""
    severity: base.Severity = "low"


class Loitering(base.Rule):
    """The rule. Without a watch zone the whole picture is one."""

    name: ClassVar[str] = "loitering"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: LoiteringSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind == "watch" and zone.concerns(self.name)]
        self._stays = Stays(self.name, "actor", settings.severity)
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        people = [one for one in scene.tracks if one.label == track.PERSON and self._settings.believes(one)]
        places: list[Zone | None] = [*self._zones] or [None]
        for zone in places:
            name = zone.name if zone else None
            inside = [one for one in people if zone is None or zone.holds(geometry.foot(one.box))]
            self._keep([stay for stay in self._stays if stay.zone == name], inside, name)
        opened = self._stays.opened(self._settings.dwell_s)
        return opened + self._stays.closed(lambda stay: self._now_s - stay.last_s > self._settings.grace_s)

    @property
    def waits(self) -> bool:
        return self._stays.is_one_due(self._now_s, self._settings.dwell_s)

    def snapshot(self) -> dict[str, Any]:
        return self._stays.snapshot(self._now_s)

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        self._stays.restore(state, ago_s)

    def _keep(self, stays: list[Stay], inside: list[Track], zone: str | None) -> None:
        """Prolong the stays of those who are in the zone; who is new begins one."""
        by_track = {stay.track_id: stay for stay in stays}
        for one in inside:
            stay = by_track.pop(one.track_id, None)
            if stay is None:
                present = {other.track_id for other in inside}
                stay = next(
                    (
                        s
                        for s in by_track.values()
                        if s.track_id not in present and geometry.near(s.box, one.box, _NEAR_WIDTHS, _NEAR_HEIGHTS)
                    ),
                    None,
                )
                if stay is None:
                    stay = self._stays.begin(zone, one, self._now_s)
                else:
                    del by_track[stay.track_id]
            stay.track_id, stay.confidence, stay.box, stay.last_s = one.track_id, one.confidence, one.box, self._now_s
