"""Hours of the week."""

from __future__ import annotations

from datetime import datetime

import pytest

from vision import schedule

MONDAY = 2  # of March 2026


@pytest.mark.parametrize(
    ("text", "day", "hour", "holds"),
    [
        ("", 0, 3, True),
        ("22:00-06:00", 0, 23, True),
        ("22:00-06:00", 1, 5, True),
        ("22:00-06:00", 1, 6, False),
        ("mon-fri 22:00-06:00", 5, 3, True),  # Saturday before six belongs to Friday's night
        ("mon-fri 22:00-06:00", 5, 23, False),
        ("mon-fri 22:00-06:00", 0, 3, False),
        ("sat,sun 00:00-24:00", 6, 0, True),
        ("sat,sun 00:00-24:00", 0, 0, False),
        ("fri-mon 10:00-12:00; wed 08:00-09:00", 0, 11, True),
        ("fri-mon 10:00-12:00; wed 08:00-09:00", 2, 8, True),
        ("fri-mon 10:00-12:00; wed 08:00-09:00", 1, 11, False),
    ],
)
def test_holds(text: str, day: int, hour: int, *, holds: bool) -> None:
    assert schedule.parse(text).holds(datetime(2026, 3, MONDAY + day, hour, 30 if hour == 23 else 0)) is holds  # noqa: DTZ001 - the camera's local clock


@pytest.mark.parametrize("text", ["always", "22-06", "25:00-26:00", "10:75-11:00", "lun 10:00-11:00", "mon 10:00"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="schedule"):
        schedule.parse(text)
