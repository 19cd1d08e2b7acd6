"""Cuts a thing out of its picture as the waste check sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.geometry import Box

CROP_PX = 160
_AROUND = 1.4
"""The square's side in the box's longer side: a little of what the thing lies on belongs to it."""
_GREY = 114


def cut(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Give the BGR square of CROP_PX around the box; what lies outside the picture is grey."""
    height_px, width_px = image.shape[:2]
    x, y = (box[0] + box[2]) / 2 * width_px, (box[1] + box[3]) / 2 * height_px
    half = max(1, round(max((box[2] - box[0]) * width_px, (box[3] - box[1]) * height_px) * _AROUND / 2))
    left, top = round(x) - half, round(y) - half
    square = np.full((2 * half, 2 * half, 3), _GREY, np.uint8)
    x1, y1 = max(0, left), max(0, top)
    x2, y2 = min(width_px, left + 2 * half), min(height_px, top + 2 * half)
    if x1 < x2 and y1 < y2:
        square[y1 - top : y2 - top, x1 - left : x2 - left] = image[y1:y2, x1:x2]
    return _resized(square, CROP_PX)


def as_by_a_camera(crop: NDArray[np.uint8], side_px: int, jpeg_quality: int) -> NDArray[np.uint8]:
    """Give the crop as if it had been so small in the picture, and compressed.

    Photographs are sharp and street cameras are not; without this the check would learn that waste is what is sharp.
    """
    small = _resized(crop, side_px)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality])
    return _resized(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8), CROP_PX)


def _resized(image: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    how = cv2.INTER_AREA if image.shape[0] > side_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side_px, side_px), interpolation=how), np.uint8)
