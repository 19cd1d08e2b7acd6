"""How long a permission may last and when it must be renewed, in calendar months of the town."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import zoneinfo

Kind = Literal["fixed", "mobile"]
MONTHS: dict[Kind, int] = {"fixed": 12, "mobile": 1}
"""At most: a year (RD 596/1999 art. 5 and LO 4/1997 art. 3.4), a month (LO 7/2021 art. 17)."""
RENEW_SOON = timedelta(days=75)
"""Before the end of a fixed one: gather its renewal."""
RENEW_NOW = timedelta(days=60)
"""Before the end of a fixed one: its renewal must be asked for two months before (RD 596/1999 art. 5)."""
MOBILE_ENDS_SOON = timedelta(days=7)


def months_after(at: datetime, months: int, town: zoneinfo.ZoneInfo) -> datetime:
    """The same day and hour of the town some months later; the last day of a month that is shorter."""
    local = at.astimezone(town)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(at.tzinfo)


def latest_end(kind: Kind, begins: datetime, town: zoneinfo.ZoneInfo) -> datetime:
    return months_after(begins, MONTHS[kind], town)


def warning(kind: Kind, ends: datetime, now: datetime) -> Literal["renew_soon", "renew_now", "ends_soon"] | None:
    """What a permission in force asks of people now."""
    left = ends - now
    if kind == "mobile":
        return "ends_soon" if left <= MOBILE_ENDS_SOON else None
    if left <= RENEW_NOW:
        return "renew_now"
    return "renew_soon" if left <= RENEW_SOON else None
