"""Things on their way to an alert of illegal dumping, and what an alert says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from vision import geometry, track
from vision.bringers import Bringers
from vision.rules import base
from vision.rules.dumping_memory import Waiting

if TYPE_CHECKING:
    from vision.actors import Actor
    from vision.frame import Frame
    from vision.geometry import Box
    from vision.pictures import Pictures
    from vision.static_objects import Region
    from vision.track import Track

State = Literal["carried", "with_owner", "unattended", "abandoned", "reclaimed", "taken"]
"""`carried`: the time before it stands anywhere; only `abandoned` opens an alert, the last two end it."""

_LABEL_IOU_MIN = 0.3
_AWAY_S = 1.0
"""Its owner counts as away from a thing after so long."""
_COMING_TO_REST_S = 0.8
"""The last stretch of a load's way changes hardly a pixel: it lies still only so long after its pixels do."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that was left."""

    state: State
    box: Box


@dataclass(slots=True)
class Candidate:
    """A thing on its way to an alert."""

    brought: Bringers
    box: Box
    """In 0..1."""
    born_s: float
    rest_s: float
    attended_s: float
    """When somebody linked to it was last with it."""
    label: base.RuleObject | None = None
    """The detector's best box for it."""
    now_s: float = 0.0
    recalled_s: float | None = None
    """When it came to rest, where that was before the agent's start: its pixels say less."""

    @classmethod
    def recalled(cls, before: Waiting, shape: tuple[int, int]) -> Candidate:
        height, width = shape
        x1, y1, x2, y2 = before.actor_box
        brought = Bringers(
            how=before.how,
            people=set(),
            actor_id=None,
            actor_label=before.actor_label,
            actor_confidence=before.actor_confidence,
            actor_box=(x1 * width, y1 * height, x2 * width, y2 * height),
        )
        return cls(brought, before.box, before.born_s, before.rest_s, before.attended_s, recalled_s=before.rest_s)

    @property
    def tipped(self) -> bool:
        return self.brought.how == "tipped_from_vehicle"

    def rested(self, region: Region) -> None:
        """Take over since when the region has had its shape."""
        if self.recalled_s is None:
            self.born_s, self.rest_s = region.born_s, max(region.born_s, region.rest_s) + _COMING_TO_REST_S

    def thing(self) -> Thing:
        attended = not self.tipped and self.now_s - self.attended_s < _AWAY_S
        return Thing("with_owner" if attended else "unattended", self.box)

    def waiting(self, shape: tuple[int, int]) -> Waiting:
        brought = self.brought
        return Waiting(
            box=self.box,
            how=brought.how,
            born_s=self.born_s,
            rest_s=self.rest_s,
            attended_s=self.attended_s,
            actor_label=brought.actor_label,
            actor_confidence=brought.actor_confidence,
            actor_box=shares(brought.actor_box, shape),
        )


def shares(box: Box, shape: tuple[int, int]) -> Box:
    """From pixels of a picture of shape (height_px, width_px) to 0..1."""
    height, width = shape
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def union(one: Box, other: Box) -> Box:
    """The least box that holds both."""
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def better_label(best: base.RuleObject | None, box: Box, tracks: list[Track]) -> base.RuleObject | None:
    """The surest detection that covers a thing, unless it is a person or vehicle."""
    for one in tracks:
        if one.label == track.PERSON or one.label in track.VEHICLES or geometry.iou(one.box, box) < _LABEL_IOU_MIN:
            continue
        if best is None or one.confidence > best.confidence:
            best = base.RuleObject("thing", one.label, one.track_id, one.confidence, one.box)
    return best


def objects(candidate: Candidate, vehicle: Actor | None, shape: tuple[int, int]) -> list[base.RuleObject]:
    """The thing, who brought it, and the vehicle that stood beside them."""
    brought = candidate.brought
    thing = base.RuleObject("thing", "unknown", None, 0.0, candidate.box)
    if candidate.label is not None:
        thing = replace(candidate.label, box=candidate.box)
    bringer = base.RuleObject(
        "actor" if brought.actor_label == track.PERSON else "vehicle",
        brought.actor_label,
        brought.actor_id,
        brought.actor_confidence,
        shares(brought.actor_box, shape),
    )
    if vehicle is None:
        return [thing, bringer]
    box = shares(vehicle.box, shape)
    return [thing, bringer, base.RuleObject("vehicle", vehicle.label, vehicle.track_id, vehicle.confidence, box)]


def attributes(candidate: Candidate, region: Region, now_s: float) -> dict[str, Any]:
    waited = (
        {"settled_s": round(now_s - candidate.rest_s, 1)}
        if candidate.tipped
        else {
            "with_owner_s": round(max(0.0, candidate.attended_s - candidate.born_s), 1),
            "unattended_s": round(now_s - candidate.attended_s, 1),
        }
    )
    return {"how": candidate.brought.how, **waited, "evidence": round(region.evidence(), 2)}


def pictures(kept: Pictures, frame: Frame, candidate: Candidate, vehicle: Actor | None) -> list[base.RulePicture]:
    """The place before and after, and the best pictures of who brought the thing."""
    brought = candidate.brought
    before, after = kept.before(candidate.box), kept.after(frame, candidate.box)
    shown = [base.RulePicture("after", after.image, after.media_time_s)]
    if before is not None:
        shown.insert(0, base.RulePicture("before", before.image, before.media_time_s))
    on_foot = brought.actor_label == track.PERSON
    people = [*brought.people, brought.actor_id] if on_foot else list(brought.people)
    actor = kept.of(people)
    if actor is not None:
        shown.append(base.RulePicture("actor", actor.image, actor.media_time_s))
    wheels = kept.of([vehicle.track_id if vehicle else None] if on_foot else [brought.actor_id])
    if wheels is not None:
        shown.append(base.RulePicture("vehicle", wheels.image, wheels.media_time_s))
    return shown
