"""A thing that stood long in a watch zone is gone: a bench, a sign, a bicycle, a statue.

    ground learned with the thing --static pixels judged "removed"--> gone --for `gone_s`, nobody in front--> opened
                                                                       |                                        |
                                                                       +-- back: forgotten          back, or `forget_s`
                                                                                                                v
                                                                                                             closed

The layers and their judgement are those of illegal dumping (see `vision.static_objects`), read the other way. What
drives or walks away was never part of the ground: a track that moves takes its place out of what was learned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from vision import actors, background, geometry, static_objects, track
from vision.rules import base
from vision.rules.settings import RuleSettings

if TYPE_CHECKING:
    from vision.geometry import Box
    from vision.rules.base import RuleEvent, RuleObject, Scene
    from vision.static_objects import Region
    from vision.zones import Zone

_LOOKS_TO_DISMISS = 12
_UNCLEAR_S = 90.0
_BESIDE, _LATELY_S = 0.3, 3.0
_SAME_PLACE = 0.5
"""Overlap of two places that are one."""
_TAKER_S = 10.0
"""Who was beside it so long before it was gone may have taken it."""


class ObjectRemovedSettings(RuleSettings):
    """`[camera.rules.object_removed]`."""

    stood_s: float = Field(60.0, ge=5, le=86400)
    """Seconds that a thing was part of the scene before it counts as one."""
    gone_s: float = Field(10.0, ge=1, le=3600)
    """Seconds that its place stays empty, in full sight."""
    forget_s: float = Field(600.0, ge=60, le=86400)
    """Seconds after which the empty place is the scene, and it is over."""
    severity: base.Severity = "medium"


@dataclass(slots=True)
class _Gone:
    """A thing whose absence was told."""

    number: int
    box: Box
    """In 0..1."""
    zone: str
    began_s: float
    opened_s: float
    confidence: float


class ObjectRemoved(base.Rule):
    """The rule. Without a watch zone it is silent."""

    name: ClassVar[str] = "object_removed"

    def __init__(self, settings: ObjectRemovedSettings, zones: list[Zone]) -> None:
        self._settings = settings
        self._zones = [zone for zone in zones if zone.kind == "watch"]
        self._layers = background.PixelLayers((1, 1))
        self._objects = static_objects.StaticObjects()
        self._actors = actors.Actors((1, 1))
        self._gone: dict[int, _Gone] = {}
        """By region; below 0 those from before the last start, whose region is not known."""
        self._next_number = 1
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        if not self._zones:
            return []
        self._now_s = scene.frame.media_time_s
        picture = scene.frame.shrunk()
        shape = (picture.shape[0], picture.shape[1])
        if scene.frame.discontinuity or shape != self._layers.shape:
            self._layers, self._actors = background.PixelLayers(shape), actors.Actors(shape)
            self._lose_sight()
        for mover in self._actors.update(scene.tracks, self._now_s, detected=scene.detected):
            area = actors.rows_and_columns(mover.path[0][1], shape)
            self._layers.forget_since(area, mover.first_seen_s)
        occupied = self._actors.occupied()
        self._layers.update(picture, self._now_s, occupied, self._places())
        if self._layers.restarted:
            self._lose_sight()
        events = [self._closed(region.region_id, "returned") for region in self._lost(occupied)]
        for region in list(self._objects.regions.values()):
            events += self._judge(region)
        return events + self._forgotten()

    def snapshot(self) -> dict[str, Any]:
        gone = [asdict(one) for one in self._gone.values()]
        for one in gone:
            one["began_s"] -= self._now_s
            one["opened_s"] -= self._now_s
        return {"next_number": self._next_number, "gone": gone}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            found = [_Gone(**{**one, "box": tuple(one["box"])}) for one in state["gone"]]
            for one in found:
                one.began_s -= ago_s
                one.opened_s -= ago_s
            self._gone = {-1 - index: one for index, one in enumerate(found)}
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of object_removed: {error}") from error

    @property
    def waits(self) -> bool:
        return any(region_id not in self._gone for region_id in self._objects.regions)

    def _lose_sight(self) -> None:
        self._objects = static_objects.StaticObjects()
        self._gone = {-1 - index: one for index, one in enumerate(self._gone.values())}

    def _places(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """From which the light must not be estimated."""
        mask = np.zeros(self._layers.shape, np.bool_)
        for region_id, region in self._objects.regions.items():
            if region_id in self._gone:
                mask |= region.mask
        return mask

    def _lost(self, occupied: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[Region]:
        ended = self._objects.update(self._layers, self._now_s, occupied)
        return [region for region in ended if region.region_id in self._gone]

    def _judge(self, region: Region) -> list[RuleEvent]:
        if region.region_id in self._gone:
            return []
        verdict = region.verdict()
        if verdict == "removed" and region.is_compact():
            return self._wait(region)
        settled = verdict in {"left", "light"} and len(region.looks) >= _LOOKS_TO_DISMISS
        beside = self._actors.beside(region.box, self._now_s - _LATELY_S, self._now_s, _BESIDE)
        if (settled and not beside) or self._now_s - region.found_s > _UNCLEAR_S:
            self._dismiss(region)
        return []

    def _wait(self, region: Region) -> list[RuleEvent]:
        box = self._shares(region.box)
        zone = next((zone for zone in self._zones if zone.holds(geometry.centre(box))), None)
        stood_s = region.born_s - float(np.median(self._layers.learned_at_s[region.mask]))
        if zone is None or stood_s < self._settings.stood_s:
            self._dismiss(region)
            return []
        if not region.visible or self._now_s - max(region.born_s, region.rest_s) < self._settings.gone_s:
            return []
        evidence = -region.evidence()
        if evidence < static_objects.EVIDENCE_MIN * self._settings.strictness:
            return []
        margin = evidence / static_objects.EVIDENCE_MIN
        confidence = round(float(np.clip(0.5 + 0.25 * (margin - 1.0), 0.5, 1.0)), 2)
        gone = _Gone(self._next_number, box, zone.name, region.born_s, self._now_s, confidence)
        self._next_number += 1
        # What is gone from there anew was put back while nobody looked.
        back = [key for key, one in self._gone.items() if key < 0 and geometry.iou(one.box, box) > _SAME_PLACE]
        events = [self._closed(key, "returned") for key in back]
        self._gone[region.region_id] = gone
        events.append(self._event(gone, "opened", {"stood_s": round(stood_s, 1), "evidence": round(evidence, 2)}))
        events[-1].objects.extend(self._takers(region))
        return events

    def _takers(self, region: Region) -> list[RuleObject]:
        """People and vehicles that were beside it when it went, the nearest in time first; at most three."""
        near = self._actors.beside(region.box, region.born_s - _TAKER_S, region.born_s, _BESIDE)
        found = [one for one in near if one.believed]
        return [
            base.RuleObject(
                "actor" if one.label == track.PERSON else "vehicle",
                one.label,
                one.track_id,
                one.confidence,
                self._shares(_box_near(one, region.born_s)),
            )
            for one in found[:3]
        ]

    def _forgotten(self) -> list[RuleEvent]:
        due = [key for key, one in self._gone.items() if self._now_s - one.opened_s >= self._settings.forget_s]
        for key in due:
            region = self._objects.regions.get(key)
            if region is not None:
                self._dismiss(region)
        return [self._closed(key, "stays_gone") for key in due]

    def _dismiss(self, region: Region) -> None:
        self._layers.absorb(region.mask, self._now_s)
        self._objects.discard(region.region_id)

    def _closed(self, key: int, ended: str) -> RuleEvent:
        return self._event(self._gone.pop(key), "closed", {"ended": ended})

    def _event(self, gone: _Gone, phase: base.Phase, attributes: dict[str, Any]) -> RuleEvent:
        return base.RuleEvent(
            rule=self.name,
            occurrence=gone.number,
            phase=phase,
            occurred_s=self._now_s,
            severity=self._settings.severity,
            confidence=gone.confidence,
            objects=[base.RuleObject("thing", "unknown", None, gone.confidence, gone.box)],
            began_s=gone.began_s,
            zone=gone.zone,
            attributes=attributes,
        )

    def _shares(self, box: Box) -> Box:
        height, width = self._layers.shape
        return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def _box_near(actor: actors.Actor, at_s: float) -> Box:
    return min(actor.path, key=lambda step: abs(step[0] - at_s))[1]
