"""How uncertain each thing is that a place is computed from, and what CE90 follows.

CE90 is the radius of the circle about the claimed place that holds the true one with 90 % probability.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"

SOURCES = (
    "yaw_deg",
    "pitch_deg",
    "roll_deg",
    "east_m",
    "north_m",
    "height_m",
    "focal_share",
    "centre_x_px",
    "centre_y_px",
    "ground_m",
    "time_s",
    "pixel_x_px",
    "pixel_y_px",
)
"""What may be wrong, in the order of every vector and Jacobian of this package."""
LASTING = len(SOURCES) - 2
"""The first so many are mostly the same in every picture of a flight; the click is new each time."""
LASTING_SHARE = 0.7
"""Of a lasting source's variance, what does not change within a flight; the rest drifts between looks."""

YAW_DEG = 2.0
PITCH_DEG = 0.5
ROLL_DEG = 0.5
GNSS_M = 1.5
"""One standard deviation along each axis."""
HEIGHT_M = 1.5
FLAT_GROUND_M = 1.0
FLAT_GROUND_SHARE = 0.02
"""Of the horizontal distance: streets of a town are not level with the point of take-off."""
TERRAIN_M = 1.0
"""A DEM's own error between two points of it."""
TIME_S = 0.1
PIXEL_SHARE = 1 / 640
"""Of the picture's width: 3 px of a click or a box's lower edge at 1920 px."""
CALIBRATED_FOCAL_SHARE = 0.01
NOMINAL_FOCAL_SHARE = 0.03
ASSUMED_FOCAL_SHARE = 0.05
"""Where only the 35 mm equivalent is known: which diagonal it was computed from is not."""
CALIBRATED_CENTRE_SHARE = 1 / 640
NOMINAL_CENTRE_SHARE = 0.01
"""Of the picture's width: principal point and what distortion a nominal camera leaves out."""


@dataclass(frozen=True, slots=True)
class Covariance:
    """Of a place, metres squared, east before north."""

    east: float
    both: float
    north: float

    @property
    def matrix(self) -> Floats:
        return np.array([[self.east, self.both], [self.both, self.north]])

    @classmethod
    def of(cls, matrix: Floats) -> Covariance:
        return cls(float(matrix[0, 0]), float((matrix[0, 1] + matrix[1, 0]) / 2), float(matrix[1, 1]))

    @property
    def ce90_m(self) -> float:
        small, large = np.sqrt(np.clip(np.linalg.eigvalsh(self.matrix), 0.0, None))
        return float(large * _radius_of_90_percent(round(float(small / large), 3))) if large > 0 else 0.0


@cache
def _radius_of_90_percent(ratio: float) -> float:
    """For a normal distribution with standard deviations 1 and `ratio` <= 1."""
    if ratio <= 0:
        return 1.6448536269514722
    angles = (np.arange(2000) + 0.5) * (np.pi / 2 / 2000)
    along = np.cos(angles) ** 2 + np.sin(angles) ** 2 / ratio**2
    low, high = 1.6, 2.2  # a line has 1.645, a circle sqrt(2 ln 10) = 2.146
    while high - low > 1e-6:  # noqa: PLR2004 - digits enough
        radius = (low + high) / 2
        outside = float(np.mean(np.exp(-(radius**2) * along / 2) / along)) / ratio
        low, high = (radius, high) if outside > 0.1 else (low, radius)  # noqa: PLR2004 - 10 % outside is CE90
    return low


@dataclass(frozen=True, slots=True)
class Sigmas:
    """One standard deviation of each source; the defaults are of a drone with plain GNSS and a compass."""

    yaw_deg: float = YAW_DEG
    pitch_deg: float = PITCH_DEG
    roll_deg: float = ROLL_DEG
    gnss_m: float = GNSS_M
    height_m: float = HEIGHT_M
    time_s: float = TIME_S
    pixel_share: float = PIXEL_SHARE

    def vector(self, *, width_px: int, focal_share: float, centre_share: float, ground_m: float) -> Floats:
        centre, pixel = centre_share * width_px, self.pixel_share * width_px
        angles = (self.yaw_deg, self.pitch_deg, self.roll_deg)
        position = (self.gnss_m, self.gnss_m, self.height_m)
        return np.array([*angles, *position, focal_share, centre, centre, ground_m, self.time_s, pixel, pixel])


def rss(*values: float) -> float:
    """Independent errors together."""
    return math.sqrt(sum(value * value for value in values))
