"""Joins what all spans saw: the same thing over pictures and passes becomes one place with its error."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from vision import geometry
from vision.footage import ranking
from vision.footage.result import Candidate, Counted, Covered, Moment
from vision.footage.sightings import group_of
from vision.georeference import fusion, globe, place
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from vision.footage.flown import Flown
    from vision.footage.settings import Settings
    from vision.footage.sightings import Sighting
    from vision.footage.spans import Span
    from vision.georeference.errors import Floats

_LOOKS_FUSED_MAX = 12
_GATE = 2.447
"""Mahalanobis distance within which 95 % of two places of one thing lie."""
_SURE_M = 1.0
"""Places nearer than this are one thing whatever their errors say."""
_APART_M = 12.0
_OTHER_SIZE = 3.0
_MOVED_M, _MOVED_SHARE = 2.0, 0.25
_PART_M, _PART_LONGER = 0.8, 1.6
_LASTING_APART = 0.5
"""Of the errors of two passes, how much is taken to push them apart: the rest they share."""
_THING = "thing"


@dataclass(slots=True)
class _Track:
    """One thing in one span, or in several once they are joined."""

    group: str
    sightings: list[tuple[int, Sighting]]
    """With the number of the span."""
    placed: list[tuple[float, Sighting, place.Placed]]
    """With the time of the picture; at most one a look."""
    fused: fusion.Fused
    moved: bool
    looks: set[tuple[int, int]] = field(default_factory=set)

    @property
    def length_m(self) -> float:
        return median(one.length_m for _, one in self.sightings)


@dataclass(frozen=True, slots=True)
class Joined:
    """All that lies, drives and walks there."""

    candidates: tuple[Candidate, ...]
    counted: tuple[Counted, ...]
    hidden: tuple[Covered, ...]
    refused: tuple[tuple[float, str], ...]
    """Sightings that could not be placed: time and reason."""


def join(flown: Flown, spans: list[Span], settings: Settings) -> Joined:
    refused: list[tuple[float, str]] = []
    tracks = [
        track
        for number, span in enumerate(spans)
        for sightings in _by_track(span)
        if (track := _placed(flown, spans, number, sightings, refused)) is not None
    ]
    tracks = _without_parts(tracks)
    merged = [
        one for group in (_THING, "vehicle", "person") for one in _merged([t for t in tracks if t.group == group])
    ]
    seen = _Outlines(spans)
    candidates = _ranked(flown, _never_named(merged, spans), seen, settings)
    looked = _Outlines(spans, detected=True)
    counted = tuple(_counted(flown, one) for one in merged if one.group != _THING and _is_counted(one, looked))
    return Joined(candidates, counted, _hidden(spans), tuple(refused))


def _by_track(span: Span) -> list[list[Sighting]]:
    tracks: dict[int, list[Sighting]] = {}
    for one in span.sightings:
        tracks.setdefault(one.track, []).append(one)
    return list(tracks.values())


def _placed(
    flown: Flown, spans: list[Span], number: int, sightings: list[Sighting], refused: list[tuple[float, str]]
) -> _Track | None:
    """None where no look of it can be put on the ground."""
    group = min((group_of(one.label) for one in sightings), key=[*("person", "vehicle"), _THING].index)
    best: dict[int, Sighting] = {}
    for one in sightings:
        if one.look not in best or _stronger(one, best[one.look]):
            best[one.look] = one
    placed = []
    for look, one in sorted(best.items()):
        time_s = spans[number].looks[look].time_s
        try:
            placed.append((time_s, one, locate(flown, time_s, one.box)))
        except RefusedError as error:
            refused.append((time_s, str(error)))
    if not placed:
        return None
    looks = {(number, look) for look in best}
    return _Track(group, [(number, one) for one in sightings], placed, _fused(placed), _has_moved(placed), looks)


def _stronger(one: Sighting, other: Sighting) -> bool:
    """The box that is trusted for the place: of a patch rather than of a change, the stronger."""
    return (one.kind != "changed", one.strength) > (other.kind != "changed", other.strength)


def locate(flown: Flown, time_s: float, box: geometry.Box) -> place.Placed:
    """Where the middle of a thing lies that a box of a picture shows. Raise RefusedError.

    Seen from straight above that is the box's middle; the flatter the look, the nearer it comes to the lower edge.
    """
    view = flown.view(time_s)
    width, height = view.camera.width_px, view.camera.height_px
    x = min(max((box[0] + box[2]) / 2, 0.0), 1.0) * width
    down = place.locate(view, x, min(1.0, (box[1] + box[3]) / 2) * height).depression_deg
    lift = (box[3] - box[1]) / 2 * math.sin(math.radians(down))
    return place.locate(view, x, min(max(box[3] - lift, 0.0), 1.0) * height)


def _fused(placed: list[tuple[float, Sighting, place.Placed]]) -> fusion.Fused:
    """Of looks spread over all of them where there are many."""
    step = max(1, math.ceil(len(placed) / _LOOKS_FUSED_MAX))
    return fusion.fuse([fusion.Look(one, "flight") for _, _, one in placed[::step]])


def _has_moved(placed: list[tuple[float, Sighting, place.Placed]]) -> bool:
    """Farther than the ground of a span wanders; large boxes wander more."""
    first, last = placed[0][1], placed[-1][1]
    return math.dist(first.at_m, last.at_m) > _MOVED_M + _MOVED_SHARE * max(first.length_m, last.length_m)


def _without_parts(tracks: list[_Track]) -> list[_Track]:
    """Without patches of vehicles and people in looks that the detector did not see."""
    owners = [one for one in tracks if one.group != _THING]
    return [one for one in tracks if one.group != _THING or not any(_is_part(one, owner) for owner in owners)]


def _never_named(merged: list[_Track], spans: list[Span]) -> list[_Track]:
    """Things, but not those in looks without the detector only, where it saw a vehicle or person in another span."""
    detected = {
        (number, look) for number, span in enumerate(spans) for look, one in enumerate(span.looks) if one.detected
    }
    owners = [one for one in merged if one.group != _THING]
    return [
        one
        for one in merged
        if one.group == _THING and (one.looks & detected or not any(_lies_on(one, owner) for owner in owners))
    ]


def _lies_on(one: _Track, owner: _Track) -> bool:
    apart = math.hypot(*globe.offset_m((one.fused.lat, one.fused.lon), (owner.fused.lat, owner.fused.lon)))
    return apart <= owner.fused.ce90_m and one.length_m <= _PART_LONGER * owner.length_m


def _is_part(one: _Track, owner: _Track) -> bool:
    """Of the same span and at the same place; a heap is no part of the person beside it."""
    (span, _), (others, _) = one.sightings[0], owner.sightings[0]
    if span != others or one.length_m > _PART_LONGER * owner.length_m:
        return False
    reach = _PART_M + owner.length_m / 2
    places = [sighting.at_m for _, sighting in owner.sightings]
    return all(min(math.dist(sighting.at_m, at) for at in places) <= reach for _, sighting in one.sightings)


def _merged(tracks: list[_Track]) -> list[_Track]:
    """The nearest pairs first; two things seen apart in one picture are two."""
    still = [one for one in tracks if not one.moved]
    pairs = sorted(
        (away, i, j)
        for i, one in enumerate(still)
        for j in range(i + 1, len(still))
        if (away := _away(one, still[j])) is not None
    )
    into = list(range(len(still)))

    def root(i: int) -> int:
        while into[i] != i:
            i = into[i]
        return i

    for _, i, j in pairs:
        one, other = root(i), root(j)
        if one != other and not (still[one].looks & still[other].looks) and _away(still[one], still[other]) is not None:
            still[one] = _both(still[one], still[other])
            into[other] = one
    return [still[i] for i in range(len(still)) if into[i] == i] + [one for one in tracks if one.moved]


def _away(one: _Track, other: _Track) -> float | None:
    """How far apart two tracks are in standard deviations; None where they are not one thing."""
    offset = np.array(globe.offset_m((one.fused.lat, one.fused.lon), (other.fused.lat, other.fused.lon)))
    metres = float(np.hypot(*offset))
    if metres > _APART_M or max(one.length_m, other.length_m) > _OTHER_SIZE * min(one.length_m, other.length_m):
        return None
    if one.looks & other.looks:
        return None
    both: Floats = (one.fused.covariance.matrix + other.fused.covariance.matrix) * _LASTING_APART
    away = float(np.sqrt(offset @ np.linalg.solve(both + np.eye(2) * 1e-6, offset)))
    away = min(away, _GATE * metres / _SURE_M) if metres < _SURE_M else away
    unlike = _unlike(one, other)
    return None if away + unlike > _GATE else away + unlike


def _unlike(one: _Track, other: _Track) -> float:
    """0 for the same colour, in about standard deviations."""
    colours = []
    for track in (one, other):
        known = [each.colour for _, each in track.sightings if each.colour is not None]
        if not known:
            return 0.0
        colours.append(np.median(np.array(known), axis=0))
    light, red, yellow = np.abs(colours[0] - colours[1])
    return float(np.hypot(light / 30.0, math.hypot(red, yellow) / 12.0))


def _both(one: _Track, other: _Track) -> _Track:
    placed = sorted([*one.placed, *other.placed], key=lambda each: each[0])
    return _Track(
        one.group,
        [*one.sightings, *other.sightings],
        placed,
        _fused(placed),
        moved=False,
        looks=one.looks | other.looks,
    )


class _Outlines:
    """Which looks show a place."""

    def __init__(self, spans: list[Span], *, detected: bool = False) -> None:
        """Of all looks, or of those that the detector saw."""
        self._looks = [
            ((number, look), one.outline, geometry.bounds(one.outline))
            for number, span in enumerate(spans)
            for look, one in enumerate(span.looks)
            if len(one.outline) > 2 and (one.detected or not detected)  # noqa: PLR2004 - a polygon
        ]

    def showing(self, lat: float, lon: float) -> set[tuple[int, int]]:
        return {
            look
            for look, outline, (south, west, north, east) in self._looks
            if south <= lat <= north and west <= lon <= east and geometry.inside((lat, lon), outline)
        }


def _ranked(flown: Flown, things: list[_Track], seen: _Outlines, settings: Settings) -> tuple[Candidate, ...]:
    judged = []
    for thing in things:
        possible = seen.showing(thing.fused.lat, thing.fused.lon) | thing.looks
        judged.append(
            (ranking.judge([one for _, one in thing.sightings], len(thing.looks), len(possible)), thing, len(possible))
        )
    judged = [each for each in judged if not each[1].moved and each[0].score >= settings.score_min]
    judged.sort(key=lambda each: (-each[0].score, each[1].fused.lat, each[1].fused.lon))
    return tuple(
        _candidate(flown, number, thing, judgement, possible)
        for number, (judgement, thing, possible) in enumerate(judged[: settings.candidates_max], start=1)
    )


def _candidate(flown: Flown, number: int, thing: _Track, judged: ranking.Judged, possible: int) -> Candidate:
    best = max(thing.placed, key=lambda each: _well_shown(each[1].box) * math.sin(math.radians(each[2].depression_deg)))
    labels = [(one.strength, one.label) for _, one in thing.sightings if one.label is not None]
    looks = f"; {len(thing.looks)} looks fused" if len(thing.looks) > 1 else ""
    covariance = thing.fused.covariance
    return Candidate(
        number,
        judged.kind,
        max(labels)[1] if labels else None,
        round(thing.fused.lat, 8),
        round(thing.fused.lon, 8),
        round(thing.fused.ce90_m, 3),
        (covariance.east, covariance.both, covariance.north),
        round(best[2].depression_deg, 2),
        best[2].method + looks,
        judged.confidence,
        judged.score,
        judged.reasons,
        _moment(flown, thing.placed[0][0]),
        _moment(flown, best[0]),
        _moment(flown, thing.placed[-1][0]),
        best[1].box,
        len(thing.looks),
        possible,
        (round(thing.length_m, 2), round(median(one.width_m for _, one in thing.sightings), 2)),
    )


def _well_shown(box: geometry.Box) -> float:
    """Large and whole: 1 for what is not near the border."""
    edge = min(box[0], box[1], 1 - box[2], 1 - box[3])
    return min(1.0, 0.5 + 5 * max(0.0, edge)) * math.sqrt(max(1e-9, geometry.area(box)))


def _moment(flown: Flown, time_s: float) -> Moment:
    return Moment(round(time_s, 3), flown.utc(time_s))


def _is_counted(one: _Track, seen: _Outlines) -> bool:
    """What stood still and was seen once of several times was nothing."""
    return one.moved or len(one.looks) > 1 or len(seen.showing(one.fused.lat, one.fused.lon)) <= 2  # noqa: PLR2004 - few chances


def _counted(flown: Flown, one: _Track) -> Counted:
    strongest = max((each for _, each in one.sightings if each.label is not None), key=lambda each: each.strength)
    last = one.placed[-1][2]
    where = (last.lat, last.lon, last.ce90_m) if one.moved else (one.fused.lat, one.fused.lon, one.fused.ce90_m)
    return Counted(
        strongest.label or one.group,
        round(where[0], 8),
        round(where[1], 8),
        round(where[2], 3),
        _moment(flown, one.placed[0][0]),
        _moment(flown, one.placed[-1][0]),
        one.moved,
        len(one.looks),
    )


def _hidden(spans: list[Span]) -> tuple[Covered, ...]:
    """Every box of a person or vehicle, also of those that were not counted: rather one too many."""
    covered = []
    for span in spans:
        boxes: dict[int, list[geometry.Box]] = {}
        for one in span.sightings:
            if one.label is not None and group_of(one.label) != _THING:
                boxes.setdefault(one.look, []).append(one.box)
        covered += [Covered(span.looks[look].time_s, tuple(found)) for look, found in sorted(boxes.items())]
    return tuple(covered)
