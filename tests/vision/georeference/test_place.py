"""Pixels to places: there and back, the horizon, and whether the claimed error is true."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from tests.vision.georeference import flown
from vision.georeference import errors, globe
from vision.georeference.camera import OutsideLensError, from_equivalent
from vision.georeference.errors import Covariance, Sigmas
from vision.georeference.ground import FlatGround, Plane
from vision.georeference.place import View, locate
from vision.georeference.pose import Pose, RefusedError


def test_a_pixel_goes_to_the_ground_and_back() -> None:
    random = np.random.default_rng(1)
    tried = 0
    while tried < 200:
        where = flown.pose(*random.uniform((30, -90, -180, -5), (120, -30, 180, 5)))
        x, y = random.uniform((0, 0), (1920, 1080))
        try:
            placed = locate(View(flown.LENS, where), x, y)
        except RefusedError:
            continue
        tried += 1
        assert flown.seen(flown.LENS, where, (placed.lat, placed.lon)) == pytest.approx((x, y), abs=0.05)


def test_distortion_is_undone_as_opencv_undoes_it() -> None:
    pixels = np.random.default_rng(2).uniform((0, 0), (1920, 1080), (100, 2))
    lens = flown.LENS
    matrix = np.array([[lens.fx_px, 0, lens.cx_px], [0, lens.fy_px, lens.cy_px], [0, 0, 1]])
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
    theirs = cv2.undistortPointsIter(
        pixels[:, None, :], matrix, np.array(lens.distortion), np.eye(3), np.eye(3), criteria
    )[:, 0]
    ours = np.stack(lens.towards(pixels[:, 0], pixels[:, 1]), axis=1)
    assert np.abs(ours - theirs).max() < 1e-6


def test_a_distortion_without_inverse_is_refused() -> None:
    bent = replace(flown.LENS, distortion=(-1.5, 0.0, 0.0, 0.0, 0.0))
    with pytest.raises(OutsideLensError):
        bent.towards(np.array([0.0]), np.array([0.0]))
    with pytest.raises(RefusedError, match="lens calibration"):
        locate(View(bent, flown.pose()), 0, 0)


def test_the_lens_keeps_its_places_in_another_size_and_zoom() -> None:
    where = flown.pose()
    here = locate(View(flown.LENS, where), 700, 300)
    larger = locate(View(flown.LENS.scaled_to(3840, 2160), where), 1400, 600)
    zoomed = locate(View(flown.LENS.zoomed(2), where), 960 + 2 * (700 - 960), 540 + 2 * (300 - 540))
    for other in (larger, zoomed):
        assert flown.missed_m((other.lat, other.lon), (here.lat, here.lon)) < 0.01
    cut = flown.LENS.scaled_to(1920, 1440)
    assert cut.cy_px - flown.LENS.cy_px == pytest.approx(180)


@pytest.mark.parametrize(
    ("pose", "pixel", "why"),
    [
        (flown.pose(pitch_deg=-10), (960, 540), "10.0 degrees down, less than 15"),
        (flown.pose(pitch_deg=-10), (960, 20), "horizon"),
        (flown.pose(pitch_deg=40), (960, 540), "horizon"),
        (flown.pose(), (2500, 540), "outside the picture of 1920 x 1080"),
        (flown.pose(), (-1, 540), "outside the picture"),
        (flown.pose(height_m=0.4), (960, 540), "0.4 m above take-off"),
        (flown.pose(height_m=-12), (960, 540), "above take-off"),
    ],
)
def test_what_cannot_be_placed_is_refused_with_its_reason(pose: Pose, pixel: tuple[float, float], why: str) -> None:
    centred = replace(flown.LENS, cx_px=960.0, cy_px=540.0, distortion=(0, 0, 0, 0, 0))
    with pytest.raises(RefusedError, match=why):
        locate(View(centred, pose), *pixel)


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_ce90_holds_nine_in_ten_of_a_normal_distribution(ratio: float) -> None:
    draws = np.random.default_rng(3).normal(0, (2.0, 2.0 * ratio), (200_000, 2))
    radius = Covariance(4.0, 0.0, 4.0 * ratio**2).ce90_m
    assert np.mean(np.hypot(*draws.T) <= radius) == pytest.approx(0.9, abs=0.003)


@dataclass(frozen=True)
class SureGround:
    """Known to be level."""

    name: str = "level"

    def below(self, pose: Pose, ray: errors.Floats) -> Plane:
        del pose, ray
        return Plane()

    def sigma_m(self, distance_m: float) -> float:
        return 0.0 * distance_m


# Horizontal CE90 of an independent Monte-Carlo: pitch 0.5 and yaw 2 degrees, height 1.5 m, GNSS 1.5 m an axis.
MONTE_CARLO = {
    (40, 90): 3.3,
    (40, 60): 3.8,
    (40, 45): 4.6,
    (40, 30): 6.6,
    (40, 20): 10.2,
    (80, 90): 3.4,
    (80, 60): 4.5,
    (80, 45): 6.1,
    (80, 30): 9.9,
    (80, 20): 16.4,
    (120, 60): 5.5,
    (120, 45): 8.2,
    (120, 30): 13.8,
    (120, 20): 23.0,
}


@pytest.mark.parametrize(("height_m", "depression_deg"), MONTE_CARLO)
def test_ce90_agrees_with_an_independent_monte_carlo(height_m: int, depression_deg: int) -> None:
    sure = replace(flown.LENS, cx_px=960.0, cy_px=540.0, focal_sigma_share=0.0, centre_sigma_share=0.0)
    where = flown.pose(height_m, -depression_deg)
    placed = locate(View(sure, where, SureGround(), Sigmas(roll_deg=0, time_s=0, pixel_share=0)), 960, 540)
    assert placed.ce90_m == pytest.approx(MONTE_CARLO[height_m, depression_deg], rel=0.06)


@pytest.mark.parametrize("depression_deg", [85, 60, 40, 25, 18])
def test_nine_in_ten_true_places_lie_within_the_claimed_ce90(depression_deg: int) -> None:
    """The telemetry is wrong as much as is claimed of it; the drone moves and turns while the clock is off."""
    random = np.random.default_rng(depression_deg)
    true = replace(flown.pose(90, -depression_deg), rates=(6.0, -3.0, 0.5, 8.0, 1.0, 0.0))
    place = flown.below_axis(true)
    held = []
    for _ in range(250):
        wrong = random.normal(0, (2.0, 0.5, 0.5, 1.5, 1.5, 1.5))
        late = random.normal(0, errors.TIME_S)
        moved = np.array([*true.rates[3:], *true.rates[:3]]) * late
        lens = flown.LENS.zoomed(1 + random.normal(0, flown.LENS.focal_sigma_share))
        centre = random.normal(0, flown.LENS.centre_sigma_share * 1920, 2)
        lens = replace(lens, cx_px=lens.cx_px + centre[0], cy_px=lens.cy_px + centre[1])
        distance = true.height_m / math.tan(math.radians(depression_deg))
        step = random.normal(0, FlatGround().sigma_m(distance))
        x, y = flown.seen(lens, replace(true, height_m=true.height_m - step), place)
        x, y = np.clip(np.array([x, y]) + random.normal(0, 3, 2), 0, (1920, 1080))
        try:
            placed = locate(View(flown.LENS, flown.disturbed(true, wrong + moved)), x, y)
        except RefusedError:
            continue
        claimed = replace(true, lat=placed.lat, lon=placed.lon)
        held.append(flown.missed_m((claimed.lat, claimed.lon), place) <= placed.ce90_m)
    assert len(held) > 200
    assert 0.85 < np.mean(held) < 0.97


def test_a_nominal_lens_claims_more_error_than_a_calibrated_one() -> None:
    nominal = from_equivalent(24, (1920, 1080))
    calibrated = replace(nominal, focal_sigma_share=errors.CALIBRATED_FOCAL_SHARE, centre_sigma_share=1 / 640)
    first, second = (locate(View(lens, flown.pose()), 200, 900).ce90_m for lens in (nominal, calibrated))
    assert first > second


def test_metres_and_degrees_agree_both_ways_over_the_date_line() -> None:
    start = (-17.0, 179.999)
    end = globe.moved(start, 400, -300)
    assert end[1] < -179.99
    assert globe.offset_m(start, end) == pytest.approx((400, -300), abs=0.01)
