"""Small maps of what single pictures show, north up, and by how much one must be moved to lie on another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.georeference import globe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.footage.ground_picture import GroundPicture

CELL_M = 0.4
_SHIFT_M_MAX = 8.0
_OVERLAP_MIN = 24
"""Cells along each side."""
_LIKE_MIN = 0.25
"""Correlation of two charts that show the same."""
_WIDE_PX = 8.0
_FINE_PX = 1.0


@dataclass(frozen=True, slots=True)
class Chart:
    """`west` and `north`: cells east and north of the origin at its upper left corner."""

    image: NDArray[np.float32]
    """Grey without slow changes of light, 0 where nothing is known."""
    seen: NDArray[np.bool_]
    west: int
    north: int


def draw(laid: GroundPicture, origin: tuple[float, float]) -> Chart:
    """On the grid about an origin (lat, lon) that all charts to be compared share."""
    frame = laid.frame
    start = globe.offset_m(origin, (frame.pose.lat, frame.pose.lon))
    x, y = (
        np.array([0, frame.width_px, frame.width_px, 0], float),
        np.array([0, 0, frame.height_px, frame.height_px], float),
    )
    east, north = frame.east_north(*frame.metres(x, y))
    west_cell = math.floor((start[0] + east.min()) / CELL_M)
    north_cell = math.ceil((start[1] + north.max()) / CELL_M)
    size = (
        max(1, math.ceil((start[0] + east.max()) / CELL_M) - west_cell),
        max(1, north_cell - math.floor((start[1] + north.min()) / CELL_M)),
    )
    to_metres = np.array(
        [[CELL_M, 0, west_cell * CELL_M - start[0]], [0, -CELL_M, north_cell * CELL_M - start[1]], [0, 0, 1.0]]
    )
    matrix = np.linalg.inv(frame.laid_to_picture()) @ frame.north_up_to_picture(to_metres)
    share = frame.cell_m / CELL_M
    gray = cv2.cvtColor(laid.image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    matrix = np.diag([small.shape[1] / gray.shape[1], small.shape[0] / gray.shape[0], 1.0]) @ matrix
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    image = cv2.warpPerspective(small, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    mask = cv2.resize(laid.seen, small.shape[::-1], interpolation=cv2.INTER_NEAREST)
    seen = cv2.warpPerspective(mask, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, borderValue=0) > 0
    return Chart(_even(image, seen), seen, west_cell, north_cell)


def _even(image: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    mask = seen.astype(np.float32)
    held = image * mask
    least = np.float32(1e-3)
    near = cv2.GaussianBlur(held, (0, 0), _FINE_PX) / np.maximum(cv2.GaussianBlur(mask, (0, 0), _FINE_PX), least)
    far = cv2.GaussianBlur(held, (0, 0), _WIDE_PX) / np.maximum(cv2.GaussianBlur(mask, (0, 0), _WIDE_PX), least)
    return np.asarray(np.where(seen, near - far, 0), np.float32)


def moved_m(one: Chart, other: Chart) -> tuple[float, float] | None:
    """East and north by which `other` must be moved so that it lies on `one`; None where the pictures do not tell."""
    west, north = max(one.west, other.west), min(one.north, other.north)
    east = min(one.west + one.image.shape[1], other.west + other.image.shape[1])
    south = max(one.north - one.image.shape[0], other.north - other.image.shape[0])
    if east - west < _OVERLAP_MIN or north - south < _OVERLAP_MIN:
        return None
    cuts = [
        (slice(each.north - north, each.north - south), slice(west - each.west, east - each.west))
        for each in (one, other)
    ]
    both = one.seen[cuts[0]] & other.seen[cuts[1]]
    if both.sum() < _OVERLAP_MIN**2:
        return None
    mine, its = one.image[cuts[0]] * both, other.image[cuts[1]] * both
    window = np.asarray(cv2.createHanningWindow((east - west, north - south), cv2.CV_32F), np.float32)
    (right, down), _ = cv2.phaseCorrelate(its.astype(np.float32), mine.astype(np.float32), window)
    if math.hypot(right, down) * CELL_M > _SHIFT_M_MAX:
        return None
    moved = cv2.warpAffine(its, np.array([[1, 0, right], [0, 1, down]], np.float32), its.shape[::-1])
    return (right * CELL_M, -down * CELL_M) if _like(mine, np.asarray(moved, np.float32)) >= _LIKE_MIN else None


def _like(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    known = (one != 0) & (other != 0)
    if known.sum() < _OVERLAP_MIN**2 / 2:
        return 0.0
    mine, its = one[known], other[known]
    spread = float(np.sqrt(np.mean(mine * mine) * np.mean(its * its)))
    return float(np.mean(mine * its)) / spread if spread > 0 else 0.0
