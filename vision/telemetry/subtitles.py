"""Cues of subtitles to samples: DJI's dialects, Autel's, and whatever else names its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision.telemetry import fields, order, quality, wall_clock
from vision.telemetry.reading import SAMPLES_MAX, Assumptions, Skipped, Telemetry, TelemetryError
from vision.telemetry.sample import Place, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from vision.telemetry.cues import Cue
    from vision.telemetry.fields import Fields, Pair

_LAST_NUMBER = re.compile(r"[-+]?\d*(?:[.,](\d*))?(?:[eE][-+]?\d*)?$")
_LATE_START_S = 60
_SUN_S_PER_DEGREE = 240
_SUN_APART_S = 2.8 * 3600
_TEXT_MAX = 4096
"""Letters of a cue that are looked at; drones write 300."""
_OPEN_BRACKET = re.compile(r"[(\[{][^)\]}]*$")


@dataclass(slots=True)
class _Row:
    cue: Cue
    found: Fields
    written: wall_clock.Written | None


def read(cues: Sequence[Cue], form: str, assumptions: Assumptions) -> Telemetry:
    """The samples of all cues that hold a position.

    Raises:
        TelemetryError: none does.
    """
    if len(cues) > SAMPLES_MAX:
        raise TelemetryError(f"more than {SAMPLES_MAX} cues")
    telemetry = Telemetry(format=form, row_name="cue")
    rows = _rows(cues, telemetry)
    paired = [row for row in rows if row.found.position is not None]
    lat_first = _decided_order(paired, telemetry, assumptions) if paired else True
    swapped = _labels_swapped([row for row in rows if row.found.position is None], telemetry)
    heights = _third_is_height(paired)
    clock = wall_clock.LocalClock(assumptions)
    for row in rows:
        sample = _sample(row, clock, lat_first=lat_first, swapped=swapped, heights=heights)
        fault = quality.place_fault(sample.lat, sample.lon)
        if fault is None:
            telemetry.samples.append(sample)
        else:
            telemetry.skipped.append(Skipped(sample.row, "cut off" if row.cue.cut_off else fault))
    if not telemetry.samples:
        raise TelemetryError(_why_nothing(telemetry))
    begins_s = telemetry.samples[0].time_s
    if begins_s is not None and begins_s > _LATE_START_S:
        telemetry.remarks.append(f"its first cue stands at {begins_s:g} s of the video")
    say_assumed_zone(telemetry, clock, assumptions)
    return telemetry


def say_assumed_zone(telemetry: Telemetry, clock: wall_clock.LocalClock, assumptions: Assumptions) -> None:
    if clock.assumed:
        far = ", though it was flown far from there" if _far_from_zone(telemetry, clock.offset) else ""
        telemetry.remarks.append(f"its times name no zone: {assumptions.zone_name} was assumed{far}")
    if clock.crossed_change:
        telemetry.remarks.append("the hour changed meanwhile: its times were taken to go on")


def _far_from_zone(telemetry: Telemetry, offset: timedelta | None) -> bool:
    """Whether the sun there keeps another time than the zone, whatever the summer adds."""
    lon = next((sample.lon for sample in telemetry.samples if sample.lon is not None), None)
    if lon is None or offset is None:
        return False
    return abs(lon * _SUN_S_PER_DEGREE - offset.total_seconds()) > _SUN_APART_S


def _why_nothing(telemetry: Telemetry) -> str:
    causes = {each.cause for each in telemetry.skipped}
    if len(causes) == 1 and telemetry.skipped:
        return f"no cue holds a position: {causes.pop()}"
    return "no cue holds a position"


def _rows(cues: Sequence[Cue], telemetry: Telemetry) -> list[_Row]:
    rows: list[_Row] = []
    month_first = _months_first(cues)
    last_text = ""
    for cue in cues:
        text = fields.plain(cue.text[:_TEXT_MAX])
        if cue.cut_off:
            text = _without_cut_number(_OPEN_BRACKET.sub("", text), last_text)
        if cue.start_s is None:
            cause = "its times cannot be read" if text.strip() else "cut off"
            telemetry.skipped.append(Skipped(cue.number, cause))
            continue
        rows.append(_Row(cue, fields.find(text), wall_clock.find(text, month_first=month_first)))
        last_text = text
    return rows


def _months_first(cues: Sequence[Cue]) -> bool:
    """Whether dates written with the year last name the month first: one day over 12 tells."""
    for cue in cues[:: max(1, len(cues) // 200)]:
        found = wall_clock.STAMP.search(cue.text[:_TEXT_MAX])
        if found is None or found["one"] is None:
            continue
        if int(found["two"]) > 12:  # noqa: PLR2004 - months
            return True
    return False


def _without_cut_number(text: str, before: str) -> str:
    """The file ends within this text: its last number may lack digits, unless it has as many as the cue before."""
    last, usual = _LAST_NUMBER.search(text), _LAST_NUMBER.search(before.rstrip())
    if last is None or not last[0]:
        return text
    if usual is not None and usual[0] and last[1] is not None and len(last[1]) == len(usual[1] or ""):
        return text
    return text[: last.start()]


def _decided_order(paired: list[_Row], telemetry: Telemetry, assumptions: Assumptions) -> bool:
    rows = [
        order.Row(
            pair,
            row.found.home,
            row.found.values.get("distance"),
            row.found.values.get("speed"),
            row.cue.start_s,
        )
        for row in paired
        if (pair := row.found.position) is not None
    ]
    with_height = sum(row.pair.third_is_height for row in rows) > len(rows) / 2
    decided = order.decide(
        rows,
        near=assumptions.near,
        usual_lat_first=with_height or not any(row.pair.third is not None for row in rows),
        usual="as is usual where a height follows" if with_height else "as is usual for such files",
    )
    words = "latitude before longitude" if decided.lat_first else "longitude before latitude"
    telemetry.remarks.append(f"coordinates read as {words}: {decided.reason}")
    return decided.lat_first


def _labels_swapped(rows: list[_Row], telemetry: Telemetry) -> bool:
    """Whether what is called latitude can only be the longitude."""
    places = [(row.found.values["lat"], row.found.values["lon"]) for row in rows if _has_labels(row)]
    impossible = sum(1 for lat, lon in places if quality.only_as_longitude(lat) and abs(lon) <= quality.LAT_MAX)
    if not places or impossible <= len(places) / 2:
        return False
    telemetry.remarks.append("coordinates read as longitude before latitude: what is called latitude is impossible")
    return True


def _has_labels(row: _Row) -> bool:
    return "lat" in row.found.values and "lon" in row.found.values


def _third_is_height(paired: list[_Row]) -> bool:
    """A third number with a unit or decimals is a height, else it counts satellites; all zero is neither."""
    thirds = [pair for row in paired if (pair := row.found.position) is not None and pair.third is not None]
    return sum(pair.third_is_height for pair in thirds) > len(thirds) / 2 and any(pair.third for pair in thirds)


def _sample(row: _Row, clock: wall_clock.LocalClock, *, lat_first: bool, swapped: bool, heights: bool) -> Sample:
    values, cue = row.found.values, row.cue
    sample = Sample(row=cue.number, time_s=cue.start_s, end_s=cue.end_s)
    _place(sample, row.found, lat_first=lat_first, swapped=swapped)
    if row.written is not None:
        known = clock.utc(row.written, cue.start_s)
        if known is not None:
            sample.time_utc, sample.utc_source = known
    pair = row.found.position
    if pair is not None and pair.third is not None:
        if heights:
            sample.abs_alt_m = quality.height(pair.third)
        elif not pair.third_is_height and 0 <= pair.third < 100:  # noqa: PLR2004 - satellites in view
            sample.satellites = int(pair.third)
    fill(sample, values)
    return sample


def fill(sample: Sample, values: dict[str, float]) -> None:
    """Heights, angles and camera of one row, by the names of `words`."""
    get = values.get
    sample.rel_alt_m = quality.height(get("rel_alt"))
    if "abs_alt" in values:
        sample.abs_alt_m = quality.height(get("abs_alt"))
    sample.gimbal_yaw_deg = quality.degrees(get("gimbal_yaw"))
    sample.gimbal_pitch_deg = quality.degrees(get("gimbal_pitch"))
    sample.gimbal_roll_deg = quality.degrees(get("gimbal_roll"))
    sample.platform_yaw_deg = quality.degrees(get("platform_yaw"))
    sample.platform_pitch_deg = quality.degrees(get("platform_pitch"))
    sample.platform_roll_deg = quality.degrees(get("platform_roll"))
    sample.focal_length_mm = _positive(get("focal_length"))
    sample.focal_length_equivalent_mm = _positive(get("focal_length_equivalent", get("focal_length")))
    sample.zoom = _positive(get("zoom"))
    sample.position_error_m = get("position_error")
    frame = get("frame")
    if frame is not None and frame >= 0 and frame.is_integer():
        sample.frame = int(frame)
    if "satellites" in values and 0 <= values["satellites"] < 1000:  # noqa: PLR2004 - more is no count
        sample.satellites = int(values["satellites"])


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _place(sample: Sample, found: Fields, *, lat_first: bool, swapped: bool) -> None:
    values = found.values
    if found.position is not None and not ("lat" in values and "lon" in values):
        sample.lat, sample.lon = _ordered(found.position, lat_first=lat_first)
    else:
        sample.lat, sample.lon = values.get("lat"), values.get("lon")
        if swapped:
            sample.lat, sample.lon = sample.lon, sample.lat
    if found.home is not None:
        lat, lon = _ordered(found.home, lat_first=lat_first)
        if quality.place_fault(lat, lon) is None:
            height = found.home.third if found.home.third_is_height else None
            sample.home = Place(lat, lon, quality.height(height))
    elif "home_lat" in values and "home_lon" in values:
        lat, lon = values["home_lat"], values["home_lon"]
        if quality.place_fault(lat, lon) is None:
            sample.home = Place(lat, lon)


def _ordered(pair: Pair, *, lat_first: bool) -> tuple[float, float]:
    if pair.axes is not None:
        lat_first = pair.axes == "latlon"
    return (pair.first, pair.second) if lat_first else (pair.second, pair.first)
