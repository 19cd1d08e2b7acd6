"""A thing stays that was not there, and whoever brought it has gone.

static region --judged "left"--> linked to a person or vehicle that was there when it appeared
     |                               |
     | removed, light, no link       | by a person:  owner beside it <-> owner away for `unattended_s` --> opened
     v                               | by a vehicle: at rest for `settled_s` ---------------------------> opened
 background                          | taken away before that: forgotten
                                     +-- opened --taken away--> closed
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from vision import actors, background, bringers, geometry, static_objects, track
from vision.rules import base, occurrences
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from vision.bringers import Bringers
    from vision.geometry import Box
    from vision.rules.base import RuleEvent, RuleObject, Scene
    from vision.rules.occurrences import Occurrence
    from vision.static_objects import Region
    from vision.track import Track
    from vision.zones import Zone

_LOOKS_TO_DISMISS = 12
"""So many looks are needed before a region is dismissed for good; an alert needs fewer, but seconds of waiting."""
_BESIDE, _LATELY_S = 0.3, 5.0
"""Nothing is dismissed while somebody is, or was lately, so near in their own heights: it may be partly them."""
_UNLINKED_S = 90.0
"""Nobody was there when it appeared: after so long it is part of the scene."""
_LABEL_IOU_MIN = 0.3
_REFINED_IOU = 0.6
"""The box is told again when it agrees with the last told one by less than this, ..."""
_UPDATE_EVERY_S = 10.0
"""... but not more often."""


class IllegalDumpingSettings(RuleSettings):
    """`[camera.rules.illegal_dumping]`."""

    unattended_s: float = Field(10.0, ge=1, le=3600)
    """Seconds that the owner must be away from a thing left by a person."""
    owner_radius: float = Field(1.5, ge=0.2, le=10)
    """Away is farther than so many of the owner's own heights in the picture, or out of it."""
    settled_s: float = Field(6.0, ge=1, le=3600)
    """Seconds that a load tipped from a vehicle must lie still, the vehicle present or not."""
    severity: base.Severity = "high"


@dataclass(slots=True)
class _Candidate:
    """A thing on its way to an alert."""

    brought: Bringers
    attended_s: float
    """When somebody linked to it was last with it."""
    label: RuleObject | None = None
    """The detector's best box for it."""


