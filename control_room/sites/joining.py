"""Which sightings are of one site, and where that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision.georeference import globe

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

REACH_M_MIN = 15.0
"""About 2.5 times the p90 of places from steep looks: a revisit of a heap falls within it (docs/design/sites.md)."""
REACH_M_MAX = 40.0
"""However unsure two places are: farther apart, a person joins them."""
_CE90_M_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """One sighting with its error. Those of one `flight` share its lasting errors."""

    lat: float
    lon: float
    ce90_m: float
    flight: Hashable = None


@dataclass(frozen=True, slots=True)
class Joint:
    """Where a site is by all that was seen there."""

    lat: float
    lon: float
    ce90_m: float


def apart_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """`one`, `other`: lat, lon."""
    return math.hypot(*globe.offset_m(one, other))


def reach_m(ce90_m: float, other_ce90_m: float) -> float:
    """So far apart may two places of the same thing lie."""
    return min(REACH_M_MAX, max(REACH_M_MIN, math.hypot(ce90_m, other_ce90_m)))


def nearest(seen: Seen, sites: Iterable[tuple[Hashable, Joint]]) -> Hashable | None:
    """The site within reach that is nearest in the measure of both errors; None: none is."""
    best: tuple[float, Hashable] | None = None
    for site_id, site in sites:
        share = apart_m((seen.lat, seen.lon), (site.lat, site.lon)) / reach_m(seen.ce90_m, site.ce90_m)
        if share <= 1.0 and (best is None or share < best[0]):
            best = share, site_id
    return None if best is None else best[1]


def joint(members: Sequence[Seen]) -> Joint:
    """Each weighed by its error. Of one flight only the surest counts: its others are wrong in the same way.

    Raises:
        ValueError: no members.
    """
    if not members:
        raise ValueError("a site is where something was seen")
    surest: dict[Hashable, Seen] = {}
    for number, each in enumerate(members):
        key = ("alone", number) if each.flight is None else each.flight
        if key not in surest or each.ce90_m < surest[key].ce90_m:
            surest[key] = each
    start = (members[0].lat, members[0].lon)
    total = east = north = 0.0
    for each in surest.values():
        weight = max(each.ce90_m, _CE90_M_MIN) ** -2
        away = globe.offset_m(start, (each.lat, each.lon))
        total, east, north = total + weight, east + weight * away[0], north + weight * away[1]
    lat, lon = globe.moved(start, east / total, north / total)
    return Joint(lat, lon, total**-0.5)
