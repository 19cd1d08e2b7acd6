"""CSV from flight apps: columns by the many names that apps give them, with their units."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vision.telemetry import column_times, fields, quality, subtitles, text, wall_clock, words
from vision.telemetry.reading import SAMPLES_MAX, Skipped, Telemetry, TelemetryError
from vision.telemetry.sample import Place, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vision.telemetry.reading import Assumptions

_HEAD_LINES = 30
_COLUMNS_MAX = 2000
_FIELD_MAX = 4096
_DELIMITERS = ",;\t|"
_UNIT = re.compile(r"\s*[\[(]\s*([^\])]{0,30})\s*[\])]\s*$")
_TAIL = re.compile(r"[_ ](m|meters?|metres?|ft|feet|deg|degrees?|mm|s|ms|utc|local|km/h|mph|m/s|us|px)$", re.IGNORECASE)
_FACTORS = {"ft": 0.3048, "feet": 0.3048, "foot": 0.3048, "cm": 0.01, "mm": 0.001, "km": 1000.0, "mi": 1609.344}
_LENGTHS = frozenset({"rel_alt", "abs_alt", "distance", "position_error"})
_PLAIN_NUMBER = re.compile(r"\s*([-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?)")
_INTEGER_DEGREES = 1e-7
_INTEGER_DEGREES_MIN = 1e5


@dataclass(slots=True)
class Layout:
    """What stands where."""

    delimiter: str
    header_line: int
    width: int
    places: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By the names of `words`: column and factor."""
    times: list[column_times.Column] = field(default_factory=list)
    lat_lon_factor: float = 1.0
    swapped: bool = False


class CsvReader:
    """Detected by a line that names a latitude and a longitude."""

    name = "csv"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        return layout_of(text.decode(head)) is not None

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        content = text.read(path).replace("\x00", "")
        layout = layout_of(content)
        if layout is None:
            raise TelemetryError("no line names a latitude and a longitude")
        telemetry = Telemetry(format=self.name, row_name="line")
        rows = list(_rows(content, layout, telemetry))
        if not content.endswith(("\n", "\r")):
            _drop_cut_value(rows)
        _settle(rows, layout, telemetry)
        _fill(rows, layout, telemetry, assumptions)
        if not telemetry.samples:
            causes = {each.cause for each in telemetry.skipped}
            raise TelemetryError(f"no line holds a place: {min(causes)}" if causes else "no line follows its head")
        return telemetry


def layout_of(content: str) -> Layout | None:
    lines = content[: 64 * 1024].lstrip("\ufeff").splitlines()[:_HEAD_LINES]
    for number, line in enumerate(lines):
        for delimiter in _DELIMITERS:
            if line.count(delimiter):
                layout = _layout(line, delimiter, number)
                if layout is not None:
                    return layout
    return None


def _layout(line: str, delimiter: str, number: int) -> Layout | None:
    names = next(iter(csv.reader([line.replace("\x00", "")], delimiter=delimiter)), [])
    layout = Layout(delimiter, number, len(names))
    for column, name in enumerate(names[:_COLUMNS_MAX]):
        bare, unit = _name_and_unit(name)
        meaning = words.column_meaning(bare)
        if meaning is None:
            found = column_times.column(bare, unit, column)
            if found is not None:
                layout.times.append(found)
        elif meaning not in layout.places:
            factor = _FACTORS.get(unit, 1.0) if meaning in _LENGTHS else 1.0
            layout.places[meaning] = (column, factor)
    return layout if "lat" in layout.places and "lon" in layout.places else None


def _name_and_unit(name: str) -> tuple[str, str]:
    name = name.strip().strip("\"'\ufeff")[:200]
    found = _UNIT.search(name) or _TAIL.search(name)
    if found is None:
        return name, ""
    return name[: found.start()], found[1].strip().lower()


