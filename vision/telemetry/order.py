"""Which of two coordinates is the latitude. Each file has one order, its cues vote in the order of their weight."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.telemetry.fields import Pair

_EARTH_M = 6_371_008.8
_NEAR_M = 3_000_000.0
"""From the mainland to the Canaries and back."""
_SAMPLED_ROWS = 2000
_FITS = 0.1
"""Of the distance or speed that the file itself gives."""
_FAR_ENOUGH_M = 20.0
_LAT_MAX, _LON_MAX = 90.0, 180.0
_LIVED_IN_LAT = (-56.0, 72.0)
"""South of Cape Horn and north of Barrow lives hardly anybody."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one row gives for the decision."""

    pair: Pair
    home: Pair | None = None
    distance_m: float | None = None
    """From home, as the file says."""
    speed_m_s: float | None = None
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The decision."""

    lat_first: bool
    reason: str


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great circle."""
    one, other = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((other - one) / 2) ** 2
        + math.cos(one) * math.cos(other) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def decide(rows: Sequence[Row], *, near: tuple[float, float] | None, usual_lat_first: bool, usual: str) -> Order:
    """`usual` says in words why this kind of file mostly has that order: it counts where nothing else tells."""
    step = max(1, len(rows) // _SAMPLED_ROWS)
    sampled = [row for row in rows[::step] if row.pair.first or row.pair.second]
    for by in (_by_letters, _by_limits, _by_home_distance, _by_speed):
        order = by(sampled)
        if order is not None:
            return order
    return _by_town(sampled, near) or _by_people(sampled) or Order(usual_lat_first, usual)


def _by_letters(rows: Sequence[Row]) -> Order | None:
    for row in rows:
        if row.pair.axes:
            return Order(row.pair.axes == "latlon", "its letters say so")
    return None


def _by_limits(rows: Sequence[Row]) -> Order | None:
    """A latitude over 90 degrees is none; one damaged row must not decide."""
    lon_first = sum(
        1 for row in rows if _LAT_MAX < abs(row.pair.first) <= _LON_MAX and abs(row.pair.second) <= _LAT_MAX
    )
    lat_first = sum(
        1 for row in rows if _LAT_MAX < abs(row.pair.second) <= _LON_MAX and abs(row.pair.first) <= _LAT_MAX
    )
    if max(lon_first, lat_first) <= len(rows) / 2:
        return None
    return Order(lat_first > lon_first, "the other order is impossible")


def _by_home_distance(rows: Sequence[Row]) -> Order | None:
    votes = []
    for row in rows:
        if row.home is None or row.distance_m is None or row.distance_m < _FAR_ENOUGH_M:
            continue
        one, other = row.pair, row.home
        errors = (
            abs(distance_m(one.first, one.second, other.first, other.second) - row.distance_m),
            abs(distance_m(one.second, one.first, other.second, other.first) - row.distance_m),
        )
        if min(errors) < _FITS * row.distance_m and max(errors) > 2 * min(errors):
            votes.append(errors[0] < errors[1])
    return _majority(votes, "the distance from home that the file gives fits")


def _by_speed(rows: Sequence[Row]) -> Order | None:
    votes = []
    for before, row in itertools.pairwise(rows):
        if row.speed_m_s is None or row.time_s is None or before.time_s is None:
            continue
        went = row.speed_m_s * (row.time_s - before.time_s)
        if went < 1:
            continue
        one, other = row.pair, before.pair
        errors = (
            abs(distance_m(one.first, one.second, other.first, other.second) - went),
            abs(distance_m(one.second, one.first, other.second, other.first) - went),
        )
        if min(errors) < 2 * _FITS * went and max(errors) > 2 * min(errors):
            votes.append(errors[0] < errors[1])
    return _majority(votes, "the speed that the file gives fits the movement")


def _majority(votes: list[bool], reason: str) -> Order | None:
    lat_first = sum(votes)
    if len(votes) < 3 or max(lat_first, len(votes) - lat_first) < 0.8 * len(votes):  # noqa: PLR2004 - of at least 3, 4 in 5
        return None
    return Order(lat_first > len(votes) / 2, reason)


def _by_town(rows: Sequence[Row], near: tuple[float, float] | None) -> Order | None:
    if near is None or not rows:
        return None
    middle = rows[len(rows) // 2].pair
    if max(abs(middle.first), abs(middle.second)) > _LAT_MAX:
        return None
    lat_first = distance_m(middle.first, middle.second, *near)
    lon_first = distance_m(middle.second, middle.first, *near)
    if min(lat_first, lon_first) > _NEAR_M or max(lat_first, lon_first) < 2 * min(lat_first, lon_first):
        return None
    return Order(lat_first < lon_first, "so it lies near the town")


def _by_people(rows: Sequence[Row]) -> Order | None:
    if not rows:
        return None
    middle, (south, north) = rows[len(rows) // 2].pair, _LIVED_IN_LAT
    first, second = south <= middle.first <= north, south <= middle.second <= north
    return None if first == second else Order(first, "in the other order nobody lives there")
