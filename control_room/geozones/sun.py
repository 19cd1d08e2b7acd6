"""When the sun rises and sets: the geozones' words for it, and what is night.

The low-precision formulas of the Astronomical Almanac: some hundredths of a degree, so a few seconds of time at our
latitudes; refraction and hills make more of a difference.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from control_room.geozones.zone import SunWord

HORIZON_DEG = -0.833
"""Elevation of the sun's middle when its upper edge is seen at the horizon."""
CIVIL_TWILIGHT_DEG = -6.0
"""Between its evening end and its morning begin it is night (Regulation (EU) No 923/2012 art. 2(97))."""
_WORDS: dict[SunWord, tuple[float, bool]] = {
    "BMCT": (CIVIL_TWILIGHT_DEG, True),
    "SR": (HORIZON_DEG, True),
    "SS": (HORIZON_DEG, False),
    "EECT": (CIVIL_TWILIGHT_DEG, False),
}
_EPOCH = datetime(2000, 1, 1, 12, tzinfo=UTC)
_HALVINGS = 20


def elevation_deg(at: datetime, lat: float, lon: float) -> float:
    """Of the sun's middle over the horizon, without refraction."""
    days = (at - _EPOCH) / timedelta(days=1)
    anomaly = math.radians(357.529 + 0.98560028 * days)
    longitude = math.radians(280.459 + 0.98564736 * days + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 0.00000036 * days)
    ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    sidereal = math.radians((18.697374558 + 24.06570982441908 * days) % 24 * 15 + lon)
    hour_angle = sidereal - ascension
    height = math.sin(math.radians(lat)) * math.sin(declination) + math.cos(math.radians(lat)) * math.cos(
        declination
    ) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, height))))


def moment_of(word: SunWord, day: date, lat: float, lon: float) -> datetime | None:
    """When the sun does that on `day`, reckoned by the place's own noon; None where it does not, near the poles."""
    wanted, rises = _WORDS[word]
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(hours=lon / 15)
    night = noon + timedelta(hours=-12 if rises else 12)
    if not elevation_deg(night, lat, lon) < wanted < elevation_deg(noon, lat, lon):
        return None
    low, high = night, noon
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        if elevation_deg(middle, lat, lon) < wanted:
            low = middle
        else:
            high = middle
    return low
