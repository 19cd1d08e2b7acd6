"""How the picture moved because the camera did: a drone flies and turns, and what stands still moves with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from vision.frame import shrink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.frame import Frame
    from vision.geometry import Box, Point

_TILES = (4, 3)
"""Corners are looked for in each part of the picture: one thing of sharp edges would outshine all the ground."""
_CORNERS_OF_TILE = 14
_CORNER_QUALITY = 0.03
_CORNER_APART_PX = 8
_WINDOW_PX = (21, 21)
_LEVELS = 4
_RANSAC_PX = 1.5
_AGREE_MIN = 16
_AGREE_SHARE_MIN = 0.35
"""Of the corners that were found again: with fewer in agreement nothing is said."""
_BACK_PX_MAX = 1.0
"""How near to itself a corner must come when it is followed there and back."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Turn, scale and shift of a picture, in 0..1 of its width and height.

    `aspect` is the picture's width over its height: turning is done where both axes have the same unit.
    """

    cosine: float = 1.0
    """Scale times cosine, and times sine, of the turn."""
    sine: float = 0.0
    across: float = 0.0
    down: float = 0.0
    """In widths, both."""
    aspect: float = 1.0

    @property
    def scale(self) -> float:
        return math.hypot(self.cosine, self.sine)

    @property
    def turn_deg(self) -> float:
        return math.degrees(math.atan2(self.sine, self.cosine))

    def point(self, point: Point) -> Point:
        """Where what was at `point` is after the movement."""
        x, y = point[0], point[1] / self.aspect
        return (
            self.cosine * x - self.sine * y + self.across,
            (self.sine * x + self.cosine * y + self.down) * self.aspect,
        )

    def box(self, box: Box) -> Box:
        """Moved and scaled; its edges stay level, as a detector's do."""
        x, y = self.point(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
        width, height = (box[2] - box[0]) * self.scale / 2, (box[3] - box[1]) * self.scale / 2
        return x - width, y - height, x + width, y + height

    def then(self, after: Similarity) -> Similarity:
        """This movement followed by another."""
        return Similarity(
            after.cosine * self.cosine - after.sine * self.sine,
            after.sine * self.cosine + after.cosine * self.sine,
            after.cosine * self.across - after.sine * self.down + after.across,
            after.sine * self.across + after.cosine * self.down + after.down,
            self.aspect,
        )

    def back(self) -> Similarity:
        """The movement that undoes it."""
        square = self.cosine**2 + self.sine**2
        cosine, sine = self.cosine / square, -self.sine / square
        return Similarity(
            cosine,
            sine,
            -(cosine * self.across - sine * self.down),
            -(sine * self.across + cosine * self.down),
            self.aspect,
        )

    @property
    def shift(self) -> float:
        """How far the middle and the corners went at most, in widths."""
        points = [(0.5, 0.5), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
        moved = [(self.point(point), point) for point in points]
        return max(math.hypot(x - x0, (y - y0) / self.aspect) for (x, y), (x0, y0) in moved)

    @classmethod
    def of(cls, matrix: NDArray[np.float64], width_px: int, height_px: int) -> Self:
        """Of a matrix [[c, -s, tx], [s, c, ty]] in pixels."""
        return cls(
            float(matrix[0, 0]),
            float(matrix[1, 0]),
            float(matrix[0, 2]) / width_px,
            float(matrix[1, 2]) / width_px,
            width_px / height_px,
        )


class CameraMotion:
    """Follows corners from picture to picture; most of what a camera sees from above stands still."""

    def __init__(self) -> None:
        self._before: NDArray[np.uint8] | None = None

    def update(self, frame: Frame) -> Similarity | None:
        """From the picture before to this one; None where they cannot be compared."""
        grey = np.asarray(cv2.cvtColor(shrink(frame.image), cv2.COLOR_BGR2GRAY), np.uint8)
        before, self._before = self._before, grey
        if before is None or before.shape != grey.shape or frame.discontinuity:
            return None
        return between(before, grey)


def between(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Similarity | None:
    """Of two grey pictures of one size; None where too few corners agree on one movement."""
    corners = _corners(before)
    if len(corners) < _AGREE_MIN:
        return None
    options = {"winSize": _WINDOW_PX, "maxLevel": _LEVELS}
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None, **options)  # type: ignore[call-overload]
    back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, **options)  # type: ignore[call-overload]
    astray = np.abs(back - corners).reshape(-1, 2).max(axis=1)
    good = (found.ravel() == 1) & (returned.ravel() == 1) & (astray <= _BACK_PX_MAX)
    if int(good.sum()) < _AGREE_MIN:
        return None
    matrix, agree = cv2.estimateAffinePartial2D(
        corners[good], there[good], method=cv2.RANSAC, ransacReprojThreshold=_RANSAC_PX
    )
    if matrix is None or int(agree.sum()) < max(_AGREE_MIN, _AGREE_SHARE_MIN * int(good.sum())):
        return None
    height, width = before.shape
    return Similarity.of(np.asarray(matrix, np.float64), width, height)


def _corners(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Points (x, y) in px, shape (number, 1, 2)."""
    height, width = grey.shape
    found = []
    for row in range(_TILES[1]):
        top, bottom = height * row // _TILES[1], height * (row + 1) // _TILES[1]
        for column in range(_TILES[0]):
            left, right = width * column // _TILES[0], width * (column + 1) // _TILES[0]
            tile = np.ascontiguousarray(grey[top:bottom, left:right])
            of_tile = cv2.goodFeaturesToTrack(tile, _CORNERS_OF_TILE, _CORNER_QUALITY, _CORNER_APART_PX)
            if of_tile is not None:
                found.append(np.asarray(of_tile, np.float32) + np.array([left, top], np.float32))
    return np.concatenate(found) if found else np.zeros((0, 1, 2), np.float32)
