"""Replay: borders crossed to the part of a second, heights, holes, circles, hours, jumps, and what cannot be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from control_room.flight_log import replay, track
from control_room.flight_log.track import Sample
from control_room.geozones import geometry
from control_room.geozones.zone import Applicability, Circle, Geozone, Limit, Polygon, Volume

MADRID = ZoneInfo("Europe/Madrid")
NOON = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
SQUARE = Polygon(rings=(((1.0, 41.0), (1.01, 41.0), (1.01, 41.01), (1.0, 41.01), (1.0, 41.0)),))
HOLE = ((1.004, 41.004), (1.006, 41.004), (1.006, 41.006), (1.004, 41.006), (1.004, 41.004))


def limit(value: float, reference: str, unit: str = "m") -> Limit:
    return Limit.model_validate({"value": value, "unit": unit, "reference": reference})


def zone(*volumes: Volume, **changes: Any) -> Geozone:
    content: dict[str, Any] = {
        "identifier": "Z",
        "country": "ESP",
        "name": {},
        "kind": "PROHIBITED",
        "kind_given": "PROHIBITED",
        "reasons": (),
        "message": {},
        "conditions": None,
        "categories": (),
        "applicability": (),
        "authorities": (),
        "volumes": volumes or (Volume(shape=SQUARE, lower=None, upper=None),),
    }
    return Geozone(**(content | changes))


def flight(*points: tuple[float, float, float, float | None]) -> list[track.Run]:
    """From (seconds, lon, lat, height)."""
    runs, doubts = track.runs_of(Sample(NOON + timedelta(seconds=s), lon, lat, h) for s, lon, lat, h in points)
    assert doubts == []
    return runs


def seconds(stretches: list[replay.Stretch]) -> list[tuple[float, float]]:
    return [
        (round((one.begins - NOON).total_seconds(), 3), round((one.ends - NOON).total_seconds(), 3))
        for one in stretches
    ]


def straight(height_m: float | None = 61.0) -> list[track.Run]:
    """West to east through the square's middle, 0.0005 degrees a second from 1 s before its border."""
    return flight(*((s, 0.9995 + 0.0005 * s, 41.005, height_m) for s in range(24)))


def stays(runs: list[track.Run], one: Geozone, elevation_m: float | None = None) -> list[replay.Stretch]:
    return replay.in_zone(runs, one, elevation_m=elevation_m, town=MADRID)


def test_borders_are_crossed_between_samples() -> None:
    runs = flight((0, 0.9990, 41.005, 50), (10, 1.0023, 41.005, 61), (20, 1.0056, 41.005, 61), (30, 1.0122, 41.005, 61))
    (stay,) = stays(runs, zone())
    assert seconds([stay])[0] == pytest.approx((10 * 10 / 33, 20 + 10 * 44 / 66), abs=0.01)
    assert stay.certain
    assert stay.lowest_m == pytest.approx(50 + 11 * 10 / 33, abs=0.01)
    assert stay.highest_m == 61


def test_a_hole_is_outside() -> None:
    with_hole = zone(Volume(shape=Polygon(rings=(*SQUARE.rings, HOLE)), lower=None, upper=None))
    assert seconds(stays(straight(), with_hole)) == [(1, 9), (13, 21)]


def test_a_circle_by_its_chord() -> None:
    circle = Circle(centre=(1.005, 41.005), radius_m=200)
    (stay,) = stays(straight(), zone(Volume(shape=circle, lower=None, upper=None)))
    speed = geometry.metres_between((1.0, 41.005), (1.0005, 41.005))
    assert (stay.ends - stay.begins).total_seconds() == pytest.approx(400 / speed, rel=1e-3)


def test_heights_are_met_between_samples() -> None:
    climbing = flight((0, 1.005, 41.005, 0), (10, 1.005, 41.0051, 100), (20, 1.005, 41.005, 0))
    band = zone(Volume(shape=SQUARE, lower=limit(50, "AGL"), upper=limit(80, "AGL")))
    found = stays(climbing, band)
    assert seconds(found) == [(5, 8), (12, 15)]
    assert [(one.lowest_m, one.highest_m) for one in found] == [(50, 80), (50, 80)]
    assert found[0].why == ("flat_ground",)
    feet = zone(Volume(shape=SQUARE, lower=limit(164.042, "AGL", "ft"), upper=limit(99999, "AGL")))
    assert seconds(stays(climbing, feet))[0] == pytest.approx((5, 15), abs=0.01)


def test_below_take_off_is_still_above_ground() -> None:
    ground = zone(Volume(shape=SQUARE, lower=limit(0, "AGL"), upper=limit(120, "AGL")))
    assert [one.certain for one in stays(straight(-15), ground)] == [True]


def test_limits_above_sea_level_need_the_elevation() -> None:
    above_sea = zone(Volume(shape=SQUARE, lower=limit(300, "AMSL"), upper=limit(99999, "AMSL")))
    (unknown,) = stays(straight(), above_sea)
    assert (unknown.certain, unknown.why) == (False, ("elevation_unknown",))
    (known,) = stays(straight(), above_sea, elevation_m=250)
    assert (known.certain, known.why) == (True, ("elevation_given",))
    assert stays(straight(), above_sea, elevation_m=200) == []


def test_limits_over_the_ellipsoid_are_told_only_where_they_are_sure() -> None:
    over = zone(Volume(shape=SQUARE, lower=limit(300, "WGS84"), upper=None))
    assert [one.certain for one in stays(straight(), over, elevation_m=280)] == [False]
    assert [one.certain for one in stays(straight(), over, elevation_m=500)] == [True]
    assert stays(straight(), over, elevation_m=100) == []