def _rows(content: str, layout: Layout, telemetry: Telemetry) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and fields. A quote that is never closed must not swallow the file: quotes end with their line."""
    for number, line in enumerate(io.StringIO(content.lstrip("\ufeff")), 1):
        if number <= layout.header_line + 1 or not line.strip():
            continue
        if number > SAMPLES_MAX:
            raise TelemetryError(f"more than {SAMPLES_MAX} lines")
        try:
            yield number, next(csv.reader([line.rstrip("\r\n")], delimiter=layout.delimiter), [])
        except csv.Error:
            telemetry.skipped.append(Skipped(number, "cannot be read"))


def _drop_cut_value(rows: list[tuple[int, list[str]]]) -> None:
    """The file ends within its last line: its last value may lack digits."""
    if len(rows) < 2:  # noqa: PLR2004 - nothing to compare with
        return
    before, last = rows[-2][1], rows[-1][1]
    if before and last and (len(last) < len(before) or len(last[-1]) < len(before[-1])):
        last[-1] = ""


def _settle(rows: Sequence[tuple[int, list[str]]], layout: Layout, telemetry: Telemetry) -> None:
    """Degrees or their ten-millionths, and whether latitude and longitude stand under each other's name."""
    places = []
    for _, row in rows[:: max(1, len(rows) // 1000)]:
        lat, lon = _value(row, layout, "lat"), _value(row, layout, "lon")
        if lat is not None and lon is not None and (lat or lon):
            places.append((lat, lon))
    if not places:
        return
    if sum(max(abs(lat), abs(lon)) >= _INTEGER_DEGREES_MIN for lat, lon in places) > len(places) / 2:
        layout.lat_lon_factor = _INTEGER_DEGREES
        telemetry.remarks.append("coordinates are in ten-millionths of a degree")
    scaled = [(lat * layout.lat_lon_factor, lon * layout.lat_lon_factor) for lat, lon in places]
    if sum(quality.only_as_longitude(lat) and abs(lon) <= quality.LAT_MAX for lat, lon in scaled) > len(scaled) / 2:
        layout.swapped = True
        telemetry.remarks.append("coordinates read as longitude before latitude: what is called latitude is impossible")


def _fill(
    rows: Sequence[tuple[int, list[str]]], layout: Layout, telemetry: Telemetry, assumptions: Assumptions
) -> None:
    clock = wall_clock.LocalClock(assumptions)
    times = column_times.Times(layout.times, [row for _, row in rows[:200]])
    for number, row in rows:
        sample = Sample(row=number)
        values = {name: value for name in layout.places if (value := _value(row, layout, name)) is not None}
        sample.lat, sample.lon = _coordinates(values, layout)
        fault = quality.place_fault(sample.lat, sample.lon)
        if fault is not None:
            missing = ", columns missing" if len(row) < layout.width else ""
            telemetry.skipped.append(Skipped(number, fault + missing))
            continue
        subtitles.fill(sample, values)
        if "home_lat" in values and "home_lon" in values:
            home = (values["home_lat"] * layout.lat_lon_factor, values["home_lon"] * layout.lat_lon_factor)
            sample.home = Place(*home) if quality.place_fault(*home) is None else None
        times.fill(sample, row, clock)
        telemetry.samples.append(sample)
    column_times.count_from_first(telemetry.samples)
    subtitles.say_assumed_zone(telemetry, clock, assumptions)


def _coordinates(values: dict[str, float], layout: Layout) -> tuple[float | None, float | None]:
    lat, lon = values.get("lat"), values.get("lon")
    if layout.lat_lon_factor != 1.0:
        lat = None if lat is None else lat * layout.lat_lon_factor
        lon = None if lon is None else lon * layout.lat_lon_factor
    return (lon, lat) if layout.swapped else (lat, lon)


def _value(row: Sequence[str], layout: Layout, name: str) -> float | None:
    column, factor = layout.places[name]
    if column >= len(row):
        return None
    value = number(row[column])
    if value is None:
        return None
    if name in {"focal_length", "zoom"}:
        return fields.whole_as_fraction(name, row[column].strip(), value)
    return value * factor


def number(written: str) -> float | None:
    """Of `12.3`, `12,3`, `1,234.5`, `12.3 m`; None of anything else."""
    if len(written) > _FIELD_MAX:
        return None
    if "," in written:
        written = written.replace(",", "") if "." in written else written.replace(",", ".")
    found = _PLAIN_NUMBER.match(written)
    if found is None:
        return None
    value = float(found[1])
    if not math.isfinite(value):
        return None
    rest = written[found.end() :].strip().upper()
    return -abs(value) if rest in {"S", "W"} else value