class IllegalDumping(base.Rule):
    """The rule. What it sees (background, regions, paths) is of one continuous scene; its occurrences outlive it."""

    name: ClassVar[str] = "illegal_dumping"

    def __init__(self, settings: IllegalDumpingSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._fixtures = [zone for zone in zones if zone.kind == "fixture" and zone.concerns(self.name)]
        self._watched = [zone for zone in zones if zone.kind == "watch" and zone.concerns(self.name)]
        self._occurrences = occurrences.Occurrences()
        self._now_s = 0.0
        self._layers = background.PixelLayers((1, 1))
        self._objects = static_objects.StaticObjects()
        self._actors = actors.Actors((1, 1))
        self._candidates: dict[int, _Candidate] = {}

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        picture = background.shrink(scene.frame.image)
        shape = (picture.shape[0], picture.shape[1])
        if scene.frame.discontinuity or shape != self._layers.shape:
            self._start_afresh(shape)
        for mover in self._actors.update(scene.tracks, self._now_s, detected=scene.detected):
            # What was learned under somebody who stood there from the start is not the ground.
            area = actors.rows_and_columns(mover.path[0][1], shape)
            self._layers.forget_since(area, mover.first_seen_s)
        occupied = self._actors.occupied()
        self._layers.update(picture, self._now_s, occupied, self._things())
        self._actors.note_arrivals(self._layers.foreground)
        if self._layers.restarted:
            self._objects, self._candidates = static_objects.StaticObjects(), {}
            self._occurrences.lose_sight()
        for region in self._objects.update(self._layers, self._now_s, occupied):
            self._lose(region)
        events = []
        for region in list(self._objects.regions.values()):
            events += self._judge(region, scene.tracks)
        return events + [self._closed(one) for one in self._occurrences.take_over(self._now_s)]

    def snapshot(self) -> dict[str, Any]:
        return self._occurrences.snapshot(self._now_s)

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        self._occurrences = occurrences.Occurrences.restored(state, ago_s)

    def _start_afresh(self, shape: tuple[int, int]) -> None:
        self._layers = background.PixelLayers(shape)
        self._objects = static_objects.StaticObjects()
        self._actors = actors.Actors(shape)
        self._candidates = {}
        self._occurrences.lose_sight()

    def _things(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """The pixels of what is taken for a thing, from which the light must not be estimated."""
        mask = np.zeros(self._layers.shape, np.bool_)
        for region_id, region in self._objects.regions.items():
            if region_id in self._candidates or self._occurrences.of_region(region_id) is not None:
                mask |= region.mask
        return mask

    def _judge(self, region: Region, tracks: list[Track]) -> list[RuleEvent]:
        occurrence = self._occurrences.of_region(region.region_id)
        if occurrence is not None:
            return self._follow(occurrence, region)
        verdict = region.verdict()
        if verdict == "left" and region.is_compact() and self._is_wanted(region):
            return self._wait(region, tracks)
        self._candidates.pop(region.region_id, None)
        if self._actors.beside(region.box, self._now_s - _LATELY_S, self._now_s, _BESIDE):
            return []
        if verdict in ("removed", "light") and len(region.looks) >= _LOOKS_TO_DISMISS:
            if verdict == "removed":
                self._uncover(region)
            self._dismiss(region)
        elif self._now_s - region.found_s > _UNLINKED_S:
            self._dismiss(region)
        return []

    def _wait(self, region: Region, tracks: list[Track]) -> list[RuleEvent]:
        """One more frame of a thing that may be dumped."""
        box = self._shares(region.box)
        known = self._occurrences.unseen_at(box)
        if known is not None:
            return self._join(known, region)
        candidate = self._candidates.get(region.region_id)
        if candidate is None:
            brought = bringers.find(region, self._actors)
            if brought is None:
                if self._now_s - region.found_s > _UNLINKED_S:
                    self._dismiss(region)
                return []
            since_s = bringers.last_with_s(brought, region.box, self._actors, self._settings.owner_radius)
            candidate = self._candidates[region.region_id] = _Candidate(brought, max(since_s, region.rest_s))
        candidate.label = _better_label(candidate.label, box, tracks)
        if not self._is_due(region, candidate) or not region.visible:
            return []
        if bringers.is_vehicle(region, candidate.brought, self._actors, self._layers.foreground):
            return []
        return self._open(region, candidate, box)

    def _is_due(self, region: Region, candidate: _Candidate) -> bool:
        if candidate.brought.how == "tipped_from_vehicle":
            return self._now_s - max(region.born_s, region.rest_s) >= self._settings.settled_s
        radius = self._settings.owner_radius
        if bringers.attended(candidate.brought, region.box, self._actors, self._layers.foreground, radius):
            candidate.attended_s = self._now_s
        return self._now_s - candidate.attended_s >= self._settings.unattended_s

    def _open(self, region: Region, candidate: _Candidate, box: Box) -> list[RuleEvent]:
        brought = candidate.brought
        self._candidates.pop(region.region_id)
        bearer = self._shares(brought.actor_box)
        reach = (brought.actor_box[3] - brought.actor_box[1]) / self._layers.shape[1], bearer[3] - bearer[1]
        earlier = self._occurrences.left_together(box, region.born_s, {brought.actor_id, *brought.people}, reach)
        if earlier is not None:
            earlier.parts.add(region.region_id)
            return []
        occurrence = self._occurrence(region, candidate, box)
        self._occurrences.open(occurrence)
        return [self._event(occurrence, "opened", self._now_s)]

    def _occurrence(self, region: Region, candidate: _Candidate, box: Box) -> Occurrence:
        brought = candidate.brought
        tipped = brought.how == "tipped_from_vehicle"
        thing = base.RuleObject("thing", "unknown", None, 0.0, box)
        if candidate.label is not None:
            thing = replace(candidate.label, box=box)
        actor = base.RuleObject(
            "actor" if brought.actor_label == track.PERSON else "vehicle",
            brought.actor_label,
            brought.actor_id,
            brought.actor_confidence,
            self._shares(brought.actor_box),
        )
        rested_s = max(region.born_s, region.rest_s)
        return occurrences.Occurrence(
            number=0,
            objects=[thing, actor],
            began_s=region.born_s,
            confidence=_confidence(region),
            zone=self._zone_of(box),
            seen_s=self._now_s,
            told_s=self._now_s,
            attributes={
                "how": brought.how,
                "settled_s" if tipped else "unattended_s": round(
                    self._now_s - (rested_s if tipped else candidate.attended_s), 1
                ),
                "evidence": round(region.evidence(), 2),
            },
            region_id=region.region_id,
            in_view=True,
        )

    def _join(self, occurrence: Occurrence, region: Region) -> list[RuleEvent]:
        """The thing of an earlier occurrence is in sight again."""
        after_discontinuity = not occurrence.in_view
        self._candidates.pop(region.region_id, None)
        occurrence.region_id, occurrence.in_view, occurrence.seen_s = region.region_id, True, self._now_s
        if not after_discontinuity:
            return []
        return [self._updated(occurrence, self._shares(region.box), "seen_again")]

    def _follow(self, occurrence: Occurrence, region: Region) -> list[RuleEvent]:
        if not region.visible or region.region_id in occurrence.parts:
            return []
        occurrence.seen_s = self._now_s
        box = self._shares(region.box)
        told_lately = self._now_s - occurrence.told_s < _UPDATE_EVERY_S
        if told_lately or geometry.iou(box, occurrence.box) >= _REFINED_IOU:
            return []
        return [self._updated(occurrence, box, "box")]

    def _updated(self, occurrence: Occurrence, box: Box, change: str) -> RuleEvent:
        occurrence.objects[0] = replace(occurrence.objects[0], box=box)
        occurrence.told_s = self._now_s
        event = self._event(occurrence, "updated", self._now_s)
        event.attributes["change"] = change
        return event

    def _lose(self, region: Region) -> None:
        self._candidates.pop(region.region_id, None)
        occurrence = self._occurrences.of_region(region.region_id)
        if occurrence is None:
            return
        occurrence.parts.discard(region.region_id)
        if occurrence.region_id == region.region_id:
            occurrence.region_id = occurrence.parts.pop() if occurrence.parts else None
            occurrence.seen_s = self._now_s

    def _uncover(self, region: Region) -> None:
        """Bare ground appeared where the background had something: perhaps what an earlier occurrence had left."""
        occurrence = self._occurrences.unseen_at(self._shares(region.box))
        if occurrence is not None:
            occurrence.gone = True

    def _dismiss(self, region: Region) -> None:
        self._layers.absorb(region.mask, self._now_s)
        self._objects.discard(region.region_id)
        self._candidates.pop(region.region_id, None)

    def _closed(self, occurrence: Occurrence) -> RuleEvent:
        taken = occurrence.in_view or occurrence.gone
        event = self._event(occurrence, "closed", occurrence.seen_s)
        event.attributes["ended"] = "taken" if taken else "not_seen_again"
        return event

    def _event(self, occurrence: Occurrence, phase: base.Phase, occurred_s: float) -> RuleEvent:
        return base.RuleEvent(
            rule=self.name,
            occurrence=occurrence.number,
            phase=phase,
            occurred_s=occurred_s,
            severity=self._settings.severity,
            confidence=occurrence.confidence,
            objects=list(occurrence.objects),
            began_s=occurrence.began_s,
            zone=occurrence.zone,
            attributes=dict(occurrence.attributes),
        )

    def _is_wanted(self, region: Region) -> bool:
        place = geometry.foot(self._shares(region.box))
        middle = geometry.centre(self._shares(region.box))
        if any(zone.holds(middle) for zone in self._fixtures):
            return False
        return not self._watched or any(zone.holds(place) or zone.holds(middle) for zone in self._watched)

    def _zone_of(self, box: Box) -> str | None:
        places = geometry.foot(box), geometry.centre(box)
        return next((zone.name for zone in self._watched if any(zone.holds(place) for place in places)), None)

    def _shares(self, box: Box) -> Box:
        """From pixels of the analysis picture to 0..1."""
        height, width = self._layers.shape
        return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def _confidence(region: Region) -> float:
    """From how far the evidence lies above what is asked: 0.5 at the limit, 1 at three times it."""
    margin = region.evidence() / static_objects.EVIDENCE_MIN
    return round(float(np.clip(0.5 + 0.25 * (margin - 1.0), 0.5, 1.0)), 2)


def _better_label(best: RuleObject | None, box: Box, tracks: list[Track]) -> RuleObject | None:
    """The surest detection that covers a thing, unless it is a person or vehicle."""
    for one in tracks:
        if one.label == track.PERSON or one.label in track.VEHICLES or geometry.iou(one.box, box) < _LABEL_IOU_MIN:
            continue
        if best is None or one.confidence > best.confidence:
            best = base.RuleObject("thing", one.label, one.track_id, one.confidence, one.box)
    return best
