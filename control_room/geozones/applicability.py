"""When a zone applies, within a span of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING

from control_room.geozones import sun

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Iterable, Sequence
    from datetime import date, tzinfo

    from control_room.geozones.zone import Applicability, Daily, Position, SunWord

Span = tuple[datetime, datetime]
_LAST_MINUTE = clock_time(23, 59)


def spans(
    applicability: Sequence[Applicability], window: Span, *, place: Position, town: zoneinfo.ZoneInfo
) -> list[Span]:
    """The parts of `window` in which any of `applicability` holds, joined and in order.

    `place` is where the sun's words are reckoned. A day on which the sun does not do what is named counts whole: that
    errs to the side of the zone.
    """
    if not applicability:
        return [window]
    found: list[Span] = []
    for one in applicability:
        bounded = meet((one.begins or window[0], one.ends or window[1]), window)
        if bounded is None:
            continue
        if not one.daily:
            found.append(bounded)
            continue
        for daily in one.daily:
            for part in _parts(daily, bounded, place, town):
                inside = meet(part, bounded)
                if inside is not None:
                    found.append(inside)
    return joined(found)


def meet(a: Span, b: Span) -> Span | None:
    begin, end = max(a[0], b[0]), min(a[1], b[1])
    return (begin, end) if begin <= end else None


def joined(found: Iterable[Span]) -> list[Span]:
    """In order, with what touches or overlaps as one."""
    together: list[Span] = []
    for begin, end in sorted(found):
        if together and begin <= together[-1][1]:
            together[-1] = (together[-1][0], max(end, together[-1][1]))
        else:
            together.append((begin, end))
    return together


def _parts(daily: Daily, window: Span, place: Position, town: zoneinfo.ZoneInfo) -> Iterable[Span]:
    zone: tzinfo = UTC if daily.in_utc else town
    day = window[0].astimezone(zone).date() - timedelta(days=1)
    last = window[1].astimezone(zone).date()
    while day <= last:
        if day.weekday() in daily.days:
            begin = _edge(daily.begins, day, place, zone, is_end=False)
            end = _edge(daily.ends, day, place, zone, is_end=True)
            if end <= begin:
                end = _edge(daily.ends, day + timedelta(days=1), place, zone, is_end=True)
            yield begin, end
        day += timedelta(days=1)


def _edge(
    edge: clock_time | SunWord | None,
    day: date,
    place: Position,
    zone: tzinfo,
    *,
    is_end: bool,
) -> datetime:
    if isinstance(edge, str):
        moment = sun.moment_of(edge, day, place[1], place[0])
        if moment is not None:
            return moment
        edge = None
    if edge is None:
        edge = clock_time(0)
        day = day + timedelta(days=1) if is_end else day
    elif is_end and edge >= _LAST_MINUTE:  # 23:59 and 23:59:59 are written for the end of the day
        edge, day = clock_time(0), day + timedelta(days=1)
    return datetime.combine(day, edge, zone).astimezone(UTC)
