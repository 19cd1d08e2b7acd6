"""Whether something came to a place before a thing stood there: what pops up out of nothing was not brought."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.background import PixelLayers
    from vision.geometry import Box
    from vision.static_objects import Region

_CELL_PX = 8
_CELL_MIN_PX = 3
"""Pixels of a cell that must differ from the background, against noise."""
_REMEMBER_S = 60.0
_BEFORE_S = 1.5
_FIRST = 10
"""Percentile of a thing's pixels by birth that tells when the first of them came."""
_NEAR = 0.5
"""Around a thing, in shares of its longer side; one cell more at least."""
_MOSTLY = 0.5


class Arrivals:
    """Where the picture differed from the background in the last minute, coarsely."""

    def __init__(self) -> None:
        self._stirred: deque[tuple[float, NDArray[np.bool_]]] = deque()

    def update(self, layers: PixelLayers, occupied: NDArray[np.bool_], now_s: float) -> None:
        """Take in a frame: people and vehicles, what moves, what stands; all of it where nothing can be told."""
        stirred = layers.foreground | occupied | ~layers.known | layers.held
        rows, columns = layers.shape
        cells = max(1, columns // _CELL_PX), max(1, rows // _CELL_PX)
        share = cv2.resize(stirred.astype(np.float32), cells, interpolation=cv2.INTER_AREA)
        self._stirred.append((now_s, share * _CELL_PX**2 >= _CELL_MIN_PX))
        while now_s - self._stirred[0][0] > _REMEMBER_S:
            self._stirred.popleft()

    def popped_up(self, region: Region, layers: PixelLayers) -> bool:
        """Whether a thing was there from one frame to the next, with nothing near it in the seconds before.

        So do captions, and whatever stands in a recording that begins again without a word: nobody carried them.
        """
        first_s = float(np.percentile(layers.born_s[region.mask], _FIRST))
        before = [stirred for at_s, stirred in self._stirred if first_s - _BEFORE_S <= at_s < first_s - 1e-3]
        if not before:
            return False
        area = self._around(region, layers.shape, before[0].shape)
        return not any(stirred[area].any() for stirred in before)

    def stirred_until_s(self, box: Box, shape: tuple[int, int], from_s: float) -> float:
        """How long after a moment a box, in pixels of a picture of that shape, went on to be mostly no background."""
        until_s = from_s
        for at_s, stirred in self._stirred:
            if at_s <= from_s:
                continue
            part = stirred[_cells(box, shape, stirred.shape)]
            if part.size == 0 or part.mean() < _MOSTLY:
                break
            until_s = at_s
        return until_s

    @staticmethod
    def _around(region: Region, shape: tuple[int, int], cells: tuple[int, ...]) -> tuple[slice, slice]:
        x1, y1, x2, y2 = region.box
        margin = max(_NEAR * max(x2 - x1, y2 - y1), float(_CELL_PX))
        return _cells((x1 - margin, y1 - margin, x2 + margin, y2 + margin), shape, cells)


def _cells(box: Box, shape: tuple[int, int], cells: tuple[int, ...]) -> tuple[slice, slice]:
    down, across = cells[0] / shape[0], cells[1] / shape[1]
    x1, y1, x2, y2 = box[0] * across, box[1] * down, box[2] * across, box[3] * down
    return slice(max(0, int(y1)), max(0, int(np.ceil(y2)))), slice(max(0, int(x1)), max(0, int(np.ceil(x2))))
