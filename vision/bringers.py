"""Links a thing to the person or vehicle that brought it, and says whether they are still with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vision import actors, geometry
from vision.static_objects import EVIDENCE_MIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from vision.actors import Actor, Actors
    from vision.arrivals import Arrivals
    from vision.background import PixelLayers
    from vision.geometry import Box
    from vision.static_objects import Region
    from vision.throws import Throws

How = Literal["left_by_person", "thrown", "tipped_from_vehicle"]

_BEFORE_S, _AFTER_S = 3.0, 1.5
"""A bringer was beside the place within this span around the thing's appearance."""
_VEHICLE_BEFORE_S = 8.0
"""A load that the vehicle itself hid appears when it drives off."""
_REACH_PERSON, _REACH_VEHICLE = 0.3, 0.25
"""Beside: gap between the boxes, in heights of the bringer's box."""
_SCRAP_SHARE = 0.02
"""Area of the least thing, in squared statures of its bringer: a bag of 30 x 30 cm beside 1.7 m is 0.03."""
_CARRIED_SHARE = 0.6
"""Area of the largest thing that a person brings by hand (a mattress); beyond it a vehicle must have been there."""
_CARRIED_SIDE = 1.5
_LOAD_SHARE_MIN, _LOAD_SHARE_MAX = 0.01, 1.2
"""Area of a load, in areas of the vehicle's box."""
_BODY_SHARE = 0.5
"""A region that lies so far inside the box of a vehicle is that vehicle."""
_BENEATH_SHARE, _STRIP_SHARE = 0.7, 0.25
_STOP_BIRTH_S = 2.0
"""What comes to stand within so many seconds of a vehicle's stop is its shadow or its own outline."""
_THROW_HEIGHTS = 4.0
"""How far a thing is thrown, in heights of who threw it."""
_FEW = 3
_TOWERS = 1.5
_BENT_SHARE = 0.6
_HEAD_SHARE = 0.2
"""So much of somebody must show above a thing for their place to tell whether they still stand there."""
_STANDING_S, _WITHIN_SHARE, _PART_TIMES = 3.0, 0.6, 1.7
_SURELY = 2.0
_HULK_TIMES, _HULK_SHARE, _HULK_S = 2.5, 0.02, 120.0
"""A vehicle that the detector does not know is so many times its load, and at least so much of the picture."""
UNKNOWN = "unknown"
_RIDE_S, _RIDE_HEIGHTS = 30.0, 1.0
"""A vehicle that stood within so many of its own heights of who left a thing, so long before, may be theirs."""


@dataclass(slots=True)
class Bringers:
    """Who was there when a thing appeared."""

    how: How
    people: set[int]
    """Track ids, with those that followed when a track was lost and found again."""
    actor_id: int | None
    """The one to show: the owner, or the vehicle; None where it was seen before the agent's last start."""
    actor_label: str
    actor_confidence: float
    actor_box: Box
    """Where it was when the thing appeared, in pixels of the analysis picture."""


def find(region: Region, everybody: Actors, throws: Throws, regions: Iterable[Region]) -> Bringers | None:
    """The people or the vehicle beside the place when the thing appeared, if its size suits them."""
    born_s, rest_s = region.born_s, max(region.born_s, region.rest_s)
    near = everybody.beside(region.box, born_s - _BEFORE_S, rest_s + _AFTER_S, _REACH_PERSON)
    walkers = [one for one in near if one.is_person]
    people = [one for one in walkers if one.believed] or [one for one in walkers if _towers_over(one, region)]
    shares = [region.area_px / max(one.stature_at_px(born_s), 1.0) ** 2 for one in people]
    if people and max(shares) < _SCRAP_SHARE:
        return None
    if people and min(shares) <= _CARRIED_SHARE and _fits_hands(region, people):
        return _bringers("left_by_person", people, people[0], born_s)
    near = everybody.beside(region.box, born_s - _VEHICLE_BEFORE_S, rest_s + _AFTER_S, _REACH_VEHICLE)
    vehicles = [one for one in near if not one.is_person and _suits_load(region, one)]
    lingering = [one for one in vehicles if one.lingered(born_s - _VEHICLE_BEFORE_S, rest_s + _AFTER_S)]
    if lingering:
        return _bringers("tipped_from_vehicle", people, lingering[0], born_s)
    hulk = None if people else _unseen_vehicle(region, regions)
    if hulk is not None:
        return Bringers("tipped_from_vehicle", set(), None, UNKNOWN, 0.0, hulk.box)
    return _thrown(region, everybody, throws)


def numbers(thing: Bringers) -> set[int]:
    """All track ids that are linked to a thing."""
    return thing.people if thing.actor_id is None else thing.people | {thing.actor_id}


