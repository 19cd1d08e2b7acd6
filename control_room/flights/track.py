"""What a flight's telemetry tells of it as a whole, and what does not fit together. Pure functions of rows."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

POINTS_MAX = 2000
_STEP = timedelta(seconds=1)
_AIRBORNE_M = 1.5
_TOUCHED_M = 1.0
_METRES_A_DEGREE = 111_195.0
_LONGER_S = 5.0
_LONG_AGO = timedelta(days=300)
_PORTRAIT = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """The aircraft at one moment."""

    at: datetime
    lat: float
    lon: float
    height_m: float | None
    """Above take-off."""
    jumps: bool = False


@dataclass(frozen=True, slots=True)
class Flown:
    """Of a whole flight."""

    take_off_at: datetime
    landed_at: datetime
    take_off: tuple[float, float]
    landing: tuple[float, float]
    greatest_height_m: float | None
    length_m: float
    track: list[tuple[str, float, float, float | None]]
    """time_utc, lon, lat, height above take-off in metres; a second apart or more, 2000 at most."""
    jumps: int


def summarise(points: Iterable[Point]) -> Flown | None:
    """None: nowhere. A camera that does not record all the time tells less than the whole flight."""
    ordered = sorted(points, key=lambda point: point.at)
    sound = [point for point in ordered if not point.jumps]
    if not sound:
        return None
    first, last = _in_the_air(sound)
    thinned = _thinned(sound)
    heights = [point.height_m for point in sound if point.height_m is not None]
    return Flown(
        first.at,
        last.at,
        (first.lat, first.lon),
        (last.lat, last.lon),
        max(heights, default=None),
        sum(distance_m(a, b) for a, b in itertools.pairwise(thinned)),
        [_kept(point) for point in _evenly(thinned)],
        len(ordered) - len(sound),
    )


def _in_the_air(points: Sequence[Point]) -> tuple[Point, Point]:
    """What stands on the ground before and after is no flight, where heights tell; a flight with none is all of it."""
    high = [n for n, point in enumerate(points) if point.height_m is not None and point.height_m > _AIRBORNE_M]
    if not high:
        return points[0], points[-1]
    begin, end = high[0], high[-1]
    while begin > 0 and (points[begin - 1].height_m or 0.0) > _TOUCHED_M:
        begin -= 1
    while end < len(points) - 1 and (points[end + 1].height_m or 0.0) > _TOUCHED_M:
        end += 1
    return points[max(0, begin - 1)], points[min(len(points) - 1, end + 1)]


def _thinned(points: Sequence[Point]) -> list[Point]:
    kept: list[Point] = []
    for point in points:
        if not kept or point.at - kept[-1].at >= _STEP:
            kept.append(point)
    if kept[-1] is not points[-1]:
        kept.append(points[-1])
    return kept


def _evenly(points: Sequence[Point]) -> list[Point]:
    if len(points) <= POINTS_MAX:
        return list(points)
    every = (len(points) - 1) / (POINTS_MAX - 1)
    return [points[round(number * every)] for number in range(POINTS_MAX)]


def _kept(point: Point) -> tuple[str, float, float, float | None]:
    height = None if point.height_m is None else round(point.height_m, 1)
    return point.at.isoformat(), round(point.lon, 7), round(point.lat, 7), height


def distance_m(one: Point, other: Point) -> float:
    """Over ground, as on a plane: right to a part in a thousand within a flight."""
    north = (other.lat - one.lat) * _METRES_A_DEGREE
    east = (other.lon - one.lon) * _METRES_A_DEGREE * math.cos(math.radians((one.lat + other.lat) / 2))
    return math.hypot(north, east)


def doubts(files: Sequence[dict[str, Any]], flown: Flown | None, now: datetime) -> list[dict[str, Any]]:
    """What the pilot should know of files that were read: codes with values, as the screens put them into words."""
    found = [doubt for file in files for doubt in _of_file(file, files)]
    if flown is None:
        if any(file["read_at"] is not None for file in files):
            found.append(_doubt("no_positions"))
        return found
    if flown.jumps:
        found.append(_doubt("positions_jump", rows=flown.jumps))
    if flown.landed_at > now + timedelta(hours=1):
        found.append(_doubt("clock_ahead", at=flown.landed_at.isoformat()))
    elif now - flown.landed_at > _LONG_AGO:
        found.append(_doubt("clock_behind", at=flown.take_off_at.isoformat(), days=(now - flown.landed_at).days))
    return found


def _of_file(file: dict[str, Any], files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    told = file["telemetry"] or {}
    if file["kind"] == "telemetry" and file["read_at"] is not None and not told.get("rows"):
        found.append(_doubt("log_unreadable", name=file["name"], cause=told.get("fault", "")))
    if told.get("skipped"):
        found.append(_doubt("rows_skipped", name=file["name"], rows=told["skipped"]))
    if file["kind"] != "video":
        return found
    width, height = file["width_px"], file["height_px"]
    if width and height and width / height < _PORTRAIT:
        found.append(_doubt("portrait", name=file["name"]))
    if file["told_s"] is not None and file["duration_s"]:
        over_s = file["told_s"] - file["duration_s"]
        if abs(over_s) > _LONGER_S:
            code = "telemetry_longer" if over_s > 0 else "telemetry_shorter"
            found.append(_doubt(code, name=file["name"], seconds=round(abs(over_s))))
    if file["told_s"] is not None and not told.get("gimbal") and told.get("rows"):
        found.append(_doubt("no_gimbal", name=file["name"]))
    if file["told_s"] is None and file["read_at"] is not None and not _has_flight_log(files):
        found.append(_doubt("video_without_telemetry", name=file["name"], cause=told.get("fault", "")))
    return found


def _has_flight_log(files: Sequence[dict[str, Any]]) -> bool:
    return any(
        file["kind"] == "telemetry" and file["belongs_to"] is None and (file["telemetry"] or {}).get("rows")
        for file in files
    )


def _doubt(code: str, **values: object) -> dict[str, Any]:
    return {"code": code, "values": values, "of": "telemetry"}
