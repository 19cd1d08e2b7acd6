"""Dates and times as files write them, and what they are in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vision.telemetry.sample import UtcSource

if TYPE_CHECKING:
    from vision.telemetry.reading import Assumptions

_YEAR_FIRST = r"(?P<year>\d{4})\s?[-./:年]\s?(?P<month>\d{1,2})\s?[-./:月]\s?(?P<day>\d{1,2})"
_YEAR_LAST = r"(?P<one>\d{1,2})[-./](?P<two>\d{1,2})[-./](?P<late>\d{4})"
_TIME = (
    r"(?P<hour>\d{1,2})\s?:\s?(?P<minute>\d{1,2})\s?:\s?(?P<second>\d{1,2})"
    r"(?:[.,:](?P<milli>\d{3})[,.](?P<micro>\d{3})(?!\d)|[.,:](?P<fraction>\d{1,9}))?"
)
_ZONE = r"\s?(?P<half>[AaPp])?(?(half)\.?[Mm]\.?)\s?(?P<zone>Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b)?"
STAMP = re.compile(rf"(?<!\d)(?:{_YEAR_FIRST}|{_YEAR_LAST})(?:\s*[T,_]\s*|\s+|日\s*){_TIME}{_ZONE}")
_NOON = 12
_MONTHS = 12
_LONG_GAP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Written:
    """A date and time as it stands in the file."""

    local: datetime
    """Without a zone."""
    offset: timedelta | None
    """From UTC, where the file says so."""
    is_utc: bool = False


def find(text: str, *, month_first: bool = False) -> Written | None:
    """The first date with a time in the text. `month_first` decides only where a date can be read both ways."""
    found = STAMP.search(text)
    return None if found is None else _written(found, month_first=month_first)


def _written(found: re.Match[str], *, month_first: bool) -> Written | None:
    part = found.groupdict()
    if part["year"] is not None:
        year, month, day = int(part["year"]), int(part["month"]), int(part["day"])
    else:
        year, one, two = int(part["late"]), int(part["one"]), int(part["two"])
        month, day = (one, two) if (month_first or two > _MONTHS) and one <= _MONTHS else (two, one)
    hour = int(part["hour"])
    if part["half"]:
        hour = hour % _NOON + (_NOON if part["half"] in "Pp" else 0)
    try:
        local = datetime(year, month, day, hour, int(part["minute"]), int(part["second"]), _micro(part))  # noqa: DTZ001 - the file names no zone
    except ValueError:
        return None
    zone = part["zone"]
    if zone is None:
        return Written(local, None)
    if zone[0] not in "+-":
        return Written(local, timedelta(), is_utc=True)
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    return Written(local, offset) if abs(offset) < timedelta(days=1) else Written(local, None)


def _micro(part: dict[str, str | None]) -> int:
    digits = (part["milli"] or "") + (part["micro"] or "") if part["milli"] else part["fraction"]
    return int((digits or "0").ljust(6, "0")[:6])


class LocalClock:
    """Local times of one recording to UTC, in their order.

    At the change of hour a local time may be meant twice or never, and the clock of a drone may have been changed or
    not: the reading that goes on from the row before wins.
    """

    def __init__(self, assumptions: Assumptions) -> None:
        self._zone = assumptions.zone
        self._last: tuple[datetime, timedelta, float | None] | None = None
        self.assumed = 0
        """So many times had no zone in the file."""
        self.crossed_change = False

    @property
    def offset(self) -> timedelta | None:
        """Of the last time without a zone."""
        return None if self._last is None else self._last[1]

    def utc(self, written: Written, time_s: float | None) -> tuple[datetime, UtcSource] | None:
        """`time_s` is when it was written by a clock that never changes, the video's; None where there is none.

        None where UTC knows no such time (the year 1 or 9999).
        """
        try:
            if written.offset is not None:
                at = (written.local - written.offset).replace(tzinfo=UTC)
                return at, UtcSource.FILE_UTC if written.is_utc else UtcSource.FILE_OFFSET
            self.assumed += 1
            offset = self._offset(written.local, time_s)
            at = (written.local - offset).replace(tzinfo=UTC)
        except OverflowError:
            return None
        self._last = (at, offset, time_s)
        return at, UtcSource.ASSUMED_ZONE

    def _offset(self, local: datetime, time_s: float | None) -> timedelta:
        first, second = (self._zone_offset(local, fold) for fold in (0, 1))
        if self._last is None or first == second == self._last[1]:
            return first
        last_at, last_offset, last_s = self._last
        waited = timedelta(seconds=time_s - last_s) if time_s is not None and last_s is not None else None
        expected = last_at + (waited or timedelta())
        aware = local.replace(tzinfo=UTC)
        choices = [last_offset, first, second]
        best = min(choices, key=lambda offset: abs(aware - offset - expected))
        if waited is None and abs(aware - best - expected) > _LONG_GAP:
            return first  # hours lie between: the clock was surely right again
        if best == last_offset and first != second:
            self.crossed_change = True
        if best != last_offset:
            self.crossed_change = True
        return best

    def _zone_offset(self, local: datetime, fold: int) -> timedelta:
        return local.replace(tzinfo=self._zone, fold=fold).utcoffset() or timedelta()


def from_unix(seconds: float) -> datetime | None:
    """None where it is no time of this century or the end of the last."""
    first, last = 631_152_000, 4_102_444_800  # 1990 and 2100
    if not first <= seconds < last:
        return None
    return datetime.fromtimestamp(seconds, UTC)
