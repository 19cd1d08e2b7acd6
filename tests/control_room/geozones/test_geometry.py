"""Borders are crossed where they are, holes are outside, and the sun is where an almanac says."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from control_room.geozones import applicability, geometry, sun
from control_room.geozones.zone import ALL_DAYS, Applicability, Circle, Daily, Polygon

MADRID = ZoneInfo("Europe/Madrid")
PLACE = (2.17, 41.39)
SQUARE = ((1.0, 41.0), (1.1, 41.0), (1.1, 41.1), (1.0, 41.1), (1.0, 41.0))
HOLE = ((1.04, 41.04), (1.06, 41.04), (1.06, 41.06), (1.04, 41.06), (1.04, 41.04))
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def daily(
    begins: time | str | None, ends: time | str | None, days: frozenset[int] = ALL_DAYS, *, utc: bool = False
) -> Daily:
    return Daily.model_validate({"days": days, "begins": begins, "ends": ends, "in_utc": utc})


def hours(*parts: Daily, window: applicability.Span = (MONDAY, MONDAY + timedelta(days=2))) -> list[tuple[str, str]]:
    one = Applicability(begins=None, ends=None, daily=parts)
    found = applicability.spans([one], window, place=PLACE, town=MADRID)
    return [(f"{begin:%d %H:%M}", f"{end:%d %H:%M}") for begin, end in found]


def test_a_way_through_a_square_with_a_hole() -> None:
    shape = Polygon(rings=(SQUARE, HOLE))
    spans = geometry.spans_inside(shape, (0.9, 41.05), (1.2, 41.05))
    expected = [(1 / 3, 0.14 / 0.3), (0.16 / 0.3, 2 / 3)]
    assert [pytest.approx(span) for span in expected] == spans
    assert geometry.spans_inside(Polygon(rings=(SQUARE,)), (1.02, 41.02), (1.03, 41.02)) == [(0.0, 1.0)]
    assert geometry.spans_inside(shape, (1.05, 41.05), (1.05, 41.051)) == []


def test_a_way_through_a_circle_is_as_long_as_its_chord() -> None:
    circle = Circle(centre=PLACE, radius_m=1000)
    west, east = (PLACE[0] - 0.03, PLACE[1]), (PLACE[0] + 0.03, PLACE[1])
    ((first, last),) = geometry.spans_inside(circle, west, east)
    assert (last - first) * geometry.metres_between(west, east) == pytest.approx(2000, abs=1)
    assert geometry.spans_inside(circle, (2.0, 41.0), (2.0, 41.5)) == []


def test_many_legs_give_what_each_leg_gives() -> None:
    """The quick way over a whole track against the plain one, also over corners and along borders."""
    chance = random.Random(5)
    corners = [(1 + 0.1 * chance.random(), 41 + 0.1 * chance.random()) for _ in range(40)]
    ragged = Polygon(rings=((*corners, corners[0]),))
    way = [(1.1 * chance.random() + 0.5, 41.1 * 1 + 0.1 * (chance.random() - 1)) for _ in range(60)]
    way += [corners[3], corners[4], corners[4], (1.05, 41.05), corners[7], (1.0, 41.0)]
    way += [(1.0 + 0.001 * step, 41.05) for step in range(100)]
    legs = geometry.spans_along(ragged, way)
    for index, spans in enumerate(legs):
        plain = geometry.spans_inside(ragged, way[index], way[index + 1])
        assert sum(b - a for a, b in spans) == pytest.approx(sum(b - a for a, b in plain), abs=1e-6), index


def test_shapes_that_share_ground() -> None:
    square, inner = Polygon(rings=(SQUARE,)), Polygon(rings=(HOLE,))
    assert geometry.shapes_meet(square, inner)
    assert not geometry.shapes_meet(Polygon(rings=(SQUARE, HOLE)), Circle(centre=(1.05, 41.05), radius_m=100))
    assert geometry.shapes_meet(square, Circle(centre=(1.105, 41.05), radius_m=600))
    assert not geometry.shapes_meet(square, Circle(centre=(1.105, 41.05), radius_m=300))
    assert geometry.covers([square], inner)
    assert not geometry.covers([Polygon(rings=(SQUARE, HOLE))], Circle(centre=(1.05, 41.05), radius_m=5000))
    assert not geometry.covers([inner], square)


def test_an_area_covers_itself_and_what_shares_its_border() -> None:
    rng = random.Random(3)
    for _ in range(50):
        corners = [
            (1.2 + 0.01 * math.cos(turn) * rng.uniform(0.3, 1), 41.1 + 0.01 * math.sin(turn) * rng.uniform(0.3, 1))
            for turn in (2 * math.pi * number / 7 for number in range(7))
        ]
        area = Polygon(rings=((*corners, corners[0]),))
        assert geometry.covers([area], area)
        out = (corners[0][0] + 0.002, corners[0][1])
        assert not geometry.covers([area], Polygon(rings=((out, *corners[1:], out),)))


def test_parts_of_days_in_utc_and_in_the_towns_hours() -> None:
    assert hours(daily(time(8), time(10), utc=True)) == [("23 08:00", "23 10:00"), ("24 08:00", "24 10:00")]
    assert hours(daily(time(8), time(10)))[0] == ("23 07:00", "23 09:00")
    assert hours(daily(time(22), time(2), utc=True)) == [
        ("23 00:00", "23 02:00"),
        ("23 22:00", "24 02:00"),
        ("24 22:00", "25 00:00"),
    ]
    assert hours(daily(time(17), time(23, 59, 59), frozenset({0}), utc=True)) == [("23 17:00", "24 00:00")]
    assert hours(daily(None, None, frozenset({1}), utc=True)) == [("24 00:00", "25 00:00")]


def test_the_hour_that_comes_twice_is_the_towns() -> None:
    sunday = datetime(2026, 10, 25, tzinfo=UTC)
    found = hours(daily(time(1), time(4)), window=(sunday - timedelta(hours=2), sunday + timedelta(hours=9)))
    assert found == [("24 23:00", "25 03:00")]


def test_the_sun_rises_when_an_almanac_says() -> None:
    """Barcelona on 21 June 2024: 06:18 and 21:28 of summer time."""
    day = date(2024, 6, 21)
    rise, set_ = (sun.moment_of(word, day, PLACE[1], PLACE[0]) for word in ("SR", "SS"))
    assert rise is not None
    assert set_ is not None
    assert abs(rise - datetime(2024, 6, 21, 4, 18, tzinfo=UTC)) < timedelta(minutes=2)
    assert abs(set_ - datetime(2024, 6, 21, 19, 28, tzinfo=UTC)) < timedelta(minutes=2)
    assert sun.moment_of("SR", date(2024, 12, 21), 75.0, 20.0) is None


def test_a_zone_by_the_sun() -> None:
    ((_, dusk),) = hours(daily("SR", "SS", frozenset({0})), window=(MONDAY, MONDAY + timedelta(days=1)))
    assert "23 16:20" < dusk < "23 16:35"


def test_dates_bound_the_parts() -> None:
    one = Applicability(begins=MONDAY + timedelta(hours=9), ends=None, daily=(daily(time(8), time(10), utc=True),))
    window = (MONDAY, MONDAY + timedelta(days=1))
    assert applicability.spans([one], window, place=PLACE, town=MADRID) == [
        (MONDAY + timedelta(hours=9), MONDAY + timedelta(hours=10))
    ]
    over = Applicability(begins=None, ends=MONDAY - timedelta(days=1), daily=())
    assert applicability.spans([over], window, place=PLACE, town=MADRID) == []
