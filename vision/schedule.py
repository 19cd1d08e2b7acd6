"""Hours of the week in local time: `22:00-06:00`, `mon-fri 08:00-20:00; sat,sun 00:00-24:00`. Empty means always."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"(?:(?P<days>[a-z,-]+) +)?(?P<from>\d\d:\d\d) *- *(?P<to>\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the days on which it begins; `to_minute` past midnight reaches into the next day."""

    days: frozenset[int]
    """0 is Monday."""
    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule watches."""

    spans: tuple[Span, ...] = ()

    def holds(self, local: datetime) -> bool:
        """Whether it watches at a time of the camera's local clock."""
        if not self.spans:
            return True
        minute = local.hour * 60 + local.minute
        today = local.weekday()
        yesterday = (today - 1) % len(_DAYS)
        return any(
            (today in span.days and span.from_minute <= minute < span.to_minute)
            or (yesterday in span.days and minute + _DAY_MINUTES < span.to_minute)
            for span in self.spans
        )


def parse(text: str) -> Schedule:
    """Read a schedule; `ValueError` says which part cannot be read."""
    return Schedule(tuple(_span(part.strip().lower()) for part in text.split(";") if part.strip()))


def _span(part: str) -> Span:
    found = _SPAN.fullmatch(part)
    if not found:
        raise ValueError(f"schedule {part!r} is not like 22:00-06:00 or mon-fri 08:00-20:00")
    begin, end = _minute(found["from"]), _minute(found["to"])
    return Span(_days(found["days"] or "mon-sun"), begin, end if end > begin else end + _DAY_MINUTES)


def _minute(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if hour * 60 + minute > _DAY_MINUTES or minute >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"schedule: {text} is no time of day")
    return hour * 60 + minute


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"schedule: {part!r} is no day; days are {', '.join(_DAYS)}")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update((begin + step) % len(_DAYS) for step in range((end - begin) % len(_DAYS) + 1))
    return frozenset(days)
