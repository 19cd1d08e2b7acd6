"""A map to draw on, and how sprites and shadows are put on it. Metres east and north of its south west corner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
    Plane = NDArray[np.float32]

SUN_M = (0.55, 0.45)
"""A shadow of something a metre high falls so far east and south."""
_SHADE = 0.45


@dataclass(slots=True)
class Canvas:
    """`image` is BGR, its first row the northernmost."""

    image: Image
    cell_m: float

    @property
    def size_m(self) -> tuple[float, float]:
        return self.image.shape[1] * self.cell_m, self.image.shape[0] * self.cell_m

    def pixel(self, east_m: float, north_m: float) -> tuple[float, float]:
        return east_m / self.cell_m, self.image.shape[0] - north_m / self.cell_m

    def put(
        self, sprite: Image, alpha: Plane, east_m: float, north_m: float, turn_deg: float
    ) -> tuple[slice, slice] | None:
        """The middle of a sprite of the same cells at a place; the part of the map it lies on, None outside."""
        cut, matrix, size = self._around(sprite.shape[:2], east_m, north_m, turn_deg)
        if cut is None:
            return None
        turned = cv2.warpAffine(sprite, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        share = cv2.warpAffine(alpha, matrix, size, flags=cv2.INTER_LINEAR)[..., None]
        there = self.image[cut].astype(np.float32)
        self.image[cut] = np.clip(there * (1 - share) + turned * share, 0, 255).astype(np.uint8)
        return cut

    def shade(self, alpha: Plane, east_m: float, north_m: float, turn_deg: float, height_m: float) -> None:
        """The shadow of something of that outline and height."""
        steps = max(1, round(height_m * max(SUN_M) / self.cell_m / 3))
        outline = [
            (east_m + SUN_M[0] * height_m * step / steps, north_m - SUN_M[1] * height_m * step / steps)
            for step in range(steps + 1)
        ]
        reach = max(alpha.shape) + round(2 * height_m / self.cell_m)
        x, y = self.pixel(east_m, north_m)
        left, top = round(x) - reach, round(y) - reach
        whole = np.zeros((2 * reach, 2 * reach), np.float32)
        for place in outline:
            px, py = self.pixel(*place)
            matrix = cv2.getRotationMatrix2D((alpha.shape[1] / 2, alpha.shape[0] / 2), turn_deg, 1.0)
            matrix[:, 2] += px - left - alpha.shape[1] / 2, py - top - alpha.shape[0] / 2
            whole = np.maximum(whole, cv2.warpAffine(alpha, matrix, whole.shape[::-1]))
        whole = cv2.GaussianBlur(whole, (0, 0), max(0.6, 0.05 / self.cell_m))
        rows = slice(max(0, top), min(self.image.shape[0], top + 2 * reach))
        columns = slice(max(0, left), min(self.image.shape[1], left + 2 * reach))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        part = whole[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left, None]
        there = self.image[rows, columns].astype(np.float32)
        cool = np.array([1.12, 1.0, 0.93], np.float32) * _SHADE
        self.image[rows, columns] = np.clip(there * (1 - part * (1 - cool)), 0, 255).astype(np.uint8)

    def _around(
        self, shape: tuple[int, int], east_m: float, north_m: float, turn_deg: float
    ) -> tuple[tuple[slice, slice] | None, NDArray[np.float64], tuple[int, int]]:
        height, width = shape
        reach = int(np.hypot(width, height) / 2) + 2
        x, y = self.pixel(east_m, north_m)
        left, top = int(x) - reach, int(y) - reach
        inside = (
            left >= 0
            and top >= 0
            and left + 2 * reach <= self.image.shape[1]
            and top + 2 * reach <= self.image.shape[0]
        )
        matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1.0), float)
        matrix[:, 2] += x - left - width / 2, y - top - height / 2
        cut = (slice(top, top + 2 * reach), slice(left, left + 2 * reach)) if inside else None
        return cut, matrix, (2 * reach, 2 * reach)


def noise(rng: np.random.Generator, shape: tuple[int, int], scale_px: float) -> Plane:
    """Smooth, mean 0, spread 1, with features of about so many pixels."""
    small = max(2, round(shape[0] / scale_px)), max(2, round(shape[1] / scale_px))
    rough = rng.normal(0, 1, small).astype(np.float32)
    wide = cv2.resize(rough, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide / max(1e-3, float(wide.std())), np.float32)


def plain(shape: tuple[int, int], bgr: tuple[float, float, float]) -> Plane:
    return np.full((*shape, 3), bgr, np.float32)
