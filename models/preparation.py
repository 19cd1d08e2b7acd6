"""Fits a picture into a model's input without changing its shape, and boxes back into the picture."""

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
    """Where the picture lies in the input: share = (pixel - offset) / extent."""

    offset_px: tuple[float, float]
    extent_px: tuple[float, float]

    def box(self, corners_px: NDArray[np.float32]) -> Box:
        """Turn x1, y1, x2, y2 in the input's pixels into 0..1 of the picture."""
        x1, x2 = ((corners_px[[0, 2]] - self.offset_px[0]) / self.extent_px[0]).clip(0.0, 1.0).tolist()
        y1, y2 = ((corners_px[[1, 3]] - self.offset_px[1]) / self.extent_px[1]).clip(0.0, 1.0).tolist()
        return x1, y1, x2, y2


def rectangle(image: NDArray[np.uint8], input_px: int, step_px: int) -> tuple[int, int]:
    """Give height and width of the smallest input for a picture: input_px, the other side a multiple of step_px.

    At least half of input_px, so that panoramas do not make ever more shapes and enough places to choose from are left.
    """
    sides = [_multiple(side, step_px, input_px // 2, input_px) for side in _fitted(image, (input_px, input_px))]
    return sides[0], sides[1]


def letterbox(image: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.uint8], Placement]:
    """Give the BGR input of size (height, width), filled up with grey, and where in it the picture lies.

    Rounded and sampled as ultralytics does it, but for a picture that shrinks to under half: averaged, so that no pixel
    is skipped.
    """
    height, width = _fitted(image, size)
    left, top = (size[1] - width) // 2, (size[0] - height) // 2
    filled = np.full((*size, 3), _GREY, np.uint8)
    place = filled[top : top + height, left : left + width]
    cv2.resize(_halved(image, height, width), (width, height), dst=place, interpolation=cv2.INTER_LINEAR)
    return filled, Placement((left, top), (width, height))


def tensor(filled: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn a BGR input into RGB in 0..1 of shape [1, 3, height, width]."""
    planes = filled[:, :, ::-1].transpose(2, 0, 1)[None]
    return np.ascontiguousarray(planes, np.float32) / np.float32(255)


def _fitted(image: NDArray[np.uint8], size: tuple[int, int]) -> tuple[int, int]:
    """Give height and width of the picture when it just fits."""
    height_px, width_px = image.shape[:2]
    scale = min(size[0] / height_px, size[1] / width_px)
    return max(1, round(height_px * scale)), max(1, round(width_px * scale))


def _multiple(side: int, step_px: int, least_px: int, most_px: int) -> int:
    return min(most_px, -(-max(side, least_px) // step_px) * step_px)


def _halved(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Halve while more than twice as large: a tenth of the time that averaging at any other factor takes."""
    while image.shape[0] > 2 * height and image.shape[1] > 2 * width:
        rows, columns = image.shape[0] // 2, image.shape[1] // 2
        even = image[: 2 * rows, : 2 * columns]
        image = np.asarray(cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    return image
