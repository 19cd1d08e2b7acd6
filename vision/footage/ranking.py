"""How sure it is that something lies there, and how much it looks like what belongs there.

A candidate is a place to look at. Nothing here says what it is: the codes name what speaks for and against it, and
the screens put them into words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from vision.footage.sightings import CHANGED, DETECTED, UNUSUAL

if TYPE_CHECKING:
    from vision.footage.sightings import Sighting

_HALF_SURE = 7.0
"""Standard deviations at which an unusual patch is as likely something as nothing."""
_SURER = 2.0
_ONCE = 0.35
"""Of what was seen once though it could be seen several times: it moved, or the ground glinted."""
_MARKING_LIGHTER = 12.0
_MARKING_GRAY = 9.0
_MARKING_M = 0.6
_MARKING_LONG = 3.0
_SHADE_COLOUR = 5.0
_SHADE_DARKER = 6.0
_GREEN, _GREEN_YELLOW = -7.0, 4.0
_LEAFY = 0.1
"""Logarithm of how much rougher than the ground leaves are, at least."""
_CAR_LENGTH_M, _CAR_WIDTH_M, _CAR_FILL = (3.3, 7.5), (1.3, 3.0), 0.55
_TINY_M = 0.45
_REPEATS = 0.8
"""Times its own area of the same colour nearby."""
_AGAINST = {
    "like_a_marking": 0.15,
    "like_a_shadow": 0.2,
    "like_a_plant": 0.12,
    "as_large_as_a_vehicle": 0.2,
    "long_and_thin": 0.5,
    "repeats_nearby": 0.6,
    "tiny": 0.7,
}
_CHANGE_WEIGHT, _DETECTION_WEIGHT = 0.7, 0.6


@dataclass(frozen=True, slots=True)
class Judged:
    """`kind` is what it is known by first of all."""

    kind: str
    confidence: float
    score: float
    reasons: tuple[str, ...]


def judge(sightings: list[Sighting], looks: int, looks_possible: int) -> Judged:
    """Of one thing, over all looks."""
    unusual = [one for one in sightings if one.kind == UNUSUAL]
    changed = [one for one in sightings if one.kind == CHANGED]
    detected = [one for one in sightings if one.kind == DETECTED]
    sure = {
        UNUSUAL: _from_spread(max((one.strength for one in unusual), default=0.0)),
        CHANGED: _CHANGE_WEIGHT * _from_spread(1.5 * max((one.strength for one in changed), default=0.0)),
        DETECTED: _DETECTION_WEIGHT * max((one.confidence for one in map(_Detected, detected)), default=0.0),
    }
    kind = max(sure, key=lambda each: sure[each])
    together = 1.0 - math.prod(1.0 - each for each in sure.values())
    confidence = together * _steadiness(looks, looks_possible)
    reasons = _for(bool(unusual), bool(changed), bool(detected), looks, looks_possible)
    against = _against(unusual or changed) if unusual or changed else ()
    score = confidence * math.prod(_AGAINST[reason] for reason in against)
    return Judged(kind, round(confidence, 4), round(score, 4), (*reasons, *against))


@dataclass(frozen=True, slots=True)
class _Detected:
    sighting: Sighting

    @property
    def confidence(self) -> float:
        return self.sighting.strength


def _from_spread(deviations: float) -> float:
    return 1.0 / (1.0 + math.exp((_HALF_SURE - deviations) / _SURER)) if deviations > 0 else 0.0


def _steadiness(looks: int, possible: int) -> float:
    """A thing that lies there is seen in most pictures that show its place."""
    if possible <= 1:
        return 0.8
    if looks == 1:
        return _ONCE
    return min(1.0, 0.5 + 0.5 * looks / possible)


def _for(unusual: bool, changed: bool, detected: bool, looks: int, possible: int) -> tuple[str, ...]:  # noqa: FBT001 - three of a kind
    reasons = []
    if unusual:
        reasons.append("unlike_its_surroundings")
    if changed:
        reasons.append("not_there_last_flight")
    if detected:
        reasons.append("named_by_the_detector")
    if looks > 1:
        reasons.append("seen_again")
    elif possible > 1:
        reasons.append("seen_once")
    return tuple(reasons)


def _against(sightings: list[Sighting]) -> tuple[str, ...]:
    length, width = median(one.length_m for one in sightings), median(one.width_m for one in sightings)
    fill = median(one.fill for one in sightings)
    reasons = []
    coloured = [one for one in sightings if one.colour is not None and one.around is not None]
    if coloured:
        reasons += _against_colour(coloured, length, width)
    if _within(length, _CAR_LENGTH_M) and _within(width, _CAR_WIDTH_M) and fill >= _CAR_FILL:
        reasons.append("as_large_as_a_vehicle")
    if length >= 5 * width and "like_a_marking" not in reasons:
        reasons.append("long_and_thin")
    if length < _TINY_M:
        reasons.append("tiny")
    return tuple(reasons)


def _against_colour(coloured: list[Sighting], length: float, width: float) -> list[str]:
    light, red, yellow = (median(one.colour[place] for one in coloured if one.colour) for place in range(3))
    ground = tuple(median(one.around[place] for one in coloured if one.around) for place in range(3))
    reasons = []
    gray = math.hypot(red - ground[1], yellow - ground[2]) <= _MARKING_GRAY
    if light - ground[0] >= _MARKING_LIGHTER and gray and width <= _MARKING_M and length >= _MARKING_LONG * width:
        reasons.append("like_a_marking")
    shade = light / max(ground[0], 1.0)
    off = math.hypot(red - shade * ground[1], yellow - shade * ground[2])
    rough = median(one.texture for one in coloured)
    if ground[0] - light >= _SHADE_DARKER and off <= _SHADE_COLOUR and rough <= 0.0:
        reasons.append("like_a_shadow")
    if median(one.repeats for one in coloured) >= _REPEATS:
        reasons.append("repeats_nearby")
    if red <= _GREEN and yellow >= _GREEN_YELLOW and rough >= _LEAFY:
        reasons.append("like_a_plant")
    return reasons


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
