"""Which of the pictures in which something moves the detector looks at: not all, where it would learn nothing new.

At once where something moves that did not move near there when it looked last, or while it is in doubt about what it
sees; otherwise at each second picture. Between two looks the tracks are carried on (`Tracker.carry`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.motion import SHARE_MIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.motion import Motion

_EVERY_S = 0.4
"""The longest time between two looks at what moves: two pictures at five a second."""
_ROUNDED_S = 0.05
_CELL_PX = 8
"""Motion is compared in cells of the gate's picture; what stays within a cell of where it was is not new."""
_CELL_MOVES = 8
"""Of 255: two of a cell's 64 pixels changed."""


class Looks:
    """Of one camera; ask it on each picture in which something moves."""

    def __init__(self) -> None:
        self._looked_s = -np.inf
        self._moved: NDArray[np.bool_] | None = None
        """Cells near which something moved when the detector looked last."""

    def is_due(self, motion: Motion, now_s: float, *, doubt: bool) -> bool:
        """Whether the detector is to look now; it is taken to do so.

        Args:
            motion: What the gate found in the picture.
            now_s: The picture's media time.
            doubt: Whether the detector's last look left tracks unconfirmed or lost.
        """
        cells = None if motion.mask is None else _cells(motion.mask)
        late = now_s - self._looked_s >= _EVERY_S - _ROUNDED_S
        if not (late or doubt or self._is_new(cells)):
            return False
        self._looked_s = now_s
        self._moved = None if cells is None else _grown(cells >= _CELL_MOVES)
        return True

    def _is_new(self, cells: NDArray[np.uint8] | None) -> bool:
        if cells is None:
            return False
        if self._moved is None or self._moved.shape != cells.shape:
            return True
        return float(cells[~self._moved].sum(dtype=np.float64)) >= SHARE_MIN * 255 * cells.size


def _cells(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How much of each cell changed, of 255."""
    height, width = mask.shape
    size = max(1, width // _CELL_PX), max(1, height // _CELL_PX)
    return np.asarray(cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA), np.uint8)


def _grown(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return cv2.dilate(cells.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
