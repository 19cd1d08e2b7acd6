"""A flown track against zones and limits: where, when and how high it was in each. Pure maths; no clock, no database.

Between two samples the aircraft is taken to have flown straight and evenly. Heights are above the take-off point, and
the ground is taken to be as high as there; who shows the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from control_room.geozones import applicability, geometry
from control_room.geozones.zone import UNLIMITED, Applicability, Circle, Daily, Polygon

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Iterable, Iterator, Sequence

    from control_room.flight_log.track import Run, Sample
    from control_room.geozones.zone import Geozone, Limit, Position, Volume

TOGETHER = timedelta(seconds=2)
"""Two stays in a zone with less between them are one: the border is not known to the metre."""
_ELEVATIONS_M = (-430.0, 8850.0)
"""Of any ground on earth above mean sea level."""
_GEOID_M = (-107.0, 86.0)
"""Of mean sea level above the WGS 84 ellipsoid, anywhere."""
NIGHT = Daily(days=frozenset(range(7)), begins="EECT", ends="BMCT", in_utc=False)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stay."""

    begins: datetime
    ends: datetime
    lowest_m: float | None
    highest_m: float | None
    certain: bool = True
    why: tuple[str, ...] = ()
    """Codes of what was taken for granted (certain), or is missing (not certain)."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of one leg."""

    begins: datetime
    ends: datetime
    heights: tuple[float, float] | None
    certain: bool


def in_zone(runs: Sequence[Run], zone: Geozone, *, elevation_m: float | None, town: zoneinfo.ZoneInfo) -> list[Stretch]:
    """Each stay in the zone while it applies, by time. `elevation_m`: of the take-off point above mean sea level."""
    if not runs:
        return []
    window = (runs[0].samples[0].at, runs[-1].samples[-1].at)
    box = geometry.box_of_all(volume.shape for volume in zone.volumes)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    active = applicability.spans(zone.applicability, window, place=middle, town=town)
    if not active or not any(geometry.boxes_meet(geometry.box_of_ring(run.way), box) for run in runs):
        return []
    stretches: list[Stretch] = []
    for volume in zone.volumes:
        pieces = [
            cut
            for run in runs
            for piece in _in_volume(run, volume, elevation_m)
            for cut in _while_active(piece, active)
        ]
        for certain in (True, False):
            why = _why(volume, elevation_m, pieces, certain=certain)
            stretches += _together((piece for piece in pieces if piece.certain is certain), certain=certain, why=why)
    return _without_repeats(sorted(stretches, key=lambda one: (one.begins, one.ends)))


def above(runs: Sequence[Run], limit_m: float) -> list[Stretch]:
    """Stays higher than `limit_m` above the take-off point."""
    pieces: list[_Piece] = []
    for run in runs:
        for leg in run.legs:
            heights = _heights(leg)
            span = None if heights is None else _at_least(heights, limit_m)
            if span is not None and heights is not None and max(heights) > limit_m:
                pieces.append(_piece(leg, span, certain=True))
    return _together(pieces, certain=True, why=("flat_ground",))


def away_from(runs: Sequence[Run], place: Position, reach_m: float) -> list[Stretch]:
    """Stays farther over the ground than `reach_m` from `place`."""
    return outside(runs, [Circle(centre=place, radius_m=reach_m)])


def outside(runs: Sequence[Run], area: Sequence[Polygon | Circle]) -> list[Stretch]:
    """Stays in none of the shapes."""
    pieces: list[_Piece] = []
    for run in runs:
        by_shape = [geometry.spans_along(shape, run.way) for shape in area]
        for index, leg in enumerate(run.legs):
            inside = sorted(span for legs in by_shape for span in legs[index])
            pieces += [_piece(leg, span, certain=True) for span in _rest(inside)]
    return _together(pieces, certain=True, why=())


def at_night(runs: Sequence[Run], place: Position, town: zoneinfo.ZoneInfo) -> list[Stretch]:
    """Stays in the air between the end of evening and the begin of morning civil twilight."""
    if not runs:
        return []
    window = (runs[0].samples[0].at, runs[-1].samples[-1].at)
    dark = applicability.spans([Applicability(begins=None, ends=None, daily=(NIGHT,))], window, place=place, town=town)
    return beyond_times(runs, dark, is_inside=True)


