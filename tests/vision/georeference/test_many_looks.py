"""Known points and several looks: what they improve, and that the error claimed afterwards is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.vision.georeference import flown
from vision.georeference import globe
from vision.georeference.correction import KnownPoint, estimate
from vision.georeference.errors import LASTING_SHARE, Floats
from vision.georeference.fusion import Fused, Look, fuse
from vision.georeference.place import Placed, View, locate
from vision.georeference.pose import Pose

SIGMAS = np.array([2.0, 0.5, 0.5, 1.5, 1.5, 1.5])
TARGET = globe.moved(flown.START, 40, 60)


def about_target(yaw_deg: float, height_m: float = 90.0, pitch_deg: float = -50.0) -> Pose:
    """Where a drone is that looks at the target from that side."""
    there = replace(flown.pose(height_m, pitch_deg, yaw_deg), lat=TARGET[0], lon=TARGET[1])
    east, north = globe.offset_m(TARGET, flown.below_axis(there))
    lat, lon = globe.moved(TARGET, -east, -north)
    return replace(there, lat=lat, lon=lon)


def flight_view(true: Pose, lasting: Floats, random: np.random.Generator) -> tuple[View, float, float]:
    """What is claimed of a look at the target, with the flight's errors and some of its own."""
    own = random.normal(0, SIGMAS) * np.sqrt(1 - LASTING_SHARE)
    x, y = flown.seen(flown.LENS, true, TARGET) + random.normal(0, 3, 2)
    return View(flown.LENS, flown.disturbed(true, lasting + own)), float(x), float(y)


def look(yaw_deg: float, lasting: Floats, random: np.random.Generator) -> Placed:
    view, x, y = flight_view(about_target(yaw_deg), lasting, random)
    return locate(view, x, y)


def missed(found: Fused | Placed) -> float:
    return flown.missed_m((found.lat, found.lon), TARGET)


def test_one_known_point_improves_the_rest_of_the_flight() -> None:
    random = np.random.default_rng(5)
    before, after, held = [], [], []
    for _ in range(40):
        lasting = random.normal(0, SIGMAS) * np.sqrt(LASTING_SHARE)
        view, x, y = flight_view(about_target(random.uniform(-180, 180)), lasting, random)
        bias = estimate([KnownPoint(view, x, y, *TARGET)])
        other, u, v = flight_view(about_target(view.pose.yaw_deg + random.uniform(-60, 60)), lasting, random)
        plain, corrected = locate(other, u, v), locate(replace(other, bias=bias), u, v)
        before.append(missed(plain))
        after.append(missed(corrected))
        held.append(missed(corrected) <= corrected.ce90_m)
        assert corrected.ce90_m < plain.ce90_m
        assert corrected.method.endswith("corrected by 1 known point")
    assert np.median(after) < 0.85 * np.median(before)
    assert np.mean(held) > 0.8


def test_a_bias_of_yaw_and_pitch_is_taken_off_every_look() -> None:
    wrong = np.array([3.0, -1.2, 0, 0, 0, 0])
    looks = []
    for yaw in range(0, 360, 30):
        true = about_target(yaw)
        looks.append((View(flown.LENS, flown.disturbed(true, wrong)), *flown.seen(flown.LENS, true, TARGET)))
    bias = estimate([KnownPoint(*one, *TARGET) for one in looks[::3]])
    assert -3.5 < bias.offsets[0] < -1.0
    before = [missed(locate(*one)) for one in looks]
    after = [missed(locate(replace(view, bias=bias), x, y)) for view, x, y in looks]
    assert max(after) < 0.4 * min(before)


def test_no_known_point_is_no_correction() -> None:
    with pytest.raises(ValueError, match="known point"):
        estimate([])
    with pytest.raises(ValueError, match="nothing"):
        fuse([])


def test_looking_again_from_the_same_side_does_not_average_the_bias_out() -> None:
    random = np.random.default_rng(6)
    still = np.zeros(6)
    one = look(0, still, random)
    same = fuse([Look(look(0, still, random), "flight") for _ in range(50)])
    around = fuse([Look(look(yaw, still, random), "flight") for yaw in range(0, 360, 7)])
    flights = fuse([Look(look(yaw, still, random), f"flight {yaw}") for yaw in range(0, 360, 7)])
    assert 0.7 * one.ce90_m < same.ce90_m < one.ce90_m
    assert around.ce90_m < 0.75 * same.ce90_m
    assert flights.ce90_m < 0.3 * same.ce90_m


def test_the_error_of_several_looks_is_true() -> None:
    random = np.random.default_rng(7)
    held = []
    for _ in range(60):
        looks = []
        for flight in range(2):
            lasting = random.normal(0, SIGMAS) * np.sqrt(LASTING_SHARE)
            yaws = random.uniform(-180, 180) + random.uniform(-30, 30, 4)
            looks += [Look(look(yaw, lasting, random), flight) for yaw in yaws]
        found = fuse(looks)
        held.append(missed(found) <= found.ce90_m)
    assert np.mean(held) > 0.8


def test_an_outlier_hardly_counts_and_is_named() -> None:
    random = np.random.default_rng(8)
    looks = [Look(look(yaw, np.zeros(6), random)) for yaw in range(0, 360, 40)]
    far = globe.moved((looks[3].placed.lat, looks[3].placed.lon), 80, -50)
    looks[3] = Look(replace(looks[3].placed, lat=far[0], lon=far[1]))
    found = fuse(looks)
    assert found.outliers == (3,)
    assert missed(found) < 2.5


def test_better_looks_count_more() -> None:
    random = np.random.default_rng(9)
    near = locate(*flight_view(about_target(0, 40, -80), np.zeros(6), random))
    far = locate(*flight_view(about_target(180, 120, -20), np.zeros(6), random))
    found = fuse([Look(near, 1), Look(far, 2)])
    to_near = flown.missed_m((found.lat, found.lon), (near.lat, near.lon))
    to_far = flown.missed_m((found.lat, found.lon), (far.lat, far.lon))
    assert to_near < 0.3 * to_far