def ride(thing: Bringers, everybody: Actors) -> Actor | None:
    """The vehicle that stood beside whoever left a thing by hand."""
    if thing.how == "tipped_from_vehicle" or thing.actor_id is None or thing.actor_id not in everybody:
        return None
    now_s = everybody.now_s
    beside = everybody.beside(thing.actor_box, now_s - _RIDE_S, now_s, _RIDE_HEIGHTS)
    return next((one for one in beside if not one.is_person and one.lingered(now_s - _RIDE_S, now_s)), None)


def _unseen_vehicle(region: Region, regions: Iterable[Region]) -> Region | None:
    """Something large that came and stands beside a thing since before it appeared: a vehicle, from above say."""
    if region.evidence() < _SURELY * EVIDENCE_MIN:
        return None
    for one in regions:
        beside = actors.gap_px(one.box, region.box) <= _REACH_VEHICLE * (one.box[3] - one.box[1])
        before_s = region.born_s - one.born_s
        large = one.area_px >= _HULK_TIMES * region.area_px and one.area_px >= _HULK_SHARE * one.mask.size
        if large and beside and _STOP_BIRTH_S < before_s <= _HULK_S and one.verdict() == "left":
            return one
    return None


def _thrown(region: Region, everybody: Actors, throws: Throws) -> Bringers | None:
    """Whoever stood within throwing distance of a thing that was seen coming through the air."""
    from_s, to_s = region.born_s - _BEFORE_S, max(region.born_s, region.rest_s) + _AFTER_S
    if any(one.is_person for one in everybody.beside(region.box, from_s, to_s, _REACH_PERSON, on_ground=False)):
        return None  # somebody's arm or foot, or what they put down
    if sum(one.is_person and one.last_seen_s >= from_s and one.first_seen_s <= to_s for one in everybody) > _FEW:
        return None  # in a crowd there is always something small that moves
    for one in everybody.beside(region.box, from_s, region.born_s, _THROW_HEIGHTS, on_ground=False):
        if not one.is_person or region.area_px > _CARRIED_SHARE * one.stature_px**2:
            continue
        _, box = min(one.path, key=lambda step: abs(step[0] - region.born_s))
        if throws.came_flying(region.box, region.area_px, region.born_s, box):
            return _bringers("thrown", [one], one, region.born_s)
    return None


def attended(thing: Bringers, region: Region, everybody: Actors, foreground: NDArray[np.bool_], radius: float) -> bool:
    """Whether one of the people linked to a thing is within `radius` of their own heights of it.

    Takes over the track numbers that follow a lost track. A track that was lost close by counts as there while the
    picture shows something in its place.
    """
    for track_id in list(thing.people):
        if track_id in everybody:
            heir = everybody.heir(everybody[track_id])
            if heir is not None:
                thing.people.add(heir.track_id)
    return any(
        track_id in everybody and _is_with(everybody[track_id], region, everybody, foreground, radius)
        for track_id in thing.people
    )


def last_with_s(thing: Bringers, box: Box, everybody: Actors, been: Arrivals, radius: float) -> float:
    """When one of the people linked to a thing was last within `radius` of their own heights of it.

    Who was lost close by stood there for as long as their place, above the thing, did not show the background.
    """
    last_s = float("-inf")
    for track_id in thing.people:
        actor = everybody[track_id]
        stood_s = max(actor.stood_s, _stood_until_s(actor, box, everybody, been))
        for at_s, seen in (*actor.path, (stood_s, actor.box)):
            x, y = geometry.foot(seen)
            if actors.gap_px((x, y, x, y), box) <= radius * _height_px(actor, seen):
                last_s = max(last_s, at_s)
    return last_s


def _height_px(actor: Actor, box: Box) -> float:
    """How high somebody is on their way from a thing to a box: they shrink as they walk off into the distance."""
    return (actor.stature_px + max(box[3] - box[1], _BENT_SHARE * actor.stature_px)) / 2


def _stood_until_s(actor: Actor, box: Box, everybody: Actors, been: Arrivals) -> float:
    x1, y1, x2, y2 = actor.box
    lower = min((y1 + y2) / 2, box[1])
    if lower - y1 < _HEAD_SHARE * (y2 - y1) or (actor.cut_off and not actor.headless) or everybody.heir(actor):
        return actor.last_seen_s
    return been.stirred_until_s((x1, y1, x2, lower), everybody.shape, actor.last_seen_s)


def is_somebody(region: Region, everybody: Actors) -> bool:
    """Whether a region is part of a person who stands there, however unsure the detector is of them."""
    height = region.box[3] - region.box[1]
    for actor in everybody:
        if not actor.is_person or everybody.now_s - actor.path[-1][0] > _STANDING_S:
            continue
        times = []
        for at_s, box in reversed(actor.path):
            if everybody.now_s - at_s > 2 * _STANDING_S:
                break
            within = geometry.overlap(region.box, box) >= _WITHIN_SHARE * geometry.area(region.box)
            if within and box[3] - box[1] >= _PART_TIMES * height:
                times.append(at_s)
        if times and times[0] - times[-1] >= _STANDING_S:
            return True
    return False