def test_without_height_it_cannot_be_told() -> None:
    low = zone(Volume(shape=SQUARE, lower=None, upper=limit(60, "AGL")))
    (stay,) = stays(straight(None), low)
    assert (stay.certain, stay.highest_m, stay.why) == (False, None, ("flat_ground", "height_unknown"))
    assert [one.certain for one in stays(straight(None), zone())] == [True]


def test_only_while_the_zone_applies() -> None:
    begins = NOON + timedelta(seconds=5, milliseconds=500)
    ends = NOON + timedelta(seconds=8)
    timed = zone(applicability=(Applicability(begins=begins, ends=ends, daily=()),))
    assert seconds(stays(straight(), timed)) == [(5.5, 8)]
    over = zone(applicability=(Applicability(begins=None, ends=NOON - timedelta(days=1), daily=()),))
    assert stays(straight(), over) == []


def test_volumes_of_one_zone_are_told_once_where_they_overlap() -> None:
    twice = zone(
        Volume(shape=SQUARE, lower=None, upper=limit(120, "AGL")),
        Volume(shape=SQUARE, lower=limit(30, "AGL"), upper=limit(120, "AGL")),
    )
    assert seconds(stays(straight(), twice)) == [(1, 21)]


def test_an_outlier_is_left_out_and_said() -> None:
    points = [(s, 1.02, 41.02) for s in range(10)]
    points[4] = (4, 1.005, 41.005)
    runs, doubts = track.runs_of(Sample(NOON + timedelta(seconds=s), lon, lat, 50) for s, lon, lat in points)
    assert stays(runs, zone()) == []
    assert [(doubt.code, doubt.begins) for doubt in doubts] == [("gps_jump", NOON + timedelta(seconds=4))]
    assert len(runs) == 1


def test_a_jump_that_stays_is_a_new_place_and_nothing_is_said_between() -> None:
    points = [(s, 0.99, 41.005) for s in range(5)] + [(s, 1.02, 41.005) for s in range(5, 12)]
    runs, doubts = track.runs_of(Sample(NOON + timedelta(seconds=s), lon, lat, 50) for s, lon, lat in points)
    assert [len(run.samples) for run in runs] == [5, 7]
    assert [doubt.code for doubt in doubts] == ["gps_jump"]
    assert stays(runs, zone()) == []


def test_a_long_silence_breaks_the_track_and_a_short_one_is_bridged() -> None:
    there = [(0, 0.999), (5, 0.9995), (20, 1.001), (200, 1.02), (201, 1.02)]
    runs, doubts = track.runs_of(Sample(NOON + timedelta(seconds=s), lon, 41.005, 50) for s, lon in there)
    assert [doubt.code for doubt in doubts] == ["bridged", "gap"]
    assert seconds(stays(runs, zone()))[0] == pytest.approx((10, 20), abs=0.01)


def test_a_simplified_track_has_long_legs_that_are_no_silence() -> None:
    there = [Sample(NOON + timedelta(seconds=s), lon, 41.005, 50) for s, lon in [(0, 0.999), (300, 1.02)]]
    runs, doubts = track.runs_of(there, is_simplified=True)
    assert doubts == []
    assert len(stays(runs, zone())) == 1


def test_samples_out_of_order_and_twice() -> None:
    runs = flight((2, 1.02, 41.0, 1), (0, 1.02, 41.0, 1), (1, 1.02, 41.0, 1), (1, 1.02, 41.0, 1))
    assert [len(run.samples) for run in runs] == [3]
    assert track.runs_of([]) == ([], [])


def test_higher_than_allowed() -> None:
    climbing = flight((0, 1.005, 41.005, 110), (10, 1.005, 41.0051, 130), (20, 1.005, 41.005, 110))
    (stay,) = replay.above(climbing, 120)
    assert (seconds([stay]), stay.highest_m) == ([(5, 15)], 130)
    assert replay.above(flight((0, 1, 41, 120), (9, 1, 41, 120)), 120) == []


def test_farther_than_can_be_seen() -> None:
    pilot = (0.9995, 41.005)
    reach_m = 10 * geometry.metres_between(pilot, (1.0, 41.005))
    assert seconds(replay.away_from(straight(), pilot, reach_m))[0] == pytest.approx((10, 23), abs=0.05)
    assert replay.farthest_m(straight(), pilot) == pytest.approx(2.3 * reach_m, rel=1e-3)


def test_outside_the_permitted_area_and_its_dates() -> None:
    assert seconds(replay.outside(straight(), [SQUARE])) == [(0, 1), (21, 23)]
    assert seconds(replay.beyond_times(straight(), [(NOON, NOON + timedelta(seconds=20))])) == [(20, 23)]
    assert replay.beyond_times(straight(), [(NOON - timedelta(days=1), NOON + timedelta(days=1))]) == []


def test_night_begins_with_the_end_of_twilight() -> None:
    dusk = NOON.replace(hour=16)
    samples = (Sample(dusk + timedelta(seconds=50 * step), 2.17, 41.39, 50) for step in range(150))
    runs, _ = track.runs_of(samples)
    (stay,) = replay.at_night(runs, (2.17, 41.39), MADRID)
    assert dusk.replace(hour=16, minute=50) < stay.begins < dusk.replace(hour=17, minute=5)
    assert replay.at_night(straight(), (1.0, 41.0), MADRID) == []