def beyond_times(
    runs: Sequence[Run], spans: Sequence[tuple[datetime, datetime]], *, is_inside: bool = False
) -> list[Stretch]:
    """Stays in the air outside all `spans`, or `is_inside` any of them."""
    pieces: list[_Piece] = []
    for run in runs:
        for leg in run.legs:
            whole = _piece(leg, (0.0, 1.0), certain=True)
            inside = list(_while_active(whole, spans))
            pieces += inside if is_inside else _unless_active(whole, inside)
    return _together(pieces, certain=True, why=())


def farthest_m(runs: Sequence[Run], place: Position) -> float | None:
    distances = [geometry.metres_between(place, sample.place) for run in runs for sample in run.samples]
    return max(distances, default=None)


def highest_m(runs: Sequence[Run]) -> float | None:
    heights = [sample.height_m for run in runs for sample in run.samples if sample.height_m is not None]
    return max(heights, default=None)


def _heights(leg: tuple[Sample, Sample]) -> tuple[float, float] | None:
    first, last = leg[0].height_m, leg[1].height_m
    return None if first is None or last is None else (first, last)


def _in_volume(run: Run, volume: Volume, elevation_m: float | None) -> Iterator[_Piece]:
    if not geometry.boxes_meet(geometry.box_of_ring(run.way), geometry.box_of(volume.shape)):
        return
    for leg, spans in zip(run.legs, geometry.spans_along(volume.shape, run.way), strict=True):
        if not spans:
            continue
        heights = _heights(leg)
        sure = _between(volume, heights, elevation_m, surely=True)
        perhaps = _between(volume, heights, elevation_m, surely=False)
        for span in spans:
            whole = _overlap(span, perhaps)
            if whole is None:
                continue
            certain = _overlap(span, sure)
            if certain is None:
                yield _piece(leg, whole, certain=False)
                continue
            yield _piece(leg, certain, certain=True)
            for rest in ((whole[0], certain[0]), (certain[1], whole[1])):
                if rest[0] < rest[1]:
                    yield _piece(leg, rest, certain=False)


def _between(
    volume: Volume, heights: tuple[float, float] | None, elevation_m: float | None, *, surely: bool
) -> tuple[float, float] | None:
    """The share of a leg between the limits, whatever is not known (`surely`) or for some of it."""
    span: tuple[float, float] | None = (0.0, 1.0)
    for limit, is_lower in ((volume.lower, True), (volume.upper, False)):
        if limit is None or _never_binds(limit, is_lower=is_lower):
            continue
        if heights is None:
            span = None if surely else span
            continue
        low, high = _ground(limit, elevation_m)
        offset = low if surely is is_lower else high
        compared = (heights[0] + offset, heights[1] + offset)
        bound = limit.metres
        part = _at_least(compared, bound) if is_lower else _at_least((-compared[0], -compared[1]), -bound)
        span = None if span is None or part is None else _overlap(span, part)
    return span


def _never_binds(limit: Limit, *, is_lower: bool) -> bool:
    """The ground, which an aircraft in the air is above wherever it took off; or no end at all."""
    return limit.metres <= 0 and limit.reference == "AGL" if is_lower else limit.value >= UNLIMITED


def _ground(limit: Limit, elevation_m: float | None) -> tuple[float, float]:
    """What a height above take-off must be raised by to compare with the limit: from, to."""
    if limit.reference == "AGL":
        return 0.0, 0.0
    low, high = _ELEVATIONS_M if elevation_m is None else (elevation_m, elevation_m)
    return (low, high) if limit.reference == "AMSL" else (low + _GEOID_M[0], high + _GEOID_M[1])