def is_vehicle(region: Region, thing: Bringers, everybody: Actors, layers: PixelLayers) -> bool:
    """Whether a region is a vehicle that came to stand there, or its shadow, and not something beside it."""
    for actor in everybody:
        # A vehicle that nobody saw moving is believed only where it is itself said to have brought the thing: elsewhere
        # it may be the load, called a truck.
        itself = actor.arrived and geometry.iou(actor.box, thing.actor_box) >= _BODY_SHARE
        if actor.is_person or not (actor.believed or itself) or everybody.has_left(actor):
            continue
        inside = geometry.overlap(region.box, actor.box) / max(geometry.area(region.box), 1.0)
        if inside >= _BODY_SHARE and (
            everybody.is_seen(actor) or region.area_px >= _BODY_SHARE / 2 * geometry.area(actor.box)
        ):
            return True
        beside = actors.gap_px(actor.box, region.box) <= _REACH_VEHICLE * (actor.box[3] - actor.box[1])
        together = abs(region.born_s - _stopped_s(actor, region, everybody, layers)) <= _STOP_BIRTH_S
        if beside and _is_beneath(region.box, actor.box):
            return True
        if beside and together and everybody.still_parked(actor, layers.foreground, region.box):
            return True
    return False


def _is_beneath(box: Box, vehicle: Box) -> bool:
    """Whether a box is a flat strip along the lower edge of a vehicle's: what lies in its shadow is its shadow."""
    across = min(box[2], vehicle[2]) - max(box[0], vehicle[0])
    flat = box[3] - box[1] <= _STRIP_SHARE * (vehicle[3] - vehicle[1])
    return flat and across >= _BENEATH_SHARE * (box[2] - box[0]) and box[1] >= (vehicle[1] + vehicle[3]) / 2


def _stopped_s(vehicle: Actor, region: Region, everybody: Actors, layers: PixelLayers) -> float:
    """Since when a vehicle has stood: under earlier track numbers too, or, found late, as its pixels tell."""
    same = (one for one in everybody if not one.is_person and geometry.iou(one.box, vehicle.box) >= _BODY_SHARE)
    seen_s = min(one.stopped_s() for one in same)
    place = actors.rows_and_columns(vehicle.box, layers.shape)
    stands = layers.has_static[place] & ~region.mask[place]
    if stands.size == 0 or stands.mean() < _BODY_SHARE:
        return seen_s
    return min(seen_s, float(np.median(layers.born_s[place][stands])))


def _bringers(how: How, people: list[Actor], shown: Actor, when_s: float) -> Bringers:
    _, box = min(shown.path, key=lambda step: abs(step[0] - when_s))
    return Bringers(
        how=how,
        people={one.track_id for one in people},
        actor_id=shown.track_id,
        actor_label=shown.label,
        actor_confidence=shown.confidence,
        actor_box=box,
    )


def _towers_over(person: Actor, region: Region) -> bool:
    """Whether somebody of whom the detector never was sure is clearly higher than a thing, and not that thing."""
    return person.stature_at_px(region.born_s) >= _TOWERS * (region.box[3] - region.box[1])


def _fits_hands(region: Region, people: list[Actor]) -> bool:
    tallest = max(one.stature_at_px(region.born_s) for one in people)
    return max(region.box[2] - region.box[0], region.box[3] - region.box[1]) <= _CARRIED_SIDE * tallest


def _suits_load(region: Region, vehicle: Actor) -> bool:
    _, box = min(vehicle.path, key=lambda step: abs(step[0] - region.born_s))
    if not vehicle.believed and geometry.iou(box, region.box) >= _BODY_SHARE:
        return False  # the load itself, called a vehicle
    return _LOAD_SHARE_MIN <= region.area_px / max(geometry.area(box), 1.0) <= _LOAD_SHARE_MAX


def _is_with(actor: Actor, region: Region, everybody: Actors, foreground: NDArray[np.bool_], radius: float) -> bool:
    x, y = geometry.foot(actor.box)
    if actors.gap_px((x, y, x, y), region.box) > radius * _height_px(actor, actor.box):
        return False
    if everybody.is_seen(actor):
        return True
    if everybody.heir(actor) is not None:
        return False  # their present place is asked for by their present number
    stands = everybody.still_stands(actor, foreground, region)
    actor.headless = actor.headless and stands  # once bare, others pass through their place
    close = actors.gap_px(actor.box, region.box) <= _REACH_PERSON * actor.stature_px
    if not stands or (actor.cut_off and not (actor.headless and close)):
        return False
    actor.stood_s = everybody.now_s
    return True
