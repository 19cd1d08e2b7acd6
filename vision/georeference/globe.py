"""Metres and degrees around one place: good to a centimetre within some kilometres."""

from __future__ import annotations

import math

_SEMI_MAJOR_M = 6_378_137.0
_FLATNESS = 1 / 298.257223563
_ECCENTRICITY2 = _FLATNESS * (2 - _FLATNESS)


def metres_of_a_degree(lat: float) -> tuple[float, float]:
    """Of longitude and of latitude, on the WGS 84 ellipsoid."""
    sine = math.sin(math.radians(lat))
    root = math.sqrt(1 - _ECCENTRICITY2 * sine * sine)
    east = _SEMI_MAJOR_M / root * math.cos(math.radians(lat))
    north = _SEMI_MAJOR_M * (1 - _ECCENTRICITY2) / root**3
    return math.radians(east), math.radians(north)


def offset_m(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """East and north from one (lat, lon) to another."""
    east, north = metres_of_a_degree((start[0] + end[0]) / 2)
    return turn_deg(start[1], end[1]) * east, (end[0] - start[0]) * north


def moved(start: tuple[float, float], east_m: float, north_m: float) -> tuple[float, float]:
    """(lat, lon) so far from another."""
    lat = start[0] + north_m / metres_of_a_degree(start[0])[1]
    middle = (start[0] + lat) / 2
    east, north = metres_of_a_degree(middle)
    return start[0] + north_m / north, turn_deg(0.0, start[1] + east_m / east)


def turn_deg(start: float, end: float) -> float:
    """The short way from one angle to another, -180 to 180."""
    return (end - start + 180.0) % 360.0 - 180.0
