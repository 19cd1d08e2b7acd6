"""A lawnmower flight: where the camera truly is in each picture, and what its telemetry says instead."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from vision.georeference import camera as cameras
from vision.georeference import errors, globe
from vision.georeference.camera import Camera
from vision.georeference.pose import Pose

BEGAN = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)
SOUTH_WEST = (41.1802, 1.5304)
EQUIVALENT_MM = 24.0
_TURN_DEG_S = 25.0
_DRIFT_S = 20.0
_SPEEDS_M_S = {40: 5.0, 80: 8.0, 120: 10.0}
_SIDE_OVERLAP = 0.35


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is flown."""

    height_m: float = 80.0
    pitch_deg: float = -75.0
    fps: int = 10
    size_px: tuple[int, int] = (1920, 1080)
    speed_m_s: float | None = None
    passes_max: int = 6

    @property
    def speed(self) -> float:
        return self.speed_m_s or _SPEEDS_M_S.get(round(self.height_m), self.height_m / 10)


@dataclass(frozen=True, slots=True)
class Flown:
    """One pose a picture."""

    camera: Camera
    true: list[Pose]
    told: list[Pose]
    """By the telemetry; refreshed ten times a second."""


def fly(seed: int, plan: Plan, size_m: tuple[float, float], *, noisy: bool = True) -> Flown:
    rng = np.random.default_rng(seed + 1000)
    nominal = cameras.from_equivalent(EQUIVALENT_MM, plan.size_px)
    longer = 1 + (rng.normal(0, 0.02) if noisy else 0.0)
    camera = replace(nominal, fx_px=nominal.fx_px * longer, fy_px=nominal.fy_px * longer)
    true = _path(plan, size_m, camera, rng if noisy else None)
    return Flown(camera, true, _told(true, plan, rng) if noisy else true)


def _path(plan: Plan, size_m: tuple[float, float], camera: Camera, rng: np.random.Generator | None) -> list[Pose]:
    """Passes to the east and back, turning at their ends, with the gimbal's own small movements."""
    width_m, height_m = size_m
    swath = plan.height_m * camera.width_px / camera.fx_px
    ahead = plan.height_m / math.tan(math.radians(-plan.pitch_deg)) if plan.pitch_deg > -90 else 0.0  # noqa: PLR2004 - straight down
    count = min(plan.passes_max, max(1, math.ceil((height_m - 0.2 * swath) / (swath * (1 - _SIDE_OVERLAP)))))
    norths = [height_m * (number + 0.5) / count for number in range(count)]
    poses: list[Pose] = []
    step = plan.speed / plan.fps
    for number, north in enumerate(norths):
        east_bound = number % 2 == 0
        along = np.arange(-ahead + 5, width_m - ahead - 5, step)
        easts = along if east_bound else width_m - along
        yaw = 90.0 if east_bound else -90.0
        poses += [_pose(float(east), north, plan, yaw) for east in easts]
        if number + 1 < count:
            turns = round(180 / _TURN_DEG_S * plan.fps)
            poses += [
                _pose(float(easts[-1]), north + (norths[number + 1] - north) * share, plan, yaw + 180 * share)
                for share in np.linspace(0, 1, turns)
            ]
    if rng is None:
        return poses
    shake = rng.normal(0, 0.08, (len(poses), 3)).cumsum(axis=0) * 0.15
    shake -= np.linspace(0, 1, len(poses))[:, None] * shake[-1]
    return [
        replace(pose, yaw_deg=pose.yaw_deg + dy, pitch_deg=min(-20.0, pose.pitch_deg + dp), roll_deg=dr)
        for pose, (dy, dp, dr) in zip(poses, shake.tolist(), strict=True)
    ]


def _pose(east: float, north: float, plan: Plan, yaw: float) -> Pose:
    lat, lon = globe.moved(SOUTH_WEST, east, north)
    return Pose(lat, lon, plan.height_m, (yaw + 180) % 360 - 180, plan.pitch_deg, 0.0)


def _told(true: list[Pose], plan: Plan, rng: np.random.Generator) -> list[Pose]:
    """As wrong as `vision.georeference.errors` says: most of it lasting, the rest drifting."""
    spread = np.array(
        [errors.YAW_DEG, errors.PITCH_DEG, errors.ROLL_DEG, errors.GNSS_M, errors.GNSS_M, errors.HEIGHT_M]
    )
    lasting = rng.normal(0, 1, 6) * spread * math.sqrt(errors.LASTING_SHARE)
    keep = math.exp(-1 / (_DRIFT_S * plan.fps))
    drift = np.zeros((len(true), 6))
    drift[0] = rng.normal(0, 1, 6)
    for row in range(1, len(true)):
        drift[row] = keep * drift[row - 1] + math.sqrt(1 - keep * keep) * rng.normal(0, 1, 6)
    wrong = lasting + drift * spread * math.sqrt(1 - errors.LASTING_SHARE)
    every = max(1, plan.fps // 10)
    late = max(0, round(rng.normal(0, 0.05) * plan.fps))
    told = []
    for row in range(len(true)):
        at = max(0, row // every * every - late)
        told.append(_wrong(true[at], wrong[at].tolist()))
    return told


def _wrong(pose: Pose, by: list[float]) -> Pose:
    lat, lon = globe.moved((pose.lat, pose.lon), by[3], by[4])
    return replace(
        pose,
        lat=round(lat, 6),
        lon=round(lon, 6),
        height_m=round(pose.height_m + by[5], 3),
        yaw_deg=round(pose.yaw_deg + by[0], 1),
        pitch_deg=round(pose.pitch_deg + by[1], 1),
        roll_deg=round(pose.roll_deg + by[2], 1),
    )


def subtitles(flown: Flown, fps: int, *, began: datetime = BEGAN) -> str:
    """DJI's SRT of the Enterprise kind, which has the gimbal's angles."""
    cues = []
    for number, pose in enumerate(flown.told):
        begin, end = number / fps, (number + 1) / fps
        local = (began + timedelta(seconds=begin)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        cues.append(
            f"{number + 1}\n{_clock(begin)} --> {_clock(end)}\n"
            f'<font size="28">FrameCnt: {number + 1}, DiffTime: {1000 // fps}ms\n{local}\n'
            f"[focal_len: {EQUIVALENT_MM:.2f}] [dzoom_ratio: 1.00], [latitude: {pose.lat:.6f}] "
            f"[longitude: {pose.lon:.6f}] [rel_alt: {pose.height_m:.3f} abs_alt: {pose.height_m + 48.2:.3f}] "
            f"[gb_yaw: {pose.yaw_deg:.1f} gb_pitch: {pose.pitch_deg:.1f} gb_roll: {pose.roll_deg:.1f}] </font>\n"
        )
    return "\n".join(cues)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{round((seconds - whole) * 1000):03d}"
