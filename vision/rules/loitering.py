"""A person stays in a zone longer than `dwell_s`. Nobody is recognised: a stay is a place kept, not a face.

enters --in the zone for `dwell_s`--> opened --out of it, or unseen, for `grace_s`--> closed
   ^                |
   +-- unseen for less than `grace_s`: the same stay, also under another track number nearby
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

_NEAR_WIDTHS, _NEAR_HEIGHTS = 1.5, 0.6
"""A new track within so many of its own sizes of a lost one goes on with its stay."""


class LoiteringSettings(RuleSettings):
    """`[camera.rules.loitering]`."""

    dwell_s: float = Field(120.0, ge=5, le=86400)
    """Seconds that a person stays before it counts."""
    grace_s: float = Field(5.0, ge=0.5, le=600)
    """Seconds out of the zone or out of sight that do not end a stay."""
    severity: base.Severity = "low"


@dataclass(slots=True)
class _Stay:
    """One person's time in one zone."""

    zone: str | None
    track_id: int
    confidence: float
    box: Box
    since_s: float
    last_s: float
    number: int | None = None
    """Of the occurrence, once it was opened."""


class Loitering(base.Rule):
    """The rule. Without a watch zone the whole picture is one."""

    name: ClassVar[str] = "loitering"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: LoiteringSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind == "watch" and zone.concerns(self.name)]
        self._stays: list[_Stay] = []
        self._next_number = 1
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        people = [one for one in scene.tracks if one.label == track.PERSON and self._settings.believes(one)]
        places: list[Zone | None] = [*self._zones] or [None]
        for zone in places:
            name = zone.name if zone else None
            inside = [one for one in people if zone is None or zone.holds(geometry.foot(one.box))]
            self._keep([stay for stay in self._stays if stay.zone == name], inside, name)
        return self._opened() + self._closed()

    @property
    def waits(self) -> bool:
        return any(
            stay.number is None and self._now_s - stay.since_s >= self._settings.dwell_s - base.STILL_FRAME_S
            for stay in self._stays
        )

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
            raise ValueError(f"not a snapshot of loitering: {error}") from error

    def _keep(self, stays: list[_Stay], inside: list[Track], zone: str | None) -> None:
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
                    stay = _Stay(zone, one.track_id, one.confidence, one.box, self._now_s, self._now_s)
                    self._stays.append(stay)
                else:
                    del by_track[stay.track_id]
            stay.track_id, stay.confidence, stay.box, stay.last_s = one.track_id, one.confidence, one.box, self._now_s

    def _opened(self) -> list[RuleEvent]:
        events = []
        for stay in self._stays:
            if stay.number is None and stay.last_s - stay.since_s >= self._settings.dwell_s:
                stay.number = self._next_number
                self._next_number += 1
                events.append(self._event(stay, "opened"))
        return events

    def _closed(self) -> list[RuleEvent]:
        ended = [stay for stay in self._stays if self._now_s - stay.last_s > self._settings.grace_s]
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
            objects=[base.RuleObject("actor", track.PERSON, stay.track_id, stay.confidence, stay.box)],
            began_s=stay.since_s,
            zone=stay.zone,
            attributes={"dwell_s": round(stay.last_s - stay.since_s, 1)},
        )
