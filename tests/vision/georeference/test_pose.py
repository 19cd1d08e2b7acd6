"""Poses from samples: by frame, by time, through the wrap of angles, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vision.georeference.pose import RefusedError, Track, of_sample
from vision.telemetry.sample import Place, Sample


def sample(number: int, **changes: Any) -> Sample:
    """One cue of a flight that goes north at 6 m/s and turns 20 degrees a second, ten cues a second."""
    made = Sample(
        row=number,
        time_s=(number - 1) / 10,
        frame=number + 100,
        lat=41.0 + number * 0.6 / 111_000,
        lon=1.5,
        rel_alt_m=50.0,
        gimbal_yaw_deg=(170 + 2 * number + 180) % 360 - 180,
        gimbal_pitch_deg=-60.0,
        gimbal_roll_deg=0.0,
    )
    return replace(made, **changes)


FLIGHT = [sample(number) for number in range(1, 41)]


def test_a_frame_is_the_files_own_number() -> None:
    pose, found = Track(FLIGHT).at_frame(105)
    assert found.row == 5
    assert pose.lat == pytest.approx(FLIGHT[4].lat)


def test_frames_are_counted_from_one_where_the_file_has_no_numbers() -> None:
    _, found = Track([replace(each, frame=None) for each in FLIGHT]).at_frame(5)
    assert found.row == 5


def test_angles_are_interpolated_through_the_wrap() -> None:
    pose, _ = Track(FLIGHT).at_time(0.45)  # between 180 and -178
    assert abs(pose.yaw_deg) == pytest.approx(179.0)
    assert pose.rates[3] == pytest.approx(20.0, abs=0.5)
    assert pose.rates[1] == pytest.approx(6.0, rel=0.02)


def test_a_lost_cue_lies_between_its_neighbours() -> None:
    lost = [each for each in FLIGHT if each.frame not in {110, 111}]
    pose, _ = Track(lost).at_frame(110)
    assert pose.lat == pytest.approx(FLIGHT[9].lat, abs=1e-9)


@pytest.mark.parametrize(
    ("time_s", "why"), [(60.0, "outside the telemetry's 0 to 3.9 s"), (-2.0, "outside"), (2.5, "gap of 2.5 s")]
)
def test_times_without_telemetry_are_refused(time_s: float, why: str) -> None:
    samples = FLIGHT if "gap" not in why else [each for each in FLIGHT if not 1.2 < (each.time_s or 0) < 3.65]
    with pytest.raises(RefusedError, match=why):
        Track(samples).at_time(time_s)


def test_frames_outside_the_telemetry_are_refused() -> None:
    with pytest.raises(RefusedError, match="frame 7 is outside the telemetry's 101 to 140"):
        Track(FLIGHT).at_frame(7)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"gimbal_pitch_deg": None}, "gimbal"),
        ({"gimbal_yaw_deg": None}, "gimbal"),
        ({"lat": None}, "no position"),
        ({"rel_alt_m": None, "abs_alt_m": 250.0}, "height above take-off"),
    ],
)
def test_missing_fields_are_refused_by_name(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        of_sample(sample(1, **changes))


def test_heights_are_taken_within_one_datum_only() -> None:
    home = sample(1, rel_alt_m=None, abs_alt_m=250.0, home=Place(41.0, 1.5, 190.0))
    centre = sample(1, rel_alt_m=None, abs_alt_m=250.0, frame_centre=Place(41.0, 1.5, 205.0))
    assert of_sample(home).height_m == pytest.approx(60.0)
    assert of_sample(centre).height_m == pytest.approx(45.0)
    assert of_sample(centre).height_over != "take-off"


def test_a_position_that_jumps_is_refused() -> None:
    jumped = [each if each.row != 20 else replace(each, lat=41.5) for each in FLIGHT]
    with pytest.raises(RefusedError, match="jumps"):
        Track(jumped).at_time(1.95)


def test_take_off_is_home_or_where_the_drone_stood() -> None:
    assert Track(FLIGHT).take_off() is None
    landed = [*FLIGHT, sample(41, rel_alt_m=0.1, lat=41.7)]
    assert Track(landed).take_off() == (41.7, 1.5)
    assert Track([sample(1, home=Place(40.0, 2.0)), *landed]).take_off() == (40.0, 2.0)


def test_times_that_run_backwards_are_passed_over() -> None:
    mixed = [*FLIGHT[:20], replace(FLIGHT[3], lat=10.0), *FLIGHT[20:]]
    pose, _ = Track(mixed).at_time(1.95)
    assert pose.lat == pytest.approx(41.0, abs=0.01)
