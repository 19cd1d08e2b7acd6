"""Small things that fly through the picture: what tells a thing thrown over a fence from one that only appears."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision import geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.geometry import Box

_REMEMBER_S = 8.0
"""A thing is judged some seconds after it came to rest."""
_AREA_MIN_PX, _AREA_MAX_SHARE = 12, 0.02
_BLOBS_MAX = 12
"""With more in one frame it rains or the trees move, and nothing is told from them."""
_BEFORE_S, _AFTER_S = 2.0, 0.3
_ALIKE = 4.0
"""A thing that turns in the air shows between a quarter of and four times its area."""
_PLACES_MIN = 3
_BODY_MIN_PX, _BODY_TIMES = 60, 2.0
"""What moved at the place of a thing and was so many times as large had carried it there."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Something small that moves and belongs to nobody, in pixels of the analysis picture."""

    at_s: float
    x: float
    y: float
    area_px: int


class Throws:
    """The small moving blobs of the last seconds."""

    def __init__(self) -> None:
        self._blobs: deque[Blob] = deque()
        self._bodies: deque[tuple[float, Box, int]] = deque()
        """Larger ones: when, where and how many pixels. Perhaps somebody whom the detector does not see."""

    def update(self, moving: NDArray[np.bool_], now_s: float) -> None:
        """Take in the pixels that are neither background, nor at rest, nor anybody's."""
        while self._blobs and now_s - self._blobs[0].at_s > _REMEMBER_S:
            self._blobs.popleft()
        while self._bodies and now_s - self._bodies[0][0] > _REMEMBER_S:
            self._bodies.popleft()
        if not moving.any():
            return
        count, _, stats, middles = cv2.connectedComponentsWithStats(moving.view(np.uint8), connectivity=8)
        sizes = stats[1:count, cv2.CC_STAT_AREA]
        for x, y, width, height, size in stats[1:count][sizes >= _BODY_MIN_PX].tolist():
            self._bodies.append((now_s, (x, y, x + width, y + height), size))
        chosen = np.flatnonzero((sizes >= _AREA_MIN_PX) & (sizes <= _AREA_MAX_SHARE * moving.size))
        if chosen.size > _BLOBS_MAX:
            return
        for index in chosen:
            x, y = middles[index + 1]
            self._blobs.append(Blob(now_s, float(x), float(y), int(sizes[index])))

    def came_flying(self, box: Box, area_px: int, born_s: float, thrower: Box) -> bool:
        """Whether something of a thing's size came nearer to its place just before it lay there.

        Each place in the air is nearer than the one before, none further from the thing than the thrower, and the first
        at least the thrower's height away: else it was a hand or a foot.
        """
        if self._somebody_at(box, area_px, born_s):
            return False
        x, y = geometry.centre(box)
        hand_x, hand_y = geometry.centre(thrower)
        reach = float(np.hypot(hand_x - x, hand_y - y)) + (thrower[3] - thrower[1])
        distance, places, farthest = reach, 0, 0.0
        for blob in self._blobs:
            if not born_s - _BEFORE_S <= blob.at_s <= born_s + _AFTER_S:
                continue
            away = float(np.hypot(blob.x - x, blob.y - y))
            inside = box[0] <= blob.x <= box[2] and box[1] <= blob.y <= box[3]
            if inside or not area_px / _ALIKE <= blob.area_px <= area_px * _ALIKE or away >= distance:
                continue
            distance, places, farthest = away, places + 1, max(farthest, away)
        return places >= _PLACES_MIN and farthest >= thrower[3] - thrower[1]

    def _somebody_at(self, box: Box, area_px: int, born_s: float) -> bool:
        return any(
            abs(at_s - born_s) <= _BEFORE_S and size >= _BODY_TIMES * area_px and geometry.overlap(body, box) > 0
            for at_s, body, size in self._bodies
        )
