"""A flight of known geometry: poses, what they see where, and telemetry with the errors that are claimed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from vision.georeference import globe, orthophoto
from vision.georeference.camera import Camera
from vision.georeference.errors import Floats
from vision.georeference.pose import Pose

START = (41.18, 1.53)
LENS = Camera(1920, 1080, 1400.0, 1395.0, 950.0, 549.0, (0.12, -0.3, 0.0004, -0.0003, 0.2))


def pose(height_m: float = 80.0, pitch_deg: float = -60.0, yaw_deg: float = 30.0, roll_deg: float = 0.0) -> Pose:
    return Pose(*START, height_m, yaw_deg, pitch_deg, roll_deg)


def seen(camera: Camera, where: Pose, place: tuple[float, float]) -> tuple[float, float]:
    """The pixel that shows a place of level ground."""
    east, north = globe.offset_m((where.lat, where.lon), place)
    x, y = orthophoto.project(camera, where, np.array([east]), np.array([north]))
    return float(x[0]), float(y[0])


def below_axis(where: Pose) -> tuple[float, float]:
    """The place that the optical axis meets."""
    reach = where.height_m / math.tan(math.radians(-where.pitch_deg))
    yaw = math.radians(where.yaw_deg)
    return globe.moved((where.lat, where.lon), reach * math.sin(yaw), reach * math.cos(yaw))


def disturbed(true: Pose, wrong: Floats) -> Pose:
    """Telemetry that is wrong by: yaw, pitch, roll in degrees; east, north, up in m."""
    lat, lon = globe.moved((true.lat, true.lon), float(wrong[3]), float(wrong[4]))
    return replace(
        true,
        lat=lat,
        lon=lon,
        height_m=true.height_m + float(wrong[5]),
        yaw_deg=true.yaw_deg + float(wrong[0]),
        pitch_deg=true.pitch_deg + float(wrong[1]),
        roll_deg=true.roll_deg + float(wrong[2]),
    )


def missed_m(claimed: tuple[float, float], true: tuple[float, float]) -> float:
    return math.hypot(*globe.offset_m(claimed, true))
