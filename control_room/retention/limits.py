"""Until when things are kept."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_room import config

LAW_MONTHS = 3
"""Recordings of police cameras are destroyed after three months at the latest (LO 7/2021, art. 18.3)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is older goes, by the time of what is recorded."""

    rows: datetime
    files: datetime
    law: datetime
    """Nothing unprotected is older than this, a chunk's first row included."""
    flights: datetime
    """Of the drones' log, which is kept for years."""
    audit: datetime
    """Of the audit, which the law's limit does not concern."""
    settings: Mapping[str, int]
    """From which they follow, by name."""


def at(now: datetime, kept: config.Retention) -> Limits:
    law = months_before(now, LAW_MONTHS)
    return Limits(
        rows=max(now - timedelta(days=kept.rows_days), law),
        files=max(now - timedelta(days=kept.files_days), law),
        law=law,
        flights=months_before(now, 12 * kept.flight_years),
        audit=months_before(now, 12 * kept.audit_years),
        settings=kept.model_dump(),
    )


def months_before(moment: datetime, months: int) -> datetime:
    """The same day of an earlier month, or that month's last where it has no such day."""
    number = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(number, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
