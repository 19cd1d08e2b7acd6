"""Where a straight way crosses the border of a shape, and which shapes touch; plain maths on small areas.

Polygons are straight in degrees, as the files mean them. Circles are round on the ground: around them a degree of
longitude counts as long as it is at their centre, which over 10 km is off by less than 1 part in 1000.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from control_room.geozones import zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from control_room.geozones.zone import Position

METRES_PER_DEGREE = 111_195.0
"""Of latitude, on a sphere of 6371 km."""
_STEPS = 64
_MANY_CORNERS = 32
"""Beyond these a ring is reckoned as an array."""
_BORDER_M = 0.5
"""So near to a border is on it."""
_NEARLY = 1e-9
"""Degrees: a tenth of a millimetre."""
_last_ring: list[tuple[Any, np.ndarray]] = [((), np.empty((0, 2)))]
"""The ring that was asked about last, with its array: one tuple, so that threads never see halves of two."""


def metres_between(a: Position, b: Position) -> float:
    """Over the ground, for places some kilometres apart."""
    across = _longitude_m((a[1] + b[1]) / 2)
    return math.hypot((b[0] - a[0]) * across, (b[1] - a[1]) * METRES_PER_DEGREE)


def box_of(shape: zone.Polygon | zone.Circle) -> tuple[float, float, float, float]:
    """West, south, east, north."""
    if isinstance(shape, zone.Circle):
        high = shape.radius_m / METRES_PER_DEGREE
        wide = shape.radius_m / _longitude_m(shape.centre[1])
        lon, lat = shape.centre
        return lon - wide, lat - high, lon + wide, lat + high
    return box_of_ring(shape.rings[0])


def box_of_all(shapes: Iterable[zone.Polygon | zone.Circle]) -> tuple[float, float, float, float]:
    boxes = [box_of(shape) for shape in shapes]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def box_of_ring(ring: Sequence[Position]) -> tuple[float, float, float, float]:
    lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
    return min(lons), min(lats), max(lons), max(lats)


def boxes_meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def contains(shape: zone.Polygon | zone.Circle, place: Position) -> bool:
    if isinstance(shape, zone.Circle):
        x, y = _from_centre(shape, place)
        return math.hypot(x, y) <= shape.radius_m
    inside = _in_ring(shape.rings[0], place)
    return inside and not any(_in_ring(hole, place) for hole in shape.rings[1:])


def spans_inside(shape: zone.Polygon | zone.Circle, begin: Position, end: Position) -> list[tuple[float, float]]:
    """The parts of the straight way from `begin` to `end` that lie in `shape`, as shares 0..1 of it, in order."""
    cuts = sorted({0.0, 1.0, *_crossings(shape, begin, end)})
    spans: list[tuple[float, float]] = []
    for first, last in itertools.pairwise(cuts):
        middle = (first + last) / 2
        if not contains(shape, _along(begin, end, middle)):
            continue
        if spans and spans[-1][1] == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def spans_along(shape: zone.Polygon | zone.Circle, way: Sequence[Position]) -> list[list[tuple[float, float]]]:
    """`spans_inside` for each leg of a way of many legs; work grows with corners plus legs, not with their product."""
    legs = list(itertools.pairwise(way))
    if isinstance(shape, zone.Circle) or not legs:
        return [spans_inside(shape, *leg) for leg in legs]
    box = box_of(shape)
    touched = _touched(shape, np.asarray(way, dtype=float))
    found: list[list[tuple[float, float]]] = []
    is_inside = False
    for index, (begin, end) in enumerate(legs):
        if not boxes_meet(box_of_ring((begin, end)), box):
            is_inside = False
            found.append([])
            continue
        if touched[index] or index == 0 or touched[index - 1]:
            spans = spans_inside(shape, begin, end)
            is_inside = bool(spans) and spans[-1][1] == 1.0
            found.append(spans)
        else:
            found.append([(0.0, 1.0)] if is_inside else [])
    return found


def shapes_meet(a: zone.Polygon | zone.Circle, b: zone.Polygon | zone.Circle) -> bool:
    """Whether they share any ground."""
    if not boxes_meet(box_of(a), box_of(b)):
        return False
    if isinstance(a, zone.Circle) and isinstance(b, zone.Circle):
        return metres_between(a.centre, b.centre) <= a.radius_m + b.radius_m
    if contains(a, _some_place(b)) or contains(b, _some_place(a)):
        return True
    outlined, other = (a, b) if isinstance(a, zone.Polygon) else (b, a)
    assert isinstance(outlined, zone.Polygon)  # noqa: S101 - two circles were told apart above
    return any(spans_inside(other, *edge) for ring in outlined.rings for edge in _edges(ring))


def covers(outer: Sequence[zone.Polygon | zone.Circle], inner: zone.Polygon | zone.Circle) -> bool:
    """Whether all of `inner` lies in one of `outer`, a common border counted in.

    Touching pieces of `outer` are not joined.
    """
    ring = ring_of(inner)
    return any(
        all(_nearly_contains(piece, place) for place in ring)
        and all(_nearly_inside(piece, *edge) for edge in _edges(ring))
        and not any(_hole_in(hole, inner) for hole in (piece.rings[1:] if isinstance(piece, zone.Polygon) else ()))
        for piece in outer
    )


def _nearly_inside(shape: zone.Polygon | zone.Circle, begin: Position, end: Position) -> bool:
    cuts = sorted({0.0, 1.0, *_crossings(shape, begin, end)})
    return all(
        _nearly_contains(shape, _along(begin, end, (first + last) / 2)) for first, last in itertools.pairwise(cuts)
    )


def _nearly_contains(shape: zone.Polygon | zone.Circle, place: Position) -> bool:
    """Within its border or so near to it that no drawing tells."""
    if contains(shape, place):
        return True
    if isinstance(shape, zone.Circle):
        return math.hypot(*_from_centre(shape, place)) <= shape.radius_m + _BORDER_M
    return any(_off_edge_m(place, *edge) <= _BORDER_M for ring in shape.rings for edge in _edges(ring))


def _off_edge_m(place: Position, begin: Position, end: Position) -> float:
    """How far a place is from a straight edge."""
    across = _longitude_m(place[1])
    (x1, y1), (x2, y2) = (
        ((lon - place[0]) * across, (lat - place[1]) * METRES_PER_DEGREE) for lon, lat in (begin, end)
    )
    length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
    share = 0.0 if length2 == 0 else min(1.0, max(0.0, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / length2))
    return math.hypot(x1 + share * (x2 - x1), y1 + share * (y2 - y1))


def ring_of(shape: zone.Polygon | zone.Circle) -> tuple[Position, ...]:
    """Its outline, closed; of a circle 64 corners."""
    if isinstance(shape, zone.Polygon):
        return shape.rings[0]
    across = _longitude_m(shape.centre[1])
    angles = [2 * math.pi * step / _STEPS for step in range(_STEPS)]
    corners = [
        (
            shape.centre[0] + shape.radius_m * math.cos(angle) / across,
            shape.centre[1] + shape.radius_m * math.sin(angle) / METRES_PER_DEGREE,
        )
        for angle in angles
    ]
    return (*corners, corners[0])


def _from_centre(circle: zone.Circle, place: Position) -> tuple[float, float]:
    """Metres to the east and to the north."""
    return (
        (place[0] - circle.centre[0]) * _longitude_m(circle.centre[1]),
        (place[1] - circle.centre[1]) * METRES_PER_DEGREE,
    )


def _longitude_m(lat: float) -> float:
    return METRES_PER_DEGREE * max(math.cos(math.radians(lat)), 1e-6)


def _along(begin: Position, end: Position, share: float) -> Position:
    return begin[0] + (end[0] - begin[0]) * share, begin[1] + (end[1] - begin[1]) * share


def _edges(ring: Sequence[Position]) -> Iterator[tuple[Position, Position]]:
    return itertools.pairwise(ring)


def _some_place(shape: zone.Polygon | zone.Circle) -> Position:
    return shape.centre if isinstance(shape, zone.Circle) else shape.rings[0][0]


def _hole_in(hole: Sequence[Position], inner: zone.Polygon | zone.Circle) -> bool:
    return contains(inner, hole[0])


def _in_ring(ring: Sequence[Position], place: Position) -> bool:
    """By the number of edges to the east of it."""
    lon, lat = place
    if len(ring) > _MANY_CORNERS:
        corners = _corners(ring)
        a, b = corners[:-1], corners[1:]
        across = (a[:, 1] > lat) != (b[:, 1] > lat)
        a, b = a[across], b[across]
        east = lon < a[:, 0] + (lat - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
        return bool(np.count_nonzero(east) % 2)
    inside = False
    for (lon_a, lat_a), (lon_b, lat_b) in _edges(ring):
        if (lat_a > lat) != (lat_b > lat) and lon < lon_a + (lat - lat_a) * (lon_b - lon_a) / (lat_b - lat_a):
            inside = not inside
    return inside


def _corners(ring: Sequence[Position]) -> np.ndarray:
    """The ring as an array, made once for as long as the same ring is asked about."""
    kept = _last_ring[0]
    if kept[0] is not ring:
        kept = (ring, np.asarray(ring, dtype=float))
        _last_ring[0] = kept
    return kept[1]


def _near(ring: Sequence[Position], begin: Position, end: Position) -> Iterator[tuple[Position, Position]]:
    """Edges whose boxes the way from `begin` to `end` may meet."""
    if len(ring) <= _MANY_CORNERS:
        yield from _edges(ring)
        return
    corners = _corners(ring)
    low, high = np.minimum(corners[:-1], corners[1:]), np.maximum(corners[:-1], corners[1:])
    first, last = np.minimum(begin, end), np.maximum(begin, end)
    for index in np.flatnonzero(((low <= last) & (high >= first)).all(axis=1)).tolist():
        yield ring[index], ring[index + 1]


def _touched(shape: zone.Polygon, way: np.ndarray) -> np.ndarray:
    """Which legs of `way` meet an edge of `shape`, or nearly do."""
    begin, step = way[:-1], np.diff(way, axis=0)
    touched = np.zeros(len(begin), dtype=bool)
    low, high = np.minimum(way[:-1], way[1:]) - _NEARLY, np.maximum(way[:-1], way[1:]) + _NEARLY
    west, south = low.min(axis=0)
    east, north = high.max(axis=0)
    for ring in shape.rings:
        for edge in _edges(ring):
            (lon_a, lat_a), (lon_b, lat_b) = edge
            if max(lon_a, lon_b) < west or min(lon_a, lon_b) > east or max(lat_a, lat_b) < south:
                continue
            if min(lat_a, lat_b) > north:
                continue
            near = (low[:, 0] <= max(lon_a, lon_b)) & (high[:, 0] >= min(lon_a, lon_b))
            near &= (low[:, 1] <= max(lat_a, lat_b)) & (high[:, 1] >= min(lat_a, lat_b))
            side_a = step[:, 0] * (lat_a - begin[:, 1]) - step[:, 1] * (lon_a - begin[:, 0])
            side_b = step[:, 0] * (lat_b - begin[:, 1]) - step[:, 1] * (lon_b - begin[:, 0])
            touched |= near & ((side_a * side_b <= 0) | (np.minimum(abs(side_a), abs(side_b)) < _NEARLY**2))
    return touched


def _crossings(shape: zone.Polygon | zone.Circle, begin: Position, end: Position) -> Iterator[float]:
    if isinstance(shape, zone.Circle):
        yield from _circle_crossings(shape, begin, end)
        return
    for ring in shape.rings:
        for edge in _near(ring, begin, end):
            share = _crossing(begin, end, *edge)
            if share is not None:
                yield share


def _crossing(begin: Position, end: Position, a: Position, b: Position) -> float | None:
    """Where `begin`-`end` meets `a`-`b`, as a share of the first; None: nowhere, or all along."""
    way = (end[0] - begin[0], end[1] - begin[1])
    edge = (b[0] - a[0], b[1] - a[1])
    across = way[0] * edge[1] - way[1] * edge[0]
    if across == 0:
        return None
    to_a = (a[0] - begin[0], a[1] - begin[1])
    share = (to_a[0] * edge[1] - to_a[1] * edge[0]) / across
    on_edge = (to_a[0] * way[1] - to_a[1] * way[0]) / across
    return share if 0 < share < 1 and 0 <= on_edge <= 1 else None


def _circle_crossings(circle: zone.Circle, begin: Position, end: Position) -> Iterator[float]:
    x, y = _from_centre(circle, begin)
    end_x, end_y = _from_centre(circle, end)
    dx, dy = end_x - x, end_y - y
    a, b, c = dx * dx + dy * dy, 2 * (x * dx + y * dy), x * x + y * y - circle.radius_m**2
    inner = b * b - 4 * a * c
    if a == 0 or inner <= 0:
        return
    for sign in (-1.0, 1.0):
        share = (-b + sign * math.sqrt(inner)) / (2 * a)
        if 0 < share < 1:
            yield share
