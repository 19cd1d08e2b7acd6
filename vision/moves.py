"""Tells a thing that was only moved: what stands here now looks like what vanished from a place nearby just before."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.background import PixelLayers
    from vision.geometry import Box
    from vision.static_objects import Region

_REMEMBERED = 32
_BEFORE_S, _AFTER_S = 60.0, 10.0
"""A thing goes from its old place at most so long before, or is missed so long after, it stands at the new one."""
_SAME_AREA = 2.5
_REACH = 8.0
"""How far it is moved, in its own sides (the root of its area)."""
_BINS = 8
_ALIKE = 0.55
"""Shared part of the two histograms of colours."""


@dataclass(frozen=True, slots=True)
class _Gone:
    """Something that vanished, as the background showed it."""

    box: Box
    area_px: int
    born_s: float
    colours: NDArray[np.float32]


class Moves:
    """The last things of the background that vanished."""

    def __init__(self) -> None:
        self._gone: deque[_Gone] = deque(maxlen=_REMEMBERED)

    def note(self, region: Region, layers: PixelLayers) -> None:
        """A region was found to be a ghost: the background still shows what stood there."""
        self._gone.append(_gone(region, layers))

    def is_moved(self, region: Region, layers: PixelLayers, ghosts: list[Region]) -> bool:
        """Whether a thing that stands here now stood elsewhere before, among what vanished or is vanishing."""
        now = _colours(layers.image, region.mask)
        return any(_same(region, one, now) for one in (*self._gone, *(_gone(ghost, layers) for ghost in ghosts)))


def _gone(region: Region, layers: PixelLayers) -> _Gone:
    return _Gone(region.box, region.area_px, region.born_s, _colours(layers.background, region.mask))


def _same(region: Region, gone: _Gone, now: NDArray[np.float32]) -> bool:
    if not -_AFTER_S <= region.born_s - gone.born_s <= _BEFORE_S:
        return False
    if not 1 / _SAME_AREA <= region.area_px / max(gone.area_px, 1) <= _SAME_AREA:
        return False
    across = (region.box[0] + region.box[2] - gone.box[0] - gone.box[2]) / 2
    down = (region.box[1] + region.box[3] - gone.box[1] - gone.box[3]) / 2
    if np.hypot(across, down) > _REACH * np.sqrt(max(region.area_px, gone.area_px)):
        return False
    return float(np.minimum(now, gone.colours).sum()) >= _ALIKE


def _colours(image: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Histogram of the colours in a mask, each spread a little over its neighbours."""
    pixels = image[mask].reshape(-1, 1, 3).clip(0, 255).astype(np.float32)
    counts = np.asarray(cv2.calcHist([pixels], [0, 1, 2], None, [_BINS] * 3, [0, 256] * 3), np.float32)
    for axis in range(3):
        padded = np.concatenate([counts.take([0], axis), counts, counts.take([-1], axis)], axis)
        low, high = padded.take(range(_BINS), axis), padded.take(range(2, _BINS + 2), axis)
        counts = np.asarray(0.5 * counts + 0.25 * (low + high), np.float32)
    return np.asarray(counts / max(float(counts.sum()), 1e-6), np.float32)
