"""Offsets between telemetry and picture motion, on motion made from the telemetry of a real flight."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vision.telemetry import formats, synchronise
from vision.telemetry.reading import Assumptions
from vision.telemetry.sample import Sample
from vision.telemetry.synchronise import Motion


def wandering(seconds: float, seed: int = 1) -> Motion:
    chance = np.random.default_rng(seed)
    time_s = np.arange(0, seconds, 1 / 30)
    gusts = np.convolve(chance.gamma(0.3, 5, time_s.size), np.hanning(45), mode="same")
    return Motion(time_s, gusts)


def seen(motion: Motion, offset_s: float, noise: float, *, begin_s: float = 0, end_s: float = 1e9) -> Motion:
    """Pixels a frame at 25 a second, with noise, of a part of the time."""
    chance = np.random.default_rng(2)
    time_s = np.arange(max(begin_s, motion.time_s[0] + offset_s), min(end_s, motion.time_s[-1] + offset_s), 1 / 25)
    speed = 3.7 * np.interp(time_s - offset_s, motion.time_s, motion.speed)
    return Motion(time_s, np.maximum(0, speed + noise * speed.std() * chance.standard_normal(time_s.size)))


@pytest.mark.parametrize("offset_s", [-4.03, -0.5, 0.0, 0.21, 1.7, 7.5])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_the_offset_is_found(offset_s: float, noise: float) -> None:
    motion = wandering(60)
    found = synchronise.estimate(motion, seen(motion, offset_s, noise))
    assert found is not None
    assert found.offset_s == pytest.approx(offset_s, abs=0.06)
    assert found.quality > 0.5


def test_a_log_longer_than_its_video() -> None:
    motion = wandering(120)
    found = synchronise.estimate(motion, seen(motion, 2.0, 0.5, begin_s=40, end_s=75))
    assert found is not None
    assert found.offset_s == pytest.approx(2.0, abs=0.06)


def test_another_flight_has_no_quality() -> None:
    found = synchronise.estimate(wandering(60), seen(wandering(60, seed=9), 0, 0.5))
    assert found is None or found.quality < 0.3


def test_a_steady_flight_tells_nothing() -> None:
    steady = Motion(np.arange(0, 60, 0.1), np.full(600, 4.0))
    assert synchronise.estimate(steady, steady) is None
    short = wandering(3)
    assert synchronise.estimate(short, short) is None


def down(row: int, lon: float, yaw_deg: float) -> Sample:
    """Looking straight down from 50 m."""
    return Sample(row, time_s=row - 1, lat=41.0, lon=lon, rel_alt_m=50, gimbal_yaw_deg=yaw_deg, gimbal_pitch_deg=-90.0)


def test_turns_and_speed_over_height_are_predicted() -> None:
    samples = [down(1, 1.0, 179), down(2, 1.0, 179), down(3, 1.0, -179), down(4, 1.0001, -179)]
    motion = synchronise.predicted_motion(samples)
    assert motion.time_s.tolist() == [0.5, 1.5, 2.5]
    assert motion.speed.tolist() == pytest.approx([0, 1, 9.6], abs=0.1)


@pytest.mark.data
def test_a_real_flight_s_own_motion(data: Path, town: Assumptions) -> None:
    samples = formats.read(data / "georeference" / "quinta_da_boa_vista.srt", town).samples
    motion = synchronise.predicted_motion(samples)
    found = synchronise.estimate(motion, seen(motion, 1.3, 1.0))
    assert found is not None
    assert found.offset_s == pytest.approx(1.3, abs=0.1)
    assert found.quality > 0.5
