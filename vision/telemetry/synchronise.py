"""By how much telemetry lags its video: the motion it predicts against the motion of the picture."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vision.telemetry.order import distance_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.telemetry.sample import Sample

_STEP_S = 0.05
_OVERLAP_S = 5.0
_LIVELY = 0.05
"""Spread of the motion over its mean, below which there is nothing to compare."""
_RIVAL_S = 1.0
"""Offsets nearer than this to the best are the same hill."""
_HEIGHT_MIN_M = 2.0
_GRID_MAX = 200_000

Series = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Motion:
    """How fast something moves, at rising times; the scale does not matter."""

    time_s: Series
    speed: Series


@dataclass(frozen=True, slots=True)
class Offset:
    """The estimate."""

    offset_s: float
    """To be added to the telemetry's times to have the video's."""
    quality: float
    """0 (a guess) to 1 (no doubt)."""
    correlation: float


def predicted_motion(samples: Sequence[Sample]) -> Motion:
    """Degrees a second by which the ground in the picture should have moved: turns of the gimbal, speed over height."""
    times, speeds = [], []
    for one, other in itertools.pairwise(samples):
        if one.time_s is None or other.time_s is None or other.time_s <= one.time_s:
            continue
        took = other.time_s - one.time_s
        times.append((one.time_s + other.time_s) / 2)
        speeds.append(math.hypot(_turned_deg(one, other), _moved_deg(one, other)) / took)
    order = np.argsort(np.array(times), kind="stable")
    return Motion(np.array(times)[order], np.array(speeds)[order])


def _turned_deg(one: Sample, other: Sample) -> float:
    pitch = other.gimbal_pitch_deg if other.gimbal_pitch_deg is not None else -90.0
    yaw = _difference(one.gimbal_yaw_deg, other.gimbal_yaw_deg) * math.cos(math.radians(pitch))
    # Looking down, a turn of yaw turns the picture about its middle: half of it counts, as half way out to the edge.
    about = _difference(one.gimbal_yaw_deg, other.gimbal_yaw_deg) * math.sin(math.radians(pitch)) / 2
    return math.hypot(yaw, about, _difference(one.gimbal_pitch_deg, other.gimbal_pitch_deg))


def _difference(one: float | None, other: float | None) -> float:
    return 0.0 if one is None or other is None else (other - one + 180) % 360 - 180


def _moved_deg(one: Sample, other: Sample) -> float:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None or other.rel_alt_m is None:
        return 0.0
    metres = distance_m(one.lat, one.lon, other.lat, other.lon)
    return math.degrees(metres / max(_HEIGHT_MIN_M, other.rel_alt_m))


def estimate(telemetry: Motion, picture: Motion, *, offset_max_s: float = 10.0) -> Offset | None:
    """None where either moves too steadily or they share too little time."""
    one, other = _grid(telemetry), _grid(picture)
    if one is None or other is None:
        return None
    begins, expected = one
    picture_begins, seen = other
    shift = round((begins - picture_begins) / _STEP_S)
    reach = round(offset_max_s / _STEP_S)
    lags = np.arange(-reach, reach + 1)
    found = np.array([_correlation(expected, seen, int(lag) + shift) for lag in lags])
    if not np.isfinite(found).any():
        return None
    best = int(np.nanargmax(found))
    rivals = found[np.abs(lags - lags[best]) * _STEP_S > _RIVAL_S]
    rival = float(np.nanmax(rivals)) if np.isfinite(rivals).any() else 0.0
    peak = float(found[best])
    distinct = max(0.0, min(1.0, 2 * (peak - max(0.0, rival)) / max(peak, 1e-9)))
    # The grids begin at whole steps, so that what is left of the shift is the lag of the best.
    exact = begins - picture_begins - shift * _STEP_S
    return Offset(float((lags[best] + _summit(found, best)) * _STEP_S - exact), max(0.0, peak) * distinct, peak)


def _grid(motion: Motion) -> tuple[float, Series] | None:
    """When it begins, and the square root of the speed at even steps; None where it is too short or too even."""
    if motion.time_s.size < 2:  # noqa: PLR2004 - nothing between
        return None
    begins, ends = float(motion.time_s[0]), float(motion.time_s[-1])
    if not _OVERLAP_S <= ends - begins <= _GRID_MAX * _STEP_S:
        return None
    even = np.arange(begins, ends, _STEP_S)
    smooth = np.convolve(np.interp(even, motion.time_s, motion.speed), np.full(7, 1 / 7), mode="same")
    root = np.sqrt(np.maximum(smooth, 0.0))
    return (begins, root) if float(np.std(root)) > _LIVELY * max(1e-9, float(np.mean(root))) else None


def _correlation(expected: Series, seen: Series, lag: int) -> float:
    """Pearson's, over the time that both share when the former is moved by so many steps."""
    start, end = max(0, -lag), min(expected.size, seen.size - lag)
    if (end - start) * _STEP_S < _OVERLAP_S or end - start < min(expected.size, seen.size) / 2:
        return math.nan
    one, other = expected[start:end], seen[start + lag : end + lag]
    spread = float(np.std(one) * np.std(other))
    return float(np.mean((one - one.mean()) * (other - other.mean())) / spread) if spread > 0 else math.nan


def _summit(found: Series, best: int) -> float:
    """Where between the steps a parabola through the best and its neighbours is highest."""
    if not 0 < best < found.size - 1 or not np.isfinite(found[best - 1 : best + 2]).all():
        return 0.0
    before, at, after = (float(each) for each in found[best - 1 : best + 2])
    bend = before - 2 * at + after
    return 0.0 if bend >= 0 else (before - after) / (2 * bend)
