"""Which columns of a table tell time, and in what way: by their heads and by what stands below."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from vision.telemetry import wall_clock
from vision.telemetry.sample import Sample, UtcSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_TIME_WORDS = re.compile(r"time|date|clock|stamp|second|elapsed|hora|fecha|data\b|temps", re.IGNORECASE)
_NO_TIME = re.compile(r"remain|battery|update ?rate|exposure|last|total|max", re.IGNORECASE)
_OF_DAY = re.compile(r"^\s*(\d{1,3}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s*([AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC)?\s*$")
_SPOKEN = re.compile(r"^\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)\s*s)?\s*$")
_DATE = re.compile(r"^\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\s*$")
_NUMBER = re.compile(r"^\s*[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d{1,3})?\s*$")
_UNIX_S, _UNIX_MS, _UNIX_US = 6e8, 6e11, 6e14
_UNIT_SECONDS = {"ms": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3, "us": 1e-6, "microsecond": 1e-6, "min": 60.0}


class Kind(Enum):
    """What a column of times holds."""

    STAMP = auto()
    DATE = auto()
    OF_DAY = auto()
    UNIX = auto()
    COUNTED = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may tell time."""

    name: str
    unit: str
    index: int

    @property
    def is_utc(self) -> bool:
        return self.unit in {"utc", "gmt", "z", "zulu"} or bool(re.search("utc|gmt|zulu|gps", self.name, re.IGNORECASE))


def column(name: str, unit: str, index: int) -> Column | None:
    """None where its head does not speak of time."""
    if not _TIME_WORDS.search(name) or _NO_TIME.search(name):
        return None
    return Column(name, unit, index)


class Times:
    """Reads the time of a row, by the best columns that the first rows show."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        kinds = [(each, kind) for each in columns if (kind := _kind(each, rows)) is not None]
        self._stamp = _first(kinds, Kind.STAMP, utc=True) or _first(kinds, Kind.STAMP)
        self._unix = _first(kinds, Kind.UNIX)
        self._date, self._of_day = _first(kinds, Kind.DATE), _first(kinds, Kind.OF_DAY)
        self._counted = _first(kinds, Kind.COUNTED)
        self._month_first = self._months_lead(rows)

    def _months_lead(self, rows: Sequence[Sequence[str]]) -> bool:
        """A day over 12 in the second place of any of these rows."""
        for column_of in (self._stamp, self._date):
            for row in rows:
                found = re.match(r"\s*(\d{1,2})[-./](\d{1,2})[-./]\d{4}", _cell(row, column_of))
                if found and int(found[2]) > 12:  # noqa: PLR2004 - months
                    return True
        return False

    def fill(self, sample: Sample, row: Sequence[str], clock: wall_clock.LocalClock) -> None:
        if self._counted is not None:
            sample.time_s = self._seconds(_cell(row, self._counted))
        elif self._of_day is not None and self._date is None:
            sample.time_s = _of_day_seconds(_cell(row, self._of_day))
        self._fill_utc(sample, row, clock)

    def _seconds(self, cell: str) -> float | None:
        found = _SPOKEN.match(cell)
        if cell.strip() and found and any(found.groups()):
            hours, minutes, seconds = (float(each or 0) for each in found.groups())
            return hours * 3600 + minutes * 60 + seconds
        value = _number(cell)
        if value is None or self._counted is None:
            return None
        return round(value * _UNIT_SECONDS.get(self._counted.unit, _named_unit(self._counted.name)), 6)

    def _fill_utc(self, sample: Sample, row: Sequence[str], clock: wall_clock.LocalClock) -> None:
        if self._unix is not None and (self._stamp is None or not self._stamp.is_utc):
            at = _from_unix(_cell(row, self._unix))
            if at is not None:
                sample.time_utc, sample.utc_source = at, UtcSource.FILE_UTC
                return
        told, is_utc = _cell(row, self._stamp), self._stamp is not None and self._stamp.is_utc
        if self._stamp is None and self._date is not None and self._of_day is not None:
            told = f"{_cell(row, self._date).strip()} {_cell(row, self._of_day).strip()}"
            is_utc = self._date.is_utc or self._of_day.is_utc
        written = wall_clock.find(f"{told} UTC" if is_utc else told, month_first=self._month_first)
        known = None if written is None else clock.utc(written, sample.time_s)
        if known is not None:
            sample.time_utc, sample.utc_source = known


def count_from_first(samples: Sequence[Sample]) -> None:
    """Seconds of rows that know only their clock, from the first of them."""
    if any(sample.time_s is not None for sample in samples):
        return
    first = next((sample.time_utc for sample in samples if sample.time_utc is not None), None)
    for sample in samples:
        if first is not None and sample.time_utc is not None:
            sample.time_s = (sample.time_utc - first).total_seconds()


def _kind(of: Column, rows: Sequence[Sequence[str]]) -> Kind | None:
    cell = next((cell for row in rows if (cell := _cell(row, of)).strip()), "")
    if wall_clock.find(cell) is not None:
        return Kind.STAMP
    if _DATE.match(cell):
        return Kind.DATE
    if _OF_DAY.match(cell):
        return Kind.OF_DAY
    if _NUMBER.match(cell):
        return Kind.UNIX if _from_unix(cell) is not None else Kind.COUNTED
    return Kind.COUNTED if cell.strip() and _SPOKEN.match(cell) else None


def _first(kinds: Sequence[tuple[Column, Kind]], wanted: Kind, *, utc: bool = False) -> Column | None:
    return next((each for each, kind in kinds if kind is wanted and (each.is_utc or not utc)), None)


def _cell(row: Sequence[str], of: Column | None) -> str:
    return row[of.index][:100] if of is not None and of.index < len(row) else ""


def _number(cell: str) -> float | None:
    return float(cell.replace(",", ".")) if _NUMBER.match(cell) else None


def _named_unit(name: str) -> float:
    return 1e-3 if re.search(r"milli|_ms$|\bms\b", name, re.IGNORECASE) else 1.0


def _from_unix(cell: str) -> datetime | None:
    value = _number(cell)
    if value is None or value < _UNIX_S:
        return None
    return wall_clock.from_unix(value / (1e6 if value >= _UNIX_US else 1e3 if value >= _UNIX_MS else 1))


def _of_day_seconds(cell: str) -> float | None:
    found = _OF_DAY.match(cell)
    if found is None:
        return None
    one, two, three = found[1], found[2], found[3]
    if three is None:
        return int(one) * 60.0 + int(two)
    return int(one) * 3600 + int(two) * 60 + float(three.replace(",", "."))