def _why(volume: Volume, elevation_m: float | None, pieces: Sequence[_Piece], *, certain: bool) -> tuple[str, ...]:
    binding = [
        limit
        for limit, is_lower in ((volume.lower, True), (volume.upper, False))
        if limit is not None and not _never_binds(limit, is_lower=is_lower)
    ]
    references = {limit.reference for limit in binding}
    said: list[str] = []
    if "AGL" in references:
        said.append("flat_ground")
    if references & {"AMSL", "WGS84"}:
        said.append("elevation_unknown" if elevation_m is None else "elevation_given")
    if "WGS84" in references:
        said.append("ellipsoid")
    if not certain and binding and any(piece.heights is None for piece in pieces):
        said.append("height_unknown")
    return tuple(said)


def _at_least(values: tuple[float, float], bound: float) -> tuple[float, float] | None:
    """Where a value that goes evenly from one to the other is `bound` or more, as a share."""
    first, last = values
    if first >= bound and last >= bound:
        return 0.0, 1.0
    if first < bound and last < bound:
        return None
    share = (bound - first) / (last - first)
    return (share, 1.0) if last >= bound else (0.0, share)


def _overlap(a: tuple[float, float], b: tuple[float, float] | None) -> tuple[float, float] | None:
    if b is None:
        return None
    first, last = max(a[0], b[0]), min(a[1], b[1])
    return (first, last) if first <= last else None


def _rest(inside: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    at = 0.0
    for first, last in inside:
        if first > at:
            yield at, first
        at = max(at, last)
    if at < 1.0:
        yield at, 1.0


def _piece(leg: tuple[Sample, Sample], span: tuple[float, float], *, certain: bool) -> _Piece:
    first, last = leg
    lasts = last.at - first.at
    heights = _heights(leg)
    if heights is not None:
        rise = heights[1] - heights[0]
        heights = (heights[0] + rise * span[0], heights[0] + rise * span[1])
    return _Piece(first.at + lasts * span[0], first.at + lasts * span[1], heights, certain)


def _part(piece: _Piece, begins: datetime, ends: datetime) -> _Piece:
    lasts = piece.ends - piece.begins
    if piece.heights is None or not lasts:
        return _Piece(begins, ends, piece.heights, piece.certain)
    rise = piece.heights[1] - piece.heights[0]
    shares = ((begins - piece.begins) / lasts, (ends - piece.begins) / lasts)
    heights = (piece.heights[0] + rise * shares[0], piece.heights[0] + rise * shares[1])
    return _Piece(begins, ends, heights, piece.certain)


def _while_active(piece: _Piece, active: Sequence[tuple[datetime, datetime]]) -> Iterator[_Piece]:
    for span in active:
        both = applicability.meet((piece.begins, piece.ends), span)
        if both is not None and (both[0] < both[1] or piece.begins == piece.ends):
            yield _part(piece, *both)


def _unless_active(piece: _Piece, inside: Sequence[_Piece]) -> Iterator[_Piece]:
    at = piece.begins
    for part in inside:
        if part.begins > at:
            yield _part(piece, at, part.begins)
        at = max(at, part.ends)
    if at < piece.ends:
        yield _part(piece, at, piece.ends)


def _together(pieces: Iterable[_Piece], *, certain: bool, why: tuple[str, ...]) -> list[Stretch]:
    stretches: list[Stretch] = []
    for piece in sorted(pieces, key=lambda one: one.begins):
        heights = piece.heights or ()
        lowest, highest = min(heights, default=None), max(heights, default=None)
        last = stretches[-1] if stretches else None
        if last is None or piece.begins - last.ends > TOGETHER:
            stretches.append(Stretch(piece.begins, piece.ends, lowest, highest, certain, why))
            continue
        known = [height for height in (last.lowest_m, last.highest_m, lowest, highest) if height is not None]
        stretches[-1] = Stretch(
            last.begins, max(last.ends, piece.ends), min(known, default=None), max(known, default=None), certain, why
        )
    return stretches


def _without_repeats(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Volumes of one zone overlap: a stay that lies within another as certain one tells nothing more."""
    kept: list[Stretch] = []
    for one in stretches:
        if any(
            other is not one
            and other.certain >= one.certain
            and other.begins <= one.begins
            and one.ends <= other.ends
            and (other in kept or (other.begins, other.ends) != (one.begins, one.ends))
            for other in stretches
        ):
            continue
        kept.append(one)
    return kept
