"""Directions of cameras: yaw from north clockwise, pitch up, roll clockwise, in degrees; turned in that order."""

from __future__ import annotations

import math
from typing import TypeAlias

Angles: TypeAlias = tuple[float, float, float]
"""Yaw, pitch, roll."""
Matrix: TypeAlias = tuple[tuple[float, float, float], ...]
_LEVEL = 1e-9


def matrix(angles: Angles) -> Matrix:
    """Body (forward, right, down) to north, east, down."""
    yaw, pitch, roll = (math.radians(each) for each in angles)
    cy, sy, cp, sp, cr, sr = (
        math.cos(yaw),
        math.sin(yaw),
        math.cos(pitch),
        math.sin(pitch),
        math.cos(roll),
        math.sin(roll),
    )
    return (
        (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
        (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
        (-sp, cp * sr, cp * cr),
    )


def angles(of: Matrix) -> Angles:
    """The other way; looking straight up or down, all of the turn is yaw."""
    pitch = math.asin(max(-1.0, min(1.0, -of[2][0])))
    if abs(of[0][0]) < _LEVEL and abs(of[1][0]) < _LEVEL:
        return math.degrees(math.atan2(-of[0][1], of[1][1])), math.degrees(pitch), 0.0
    yaw = math.atan2(of[1][0], of[0][0])
    roll = math.atan2(of[2][1], of[2][2])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def composed(platform: Angles, sensor: Angles) -> Angles:
    """Where a sensor looks whose angles are measured from its platform."""
    one, other = matrix(platform), matrix(sensor)
    columns = list(zip(*other, strict=True))
    return angles(tuple(tuple(a * x + b * y + c * z for x, y, z in columns) for a, b, c in one))


def from_quaternion(w: float, x: float, y: float, z: float) -> Angles | None:
    """None of what is no rotation."""
    size = math.sqrt(w * w + x * x + y * y + z * z)
    if not math.isfinite(size) or size < 0.5:  # noqa: PLR2004 - a rotation has size 1
        return None
    w, x, y, z = w / size, x / size, y / size, z / size
    return angles(
        (
            (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        )
    )
