"""Pictures laid on level ground, north up, and how well two of them show the same there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from vision.georeference import globe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.georeference.camera import Camera
    from vision.georeference.errors import Floats
    from vision.georeference.pose import Pose

Gray: TypeAlias = "NDArray[np.uint8]"
_CELLS = 160
"""Along the longer side of what two pictures share."""
_SLACK_SHARE = 0.15
"""Of the height: so far apart may two places of the same thing lie, by GNSS, yaw and things that stand up."""
_SHARED_MIN = 0.08
"""Of the smaller picture."""
_CELLS_MIN = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """Grey, of any scale; the camera and pose are of the sensor's picture."""

    gray: Gray
    camera: Camera
    pose: Pose


@dataclass(frozen=True, slots=True)
class Fit:
    """How alike the ground is that two pictures both show."""

    correlation: float
    """-1 to 1, at the best small shift."""
    shared: float
    """Of the smaller picture's ground, 0 to 1."""


def distance_m(one: Pose, other: Pose) -> float:
    return math.hypot(*globe.offset_m((one.lat, one.lon), (other.lat, other.lon)))


def project(camera: Camera, pose: Pose, east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    """Pixels at which points of level ground are seen, NaN where behind the camera; metres from below the drone."""
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
    ahead = north_m * math.cos(yaw) + east_m * math.sin(yaw)
    right = east_m * math.cos(yaw) - north_m * math.sin(yaw)
    depth = ahead * math.cos(pitch) - pose.height_m * math.sin(pitch)
    down = ahead * math.sin(pitch) + pose.height_m * math.cos(pitch)
    depth = np.where(depth > 1e-6, depth, np.nan)  # noqa: PLR2004 - in front of the camera
    turned_right = right * math.cos(roll) + down * math.sin(roll)
    turned_down = down * math.cos(roll) - right * math.sin(roll)
    return camera.pixel_of(turned_right / depth, turned_down / depth)


def fit(one: Picture, other: Picture) -> Fit | None:
    """None where they share too little."""
    east, north = globe.offset_m((one.pose.lat, one.pose.lon), (other.pose.lat, other.pose.lon))
    first, second = _footprint(one, 0.0, 0.0), _footprint(other, east, north)
    if first is None or second is None:
        return None
    west, south = max(first[0], second[0]), max(first[1], second[1])
    right, top = min(first[2], second[2]), min(first[3], second[3])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    shared = max(0.0, right - west) * max(0.0, top - south) / smaller
    if shared < _SHARED_MIN:
        return None
    cell = max(right - west, top - south) / _CELLS
    slack = _SLACK_SHARE * min(one.pose.height_m, other.pose.height_m)
    patch = _laid(one, _grid((west, south, right, top), cell), (0.0, 0.0))
    around = _laid(other, _grid((west - slack, south - slack, right + slack, top + slack), cell), (east, north))
    correlation = _correlation(patch, around)
    return None if correlation is None else Fit(correlation, shared)


def _footprint(picture: Picture, east: float, north: float) -> tuple[float, float, float, float] | None:
    """West, south, east, north of the ground seen, for a camera that looks well down."""
    reach = 3 * picture.pose.height_m
    side = np.linspace(-reach, reach, 121)
    easts, norths = np.meshgrid(side, side)
    x, y = project(picture.camera, picture.pose, easts, norths)
    seen = (x >= 0) & (y >= 0) & (x <= picture.camera.width_px) & (y <= picture.camera.height_px)
    if not seen.any():
        return None
    wide, high = easts[seen] + east, norths[seen] + north
    return float(wide.min()), float(high.min()), float(wide.max()), float(high.max())


def _grid(box: tuple[float, float, float, float], cell: float) -> tuple[Floats, Floats]:
    easts = np.arange(box[0], box[2], cell) + cell / 2
    norths = np.arange(box[3], box[1], -cell) - cell / 2
    wide, high = np.meshgrid(easts, norths)
    return wide, high


def _laid(picture: Picture, grid: tuple[Floats, Floats], below: tuple[float, float]) -> Floats:
    """NaN outside the picture. `below`: where the drone is in the grid's metres."""
    x, y = project(picture.camera, picture.pose, grid[0] - below[0], grid[1] - below[1])
    share = picture.gray.shape[1] / picture.camera.width_px
    map_x, map_y = (np.nan_to_num(axis * share - 0.5, nan=-9.0).astype(np.float32) for axis in (x, y))
    laid = cv2.remap(picture.gray, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(float)
    height, width = picture.gray.shape
    outside = (map_x < 0) | (map_y < 0) | (map_x > width - 1) | (map_y > height - 1)
    laid[outside] = np.nan
    return laid


def _correlation(patch: Floats, around: Floats) -> float | None:
    known = ~np.isnan(patch)
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    if len(rows) < _CELLS_MIN or len(columns) < _CELLS_MIN:
        return None
    mask = known.astype(np.float32)
    seen = (~np.isnan(around)).astype(np.float32)
    template, scene = _even(patch), _even(around)
    both = cv2.matchTemplate(seen, mask, cv2.TM_CCORR)
    product = cv2.matchTemplate(scene, template, cv2.TM_CCORR)
    energy = cv2.matchTemplate(scene * scene, mask, cv2.TM_CCORR)
    own = cv2.matchTemplate(seen, template * template, cv2.TM_CCORR)
    enough = both > 0.5 * both.max()
    if both.max() < _CELLS_MIN * _CELLS_MIN:
        return None
    score = np.where(enough, product / np.sqrt(np.maximum(energy * own, 1e-6)), -1.0)
    return float(score.max())


def _even(picture: Floats) -> NDArray[np.float32]:
    """Without its slow changes of light, and 0 where nothing is known."""
    known = ~np.isnan(picture)
    filled = np.where(known, picture, 0.0).astype(np.float32)
    size = (0, 0)
    near = cv2.GaussianBlur(filled, size, 1.5) / np.maximum(cv2.GaussianBlur(known.astype(np.float32), size, 1.5), 1e-3)
    far = cv2.GaussianBlur(filled, size, 20) / np.maximum(cv2.GaussianBlur(known.astype(np.float32), size, 20), 1e-3)
    return np.where(known, near - far, 0.0).astype(np.float32)
