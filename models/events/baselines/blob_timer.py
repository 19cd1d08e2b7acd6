"""A plain background subtraction whose blobs alert when they stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.events.baselines import places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.events.alerts import Alert, Heard
    from models.events.truth import Clip
    from vision.geometry import Box

_WIDTH_PX = 320
_HISTORY_FRAMES = 1500
"""Five minutes, from the first on: by its own choice it learns so fast in a clip's first minutes that a thing is
background before the timer has run."""
_LEARNS_ITSELF = -1.0
_WARM_UP_S = 3.0
_GAP_S = 1.0
_AREA_MIN, _AREA_MAX = 0.0005, 0.1
"""Shares of the picture: a bag from afar, and nothing as large as a lorry or a cloud."""
_FOREGROUND = 255
"""MOG2 marks shadows with another value."""


@dataclass(frozen=True, slots=True)
class BlobTimer:
    """MOG2 as OpenCV ships it, its shadows taken off, blobs of a fair size, `stays_s` seconds at one place."""

    stays_s: float

    def hear(self, clip: Clip) -> Heard:
        subtractor = cv2.createBackgroundSubtractorMOG2(history=_HISTORY_FRAMES, detectShadows=True)
        seen = places.Places(_GAP_S)
        alerts: list[Alert] = []
        any_frame = False
        for now_s, image in places.frames(clip):
            any_frame = True
            learning = _LEARNS_ITSELF if now_s < _WARM_UP_S else 1 / _HISTORY_FRAMES
            mask = np.asarray(subtractor.apply(_small(image), learningRate=learning), np.uint8)
            if now_s < _WARM_UP_S:
                continue
            staying = [one for one in seen.update(_blobs(mask), now_s) if now_s - one.since_s >= self.stays_s]
            alerts += [places.told(one, now_s) for one in staying if not one.told]
        return places.heard(alerts, any_frame=any_frame)


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height_px, width_px = image.shape[:2]
    size = _WIDTH_PX, max(1, round(height_px * _WIDTH_PX / width_px))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _blobs(mask: NDArray[np.uint8]) -> list[Box]:
    """Give the boxes of what is foreground, small gaps closed and specks gone, in 0..1."""
    kernel = np.ones((3, 3), np.uint8)
    solid = cv2.morphologyEx((mask == _FOREGROUND).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, kernel, iterations=2)
    height_px, width_px = mask.shape[:2]
    _, _, found, _ = cv2.connectedComponentsWithStats(solid)
    boxes: list[Box] = []
    for x, y, width, height, area_px in found[1:].tolist():
        if _AREA_MIN <= area_px / (width_px * height_px) <= _AREA_MAX:
            boxes.append((x / width_px, y / height_px, (x + width) / width_px, (y + height) / height_px))
    return boxes
