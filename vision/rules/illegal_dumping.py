"""A thing stays that was not there, and whoever brought it has gone.

carried        static region --judged "left"--> linked to who was there when it appeared, or threw it
                    |                               |
                    | removed, light, no link       | by a person:  with_owner <-> unattended --`unattended_s`--> opened
                    v                               | by a vehicle: at rest for `settled_s` -------------------> opened
                background                          | gone before that: forgotten
                                                    +-- abandoned (opened) --reclaimed, taken--> closed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from vision import actors, arrivals, background, bringers, geometry, moves, pictures, static_objects, throws
from vision.rules import base, dumping_memory, occurrences, things
from vision.rules.settings import RuleSettings
from vision.rules.stillness import Stillness
from vision.rules.things import Candidate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.geometry import Box
    from vision.rules.base import RuleEvent, Scene
    from vision.rules.dumping_memory import Waiting
    from vision.rules.occurrences import Occurrence
    from vision.static_objects import Region
    from vision.zones import Zone

_LOOKS_TO_DISMISS = 12
"""So many looks are needed before a region is dismissed for good; an alert needs fewer, but seconds of waiting."""
_BESIDE, _LATELY_S = 0.3, 5.0
"""Nothing is dismissed while somebody is, or was lately, so near in their own heights: it may be partly them."""
_UNLINKED_S = 90.0
"""Nobody was there when it appeared: after so long it is part of the scene."""
_BRIEF_S = 5.0
"""Whoever brought something during an interruption as brief as this is still there."""
_REFINED_IOU = 0.6
"""The box is told again when it agrees with the last told one by less than this, ..."""
_GREW = 1.4
"""... or has grown by so much, ..."""
_UPDATE_EVERY_S = 10.0
"""... but not more often."""
_NEVER_BARE_SHARE = 0.5
_SAME_FRAME_S = 0.05
_UNSETTLED_PX = 24
_RECLAIMED_S = 3.0
"""Who is linked to a thing and was with it so shortly before it went took it back."""


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
class _View:
    """What is known of one continuous view of the scene."""

    layers: background.PixelLayers
    objects: static_objects.StaticObjects
    actors: actors.Actors
    throws: throws.Throws
    arrivals: arrivals.Arrivals
    moves: moves.Moves
    pictures: pictures.Pictures
    never_bare: NDArray[np.bool_]
    """Where the background was not seen since an interruption: nobody knows who brought what stands there."""


def _view(layers: background.PixelLayers, *, after_interruption: bool = False) -> _View:
    return _View(
        layers,
        static_objects.StaticObjects(),
        actors.Actors(layers.shape),
        throws.Throws(),
        arrivals.Arrivals(),
        moves.Moves(),
        pictures.Pictures(),
        layers.known & after_interruption,
    )


class IllegalDumping(base.Rule):
    """The rule. Regions and paths are of one continuous scene; its occurrences and the background outlive it."""

    name: ClassVar[str] = "illegal_dumping"

    def __init__(self, settings: IllegalDumpingSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._evidence_min = static_objects.EVIDENCE_MIN * settings.strictness
        self._fixtures = [zone for zone in zones if zone.kind == "fixture" and zone.concerns(self.name)]
        self._watched = [zone for zone in zones if zone.kind == "watch" and zone.concerns(self.name)]
        self._occurrences = occurrences.Occurrences()
        self._now_s = 0.0
        self._looked_s = -np.inf
        self._view = _view(background.PixelLayers((1, 1)))
        self._recalled: tuple[background.PixelLayers, float] | None = None
        """With how long ago it was as it says."""
        self._candidates: dict[int, Candidate] = {}
        self._waiting: list[Waiting] = []
        """Of the time before an interruption, not seen again yet."""
        self._waits = True
        self._stillness = Stillness()

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        interrupted = scene.frame.discontinuity
        every_s = self._stillness.look_every_s(scene)
        if not (scene.detected or interrupted or self._waits) and self._now_s - self._looked_s < every_s:
            return []
        self._looked_s = self._now_s
        picture = scene.frame.shrunk()
        shape = (picture.shape[0], picture.shape[1])
        if shape != self._view.layers.shape:
            self._begin(shape)
        elif interrupted:
            self._resume(self._view.layers.resumed())
        occupied = self._see(scene, picture)
        for region in self._view.objects.update(self._view.layers, self._now_s, occupied):
            self._lose(region)
        events = []
        for region in list(self._view.objects.regions.values()):
            events += self._judge(region, scene)
        self._waits = self._has_pending(occupied)
        return events + [self._closed(one) for one in self._occurrences.take_over(self._now_s)]

    @property
    def waits(self) -> bool:
        return self._waits

    def snapshot(self) -> dict[str, Any]:
        return self._occurrences.snapshot(self._now_s)

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        self._occurrences = occurrences.Occurrences.restored(state, ago_s)

    def memory(self) -> bytes | None:
        if not self._view.layers.known.any():
            return None
        return dumping_memory.pack(self._view.layers, self._waiting_now(), self._now_s)

    def recall(self, memory: bytes, ago_s: float) -> None:
        layers, self._waiting = dumping_memory.unpack(memory, ago_s)
        self._recalled = layers, ago_s

    def things(self) -> list[things.Thing]:
        """Everything that is left somewhere now, with its state."""
        waiting = [one.thing() for one in self._candidates.values()]
        return waiting + [one.thing() for one in self._occurrences]

    def _begin(self, shape: tuple[int, int]) -> None:
        """The first picture, or one of another size."""
        recalled, self._recalled = self._recalled, None
        if recalled is not None and recalled[0].shape == shape:
            self._resume(recalled[0], brief=recalled[1] <= _BRIEF_S)
            return
        self._view, self._candidates = _view(background.PixelLayers(shape)), {}
        self._occurrences.lose_sight()

    def _resume(self, layers: background.PixelLayers, *, brief: bool = False) -> None:
        """The same view after an interruption."""
        if self._candidates:
            self._waiting = self._waiting_now()
        self._view, self._candidates = _view(layers, after_interruption=not brief), {}
        self._occurrences.lose_sight()

    def _see(self, scene: Scene, picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Bring everything up to the picture; the pixels where people and vehicles are."""
        view = self._view
        for mover in view.actors.update(scene.tracks, self._now_s, detected=scene.detected):
            # What was learned under somebody who stood there from the start is not the ground.
            view.layers.forget_since(actors.rows_and_columns(mover.path[0][1], view.layers.shape), mover.first_seen_s)
        occupied = view.actors.occupied()
        view.layers.update(picture, self._now_s, occupied, self._thing_pixels())
        view.actors.note_arrivals(view.layers.foreground)
        view.arrivals.update(view.layers, occupied, self._now_s)
        view.never_bare &= view.layers.foreground | occupied | view.layers.held
        if view.layers.restarted:
            view.objects, self._candidates = static_objects.StaticObjects(), {}
            self._occurrences.lose_sight()
        if scene.detected:
            view.throws.update(view.layers.unsettled & ~occupied, self._now_s)
        view.pictures.look(scene.frame, view.layers, view.actors, occupied)
        return occupied

    def _thing_pixels(self) -> NDArray[np.bool_]:
        """The pixels of what is taken for a thing, from which the light must not be estimated."""
        mask = np.zeros(self._view.layers.shape, np.bool_)
        for region_id, region in self._view.objects.regions.items():
            if region_id in self._candidates or self._occurrences.of_region(region_id) is not None:
                mask |= region.mask
        return mask

    def _has_pending(self, occupied: NDArray[np.bool_]) -> bool:
        layers = self._view.layers
        if self._candidates or layers.held or not layers.known.any():
            return True
        young = (layers.has_static & (self._now_s - layers.born_s < static_objects.AGE_S)) | layers.unsettled
        if np.count_nonzero(young & ~occupied) >= _UNSETTLED_PX:
            return True
        known = self._occurrences.of_region
        regions = self._view.objects.regions.values()
        return any(len(one.looks) < _LOOKS_TO_DISMISS and known(one.region_id) is None for one in regions)

    def _judge(self, region: Region, scene: Scene) -> list[RuleEvent]:
        occurrence = self._occurrences.of_region(region.region_id)
        if occurrence is not None:
            return self._follow(occurrence, region)
        verdict = region.verdict(self._evidence_min)
        if verdict == "left" and region.is_compact() and self._is_wanted(region):
            return self._wait(region, scene)
        self._candidates.pop(region.region_id, None)
        if self._view.actors.beside(region.box, self._now_s - _LATELY_S, self._now_s, _BESIDE):
            return []
        if verdict in ("removed", "light") and len(region.looks) >= _LOOKS_TO_DISMISS:
            if verdict == "removed":
                self._uncover(region)
                self._view.moves.note(region, self._view.layers)
            self._dismiss(region)
        elif self._now_s - region.found_s > _UNLINKED_S:
            self._dismiss(region)
        return []

    def _wait(self, region: Region, scene: Scene) -> list[RuleEvent]:
        """One more frame of a thing that may be dumped."""
        box = self._shares(region.box)
        known = self._occurrences.unseen_at(box)
        if known is not None:
            return self._join(known, region)
        candidate = self._candidates.get(region.region_id) or self._link(region, box)
        if candidate is None:
            if self._now_s - region.found_s > _UNLINKED_S:
                self._dismiss(region)
            return []
        candidate.box = box
        candidate.label = things.better_label(candidate.label, box, scene.tracks)
        if not self._is_due(region, candidate) or not region.visible:
            return []
        if bringers.is_somebody(region, self._view.actors) or self._is_vehicle(region, candidate):
            return []
        if self._was_only_moved(region):
            self._dismiss(region)
            return []
        return self._open(region, candidate, scene)

    def _is_vehicle(self, region: Region, candidate: Candidate) -> bool:
        return bringers.is_vehicle(region, candidate.brought, self._view.actors, self._view.layers)

    def _was_only_moved(self, region: Region) -> bool:
        regions = self._view.objects.regions.values()
        ghosts = [one for one in regions if one is not region and one.verdict() == "removed"]
        return self._view.moves.is_moved(region, self._view.layers, ghosts)

    def _link(self, region: Region, box: Box) -> Candidate | None:
        """Who brought a thing, if that is known."""
        remembered = next((one for one in self._waiting if one.is_at(box)), None)
        if remembered is not None:
            self._waiting.remove(remembered)
            candidate = Candidate.recalled(remembered, self._view.layers.shape)
        elif self._view.never_bare[region.mask].mean() > _NEVER_BARE_SHARE:
            return None
        else:
            view = self._view
            brought = bringers.find(region, view.actors, view.throws, view.objects.regions.values())
            if brought is None or (brought.how != "thrown" and self._popped_up(region)):
                return None
            radius = self._settings.owner_radius
            since_s = bringers.last_with_s(brought, region.box, view.actors, view.arrivals, radius)
            rest_s = max(region.born_s, region.rest_s)
            candidate = Candidate(brought, box, region.born_s, rest_s, max(since_s, rest_s))
        self._candidates[region.region_id] = candidate
        return candidate

    def _popped_up(self, region: Region) -> bool:
        """Whether it, or another thing that is there since the very same frame, came out of nothing."""
        view = self._view
        others = (one for one in view.objects.regions.values() if abs(one.born_s - region.born_s) <= _SAME_FRAME_S)
        return any(
            view.arrivals.popped_up(one, view.layers) for one in others if one is region or one.verdict() == "left"
        )

    def _is_due(self, region: Region, candidate: Candidate) -> bool:
        candidate.rested(region)
        if candidate.tipped:
            return self._now_s - candidate.rest_s >= self._settings.settled_s
        if self._is_attended(candidate.brought, region):
            candidate.attended_s = self._now_s
        candidate.now_s = self._now_s
        return self._now_s - candidate.attended_s >= self._settings.unattended_s

    def _is_attended(self, brought: bringers.Bringers, region: Region) -> bool:
        view = self._view
        return bringers.attended(brought, region, view.actors, view.layers.foreground, self._settings.owner_radius)

    def _open(self, region: Region, candidate: Candidate, scene: Scene) -> list[RuleEvent]:
        brought, box = candidate.brought, candidate.box
        self._candidates.pop(region.region_id)
        bearer = self._shares(brought.actor_box)
        reach = (brought.actor_box[3] - brought.actor_box[1]) / self._view.layers.shape[1], bearer[3] - bearer[1]
        earlier = self._occurrences.left_together(box, region.born_s, bringers.numbers(brought), reach)
        if earlier is not None:
            earlier.parts.add(region.region_id)
            return []
        heap = self._occurrences.touching(box)
        if heap is not None:
            heap.parts.add(region.region_id)
            return [self._updated(heap, things.union(heap.box, box), "grew")]
        vehicle = bringers.ride(brought, self._view.actors)
        occurrence = occurrences.Occurrence(
            number=0,
            objects=things.objects(candidate, vehicle, self._view.layers.shape),
            began_s=candidate.born_s,
            confidence=_confidence(region, self._evidence_min),
            zone=self._zone_of(box),
            seen_s=self._now_s,
            told_s=self._now_s,
            attributes=things.attributes(candidate, region, self._now_s),
            region_id=region.region_id,
            in_view=True,
            brought=brought,
        )
        self._occurrences.open(occurrence)
        shown = things.pictures(self._view.pictures, scene.frame, candidate, vehicle)
        return [self._event(occurrence, "opened", self._now_s, shown)]

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
        if occurrence.brought is not None and self._is_attended(occurrence.brought, region):
            occurrence.attended_s = self._now_s
        if self._now_s - occurrence.told_s < _UPDATE_EVERY_S:
            return []
        back = self._now_s - occurrence.attended_s < _RECLAIMED_S
        if back != occurrence.with_owner:
            occurrence.with_owner = back
            return [self._updated(occurrence, box, "owner_back" if back else "owner_away")]
        if geometry.area(box) >= _GREW * geometry.area(occurrence.box):
            return [self._updated(occurrence, box, "grew")]
        if not occurrence.parts and geometry.iou(box, occurrence.box) < _REFINED_IOU:
            return [self._updated(occurrence, box, "box")]
        return []

    def _updated(self, occurrence: Occurrence, box: Box, change: str) -> RuleEvent:
        occurrence.refine(box)
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
            occurrence.reclaimed = self._now_s - occurrence.attended_s < _RECLAIMED_S
            occurrence.seen_s = self._now_s

    def _uncover(self, region: Region) -> None:
        """Bare ground appeared where the background had something: perhaps what an earlier occurrence had left."""
        occurrence = self._occurrences.unseen_at(self._shares(region.box))
        if occurrence is not None:
            occurrence.gone = True

    def _dismiss(self, region: Region) -> None:
        self._view.layers.absorb(region.mask, self._now_s)
        self._view.objects.discard(region.region_id)
        self._candidates.pop(region.region_id, None)

    def _closed(self, occurrence: Occurrence) -> RuleEvent:
        event = self._event(occurrence, "closed", occurrence.seen_s)
        event.attributes["ended"] = occurrence.ended
        return event

    def _event(
        self,
        occurrence: Occurrence,
        phase: base.Phase,
        occurred_s: float,
        shown: list[base.RulePicture] | None = None,
    ) -> RuleEvent:
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
            attributes={**occurrence.attributes, "state": occurrence.state},
            pictures=shown or [],
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
        return things.shares(box, self._view.layers.shape)

    def _waiting_now(self) -> list[Waiting]:
        return self._waiting + [one.waiting(self._view.layers.shape) for one in self._candidates.values()]


def _confidence(region: Region, evidence_min: float) -> float:
    """From how far the evidence lies above what is asked: 0.5 at the limit, 1 at three times it."""
    margin = region.evidence() / evidence_min
    return round(float(np.clip(0.5 + 0.25 * (margin - 1.0), 0.5, 1.0)), 2)
