"""Local times to UTC, with the change of hour as drones go through it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from vision.telemetry import wall_clock
from vision.telemetry.reading import Assumptions
from vision.telemetry.sample import UtcSource


def utc_of(town: Assumptions, written: list[str], step_s: float | None = 1.0) -> list[datetime]:
    clock = wall_clock.LocalClock(town)
    found = []
    for number, text in enumerate(written):
        told = wall_clock.find(text)
        assert told is not None
        known = clock.utc(told, None if step_s is None else number * step_s)
        assert known is not None
        found.append(known[0])
    return found


def steps(times: list[datetime]) -> list[float]:
    return [(other - one).total_seconds() for one, other in itertools.pairwise(times)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-08-07 13:40:40,774,808", datetime(2022, 8, 7, 11, 40, 40, 774808, tzinfo=UTC)),
        ("2024-12-09 15:24:09.506", datetime(2024, 12, 9, 14, 24, 9, 506000, tzinfo=UTC)),
        ("2017.8.5 14:11:51", datetime(2017, 8, 5, 12, 11, 51, tzinfo=UTC)),
        ("05/08/2017 14:11:51", datetime(2017, 8, 5, 12, 11, 51, tzinfo=UTC)),
        ("5/27/2023 1:02:03.45 PM", datetime(2023, 5, 27, 11, 2, 3, 450000, tzinfo=UTC)),
        ("2021-05-01T10:00:00Z", datetime(2021, 5, 1, 10, tzinfo=UTC)),
        ("2021-05-01T10:00:00-03:00", datetime(2021, 5, 1, 13, tzinfo=UTC)),
        ("2016:06:23 16:31:59", datetime(2016, 6, 23, 14, 31, 59, tzinfo=UTC)),
    ],
)
def test_ways_to_write_a_time(town: Assumptions, text: str, expected: datetime) -> None:
    assert utc_of(town, [text]) == [expected]


def test_it_is_known_how_the_time_is_known(town: Assumptions) -> None:
    clock = wall_clock.LocalClock(town)
    sources = []
    for text in ("2021-05-01 10:00:00", "2021-05-01 10:00:00Z", "2021-05-01 10:00:00+02:00"):
        written = wall_clock.find(text)
        assert written is not None
        known = clock.utc(written, None)
        assert known is not None
        sources.append(known[1])
    assert sources == [UtcSource.ASSUMED_ZONE, UtcSource.FILE_UTC, UtcSource.FILE_OFFSET]
    assert clock.assumed == 1


@pytest.mark.parametrize("step_s", [1.0, None])
def test_a_flight_through_the_night_when_the_hour_comes_twice(town: Assumptions, step_s: float | None) -> None:
    """27 October 2024, 03:00 becomes 02:00."""
    written = ["2024-10-27 02:59:58", "2024-10-27 02:59:59", "2024-10-27 02:00:00", "2024-10-27 02:00:01"]
    times = utc_of(town, written, step_s)
    assert times[0] == datetime(2024, 10, 27, 0, 59, 58, tzinfo=UTC)
    assert steps(times) == [1, 1, 1]


@pytest.mark.parametrize("step_s", [1.0, None])
def test_a_flight_through_the_hour_that_is_left_out(town: Assumptions, step_s: float | None) -> None:
    """31 March 2024, 02:00 becomes 03:00."""
    times = utc_of(town, ["2024-03-31 01:59:58", "2024-03-31 01:59:59", "2024-03-31 03:00:00"], step_s)
    assert steps(times) == [1, 1]


def test_a_clock_that_nobody_changed_goes_on(town: Assumptions) -> None:
    times = utc_of(town, ["2024-03-31 01:59:59", "2024-03-31 02:00:00", "2024-03-31 02:00:01"])
    assert steps(times) == [1, 1]


def test_hours_later_the_clock_is_right_again(town: Assumptions) -> None:
    times = utc_of(town, ["2024-03-31 00:30:00", "2024-03-31 12:00:00"], None)
    assert times[1] - times[0] == timedelta(hours=10, minutes=30)


@pytest.mark.parametrize("text", ["2024-13-45 12:00:00", "2024-02-30 25:61:61", "0000-00-00 00:00:00", "12:00:00", ""])
def test_what_is_no_time(text: str) -> None:
    assert wall_clock.find(text) is None


def test_the_first_and_the_last_year_do_not_overflow(town: Assumptions) -> None:
    for text in ("0001-01-01 00:00:00 +05:00", "9999-12-31 23:59:59 -05:00"):
        written = wall_clock.find(text)
        assert written is not None
        assert wall_clock.LocalClock(town).utc(written, None) is None
