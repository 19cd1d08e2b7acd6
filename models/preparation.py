"""Fits a picture into a model's square input without changing its shape, and boxes back into the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.geometry import Box

_GREY = 114  # what YOLO models are trained with


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture lies in the square: share = (pixel - offset) / extent."""

    offset_px: tuple[float, float]
    extent_px: tuple[float, float]

    def box(self, corners_px: NDArray[np.float32]) -> Box:
        """Turn x1, y1, x2, y2 in the square's pixels into 0..1 of the picture."""
        x1, x2 = ((corners_px[[0, 2]] - self.offset_px[0]) / self.extent_px[0]).clip(0.0, 1.0).tolist()
        y1, y2 = ((corners_px[[1, 3]] - self.offset_px[1]) / self.extent_px[1]).clip(0.0, 1.0).tolist()
        return x1, y1, x2, y2


def letterbox(image: NDArray[np.uint8], input_px: int) -> tuple[NDArray[np.uint8], Placement]:
    """Give the BGR square of input_px, filled up with grey, and where in it the picture lies.

    Rounded and sampled as ultralytics does it, but for a picture that shrinks to under half: averaged, so that no pixel
    is skipped.
    """
    height_px, width_px = image.shape[:2]
    scale = input_px / max(height_px, width_px)
    width, height = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    left, top = (input_px - width) // 2, (input_px - height) // 2
    square = np.full((input_px, input_px, 3), _GREY, np.uint8)
    how = cv2.INTER_AREA if max(height_px, width_px) > 2 * input_px else cv2.INTER_LINEAR
    square[top : top + height, left : left + width] = cv2.resize(image, (width, height), interpolation=how)
    return square, Placement((left, top), (width, height))


def tensor(square: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn a BGR square into RGB in 0..1 of shape [1, 3, px, px]."""
    planes = square[:, :, ::-1].transpose(2, 0, 1)[None]
    return np.ascontiguousarray(planes, np.float32) / np.float32(255)
