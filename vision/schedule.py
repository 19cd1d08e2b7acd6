"""Hours of the week in local time: `22:00-06:00`, `mon-fri 20:00-08:00; holiday 00:00-24:00`. Empty means always.

A schedule that names `holiday` takes a holiday for that and not for its weekday; one that does not knows no holidays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import date, datetime

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOLIDAY = "holiday"
_HOLIDAY_DAY = 7
_DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"(?:(?P<days>[a-z,-]+) +)?(?P<from>\d\d:\d\d) *- *(?P<to>\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the days on which it begins; `to_minute` past midnight reaches into the next day."""

    days: frozenset[int]
    """0 is Monday, 7 a holiday."""
    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule watches."""

    spans: tuple[Span, ...] = ()

    def holds(self, local: datetime, holidays: Container[date] = ()) -> bool:
        """Whether it watches at a time of the camera's local clock."""
        if not self.spans:
            return True
        minute = local.hour * 60 + local.minute
        today = self._day(local.date(), holidays)
        yesterday = self._day(local.date() - timedelta(days=1), holidays)
        return any(
            (today in span.days and span.from_minute <= minute < span.to_minute)
            or (yesterday in span.days and minute + _DAY_MINUTES < span.to_minute)
            for span in self.spans
        )

    @property
    def knows_holidays(self) -> bool:
        return any(_HOLIDAY_DAY in span.days for span in self.spans)

    def _day(self, day: date, holidays: Container[date]) -> int:
        return _HOLIDAY_DAY if self.knows_holidays and day in holidays else day.weekday()


def parse(text: str) -> Schedule:
    """Read a schedule; `ValueError` says which part cannot be read."""
    return Schedule(tuple(_span(part.strip().lower()) for part in text.split(";") if part.strip()))


def _span(part: str) -> Span:
    found = _SPAN.fullmatch(part)
    if not found:
        raise ValueError(
            f"a schedule like 22:00-06:00 or mon-fri 20:00-08:00; holiday 00:00-24:00, which {part!r} is not"
        )
    begin, end = _minute(found["from"]), _minute(found["to"])
    return Span(_days(found["days"] or "mon-sun,holiday"), begin, end if end > begin else end + _DAY_MINUTES)


def _minute(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if hour * 60 + minute > _DAY_MINUTES or minute >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"a schedule of times of day, which {text} is not")
    return hour * 60 + minute


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        if part == _HOLIDAY:
            days.add(_HOLIDAY_DAY)
            continue
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"a schedule of days {', '.join(_DAYS)}, {_HOLIDAY}, which {part!r} is not")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update((begin + step) % len(_DAYS) for step in range((end - begin) % len(_DAYS) + 1))
    return frozenset(days)
