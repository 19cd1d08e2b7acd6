"""One picture of a source, with the clocks it came with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import cv2

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

SHRUNK_WIDTH_PX = 320


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded picture, already masked where the camera has mask zones."""

    image: NDArray[np.uint8]
    """BGR, shape (height_px, width_px, 3)."""
    index: int
    """Counted from 0 since the source was opened; never goes back, also over the seam of a loop."""
    media_time_s: float
    """Since the source's first frame, by its own time stamps; never goes back."""
    captured_at: datetime
    """UTC, the device's clock."""
    discontinuity: bool = False
    """What was seen before says nothing about this picture: the seam of a loop, a reconnection, a moved camera."""
    _shrunk: list[NDArray[np.uint8]] = field(default_factory=list, init=False, repr=False, compare=False)

    def shrunk(self) -> NDArray[np.uint8]:
        """The picture at most 320 px wide; computed once, for all that look at it."""
        if not self._shrunk:
            self._shrunk.append(shrink(self.image))
        return self._shrunk[0]


def shrink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at analysis size; a smaller one stays as it is."""
    height, width = image.shape[:2]
    if width <= SHRUNK_WIDTH_PX:
        return image
    size = SHRUNK_WIDTH_PX, max(1, round(height * SHRUNK_WIDTH_PX / width))
    return cast("NDArray[np.uint8]", cv2.resize(image, size, interpolation=cv2.INTER_AREA))
