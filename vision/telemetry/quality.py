"""What is doubtful about samples, whatever their format: kept, marked and said."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

from vision.telemetry.order import distance_m
from vision.telemetry.sample import Sample, UtcSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from vision.telemetry.reading import Telemetry

JUMP_M = 100.0
SPEED_MAX_M_S = 120.0
"""Faster than any drone; a jump is both this fast and `JUMP_M` long."""
_FIRST_DRONES_YEAR = 2006
_AHEAD = timedelta(days=1)
LAT_MAX, LON_MAX = 90.0, 180.0
_CLOCK_DRIFT_S = 5.0


def place_fault(lat: float | None, lon: float | None) -> str | None:
    """Why two numbers are no place, None where they are one."""
    if lat is None or lon is None:
        return "no position" if lat is lon else "no latitude" if lat is None else "no longitude"
    if not -LAT_MAX <= lat <= LAT_MAX:
        return f"latitude {lat:g} is out of range"
    if not -LON_MAX <= lon <= LON_MAX:
        return f"longitude {lon:g} is out of range"
    if lat == 0 and lon == 0:
        return "no satellite fix yet (0, 0)"
    return None


def only_as_longitude(value: float) -> bool:
    """Beyond the poles, and not too much for a longitude."""
    return LAT_MAX < abs(value) <= LON_MAX


def degrees(value: float | None) -> float | None:
    """A direction in -180..180; None of what is none."""
    if value is None or not -720 <= value <= 720:  # noqa: PLR2004 - two turns, the most that any device counts
        return None
    return value if -180 <= value <= 180 else (value + 180) % 360 - 180  # noqa: PLR2004 - half a turn


def height(value: float | None) -> float | None:
    """Metres; None of what cannot be a height of a drone."""
    return value if value is not None and -1_000 <= value <= 100_000 else None  # noqa: PLR2004 - Dead Sea, edge of space


def judge(telemetry: Telemetry, *, now: datetime | None) -> None:
    """Mark the rows and add a remark a kind of doubt."""
    samples = telemetry.samples
    _mark(telemetry, "position jumps", _jumps(samples))
    _mark(telemetry, "time goes backwards", _where(samples, lambda one, other: _less(other.time_s, one.time_s)))
    _mark(telemetry, "same time as the row before", _where(samples, lambda one, other: _same(other.time_s, one.time_s)))
    _mark(telemetry, "clock goes backwards", _where(samples, lambda one, other: _less(other.time_utc, one.time_utc)))
    _judge_clock(telemetry, now)


def _judge_clock(telemetry: Telemetry, now: datetime | None) -> None:
    times = [sample.time_utc for sample in telemetry.samples if sample.time_utc is not None]
    if not times:
        return
    if now is not None and max(times) > now + _AHEAD:
        telemetry.remarks.append(f"the clock was wrong: {max(times):%Y-%m-%d} is still to come")
    if min(times).year < _FIRST_DRONES_YEAR:
        telemetry.remarks.append(f"the clock was wrong: {min(times):%Y-%m-%d} is before there were such drones")
    first, last = telemetry.samples[0], telemetry.samples[-1]
    if None in (first.time_s, last.time_s, first.time_utc, last.time_utc) or first.utc_source == UtcSource.GNSS:
        return
    by_clock = (last.time_utc - first.time_utc).total_seconds()  # type: ignore[operator]
    by_media = last.time_s - first.time_s  # type: ignore[operator]
    if abs(by_clock - by_media) > max(_CLOCK_DRIFT_S, 0.05 * abs(by_media)):
        telemetry.remarks.append(f"{by_media:.0f} s by its own count are {by_clock:.0f} s by its clock")


def _mark(telemetry: Telemetry, note: str, rows: list[Sample]) -> None:
    for sample in rows:
        sample.notes = (*sample.notes, note)
    if rows:
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        telemetry.remarks.append(f"{note} at {telemetry.row_name} {rows[0].row}{more}; kept")


def _where(samples: Sequence[Sample], doubtful: Callable[[Sample, Sample], bool]) -> list[Sample]:
    return [other for one, other in itertools.pairwise(samples) if doubtful(one, other)]


def _less(one: datetime | float | None, other: datetime | float | None) -> bool:
    return one is not None and other is not None and one < other  # type: ignore[operator]


def _same(one: float | None, other: float | None) -> bool:
    return one is not None and one == other


def _jumps(samples: Sequence[Sample]) -> list[Sample]:
    return _where(samples, is_jump)


def is_jump(one: Sample, other: Sample) -> bool:
    """Whether no drone flies from one to the other in the time between them."""
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return False
    if abs(one.lat - other.lat) + abs(one.lon - other.lon) < 5e-4:  # noqa: PLR2004 - 50 m at most: spares the arithmetic
        return False
    far = distance_m(one.lat, one.lon, other.lat, other.lon)
    if one.time_s is not None and other.time_s is not None:
        waited = abs(other.time_s - one.time_s)
    elif one.time_utc is not None and other.time_utc is not None:
        waited = abs((other.time_utc - one.time_utc).total_seconds())
    else:
        return False
    return far > JUMP_M and far > SPEED_MAX_M_S * max(waited, 0.5)
