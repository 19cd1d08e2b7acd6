"""The pictures that go with a thing left behind: its place before and after, and the best one of who brought it.

Memory is bounded: one picture of the bare scene, and one crop for each of the last people and vehicles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision import geometry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.actors import Actors
    from vision.background import PixelLayers
    from vision.frame import Frame
    from vision.geometry import Box

_GROUND_WIDTH_PX = 960
_GROUND_EVERY_S = 2.0
_GUARD_PX = 9
"""Around whatever is not ground, at analysis size."""
_CROPS_MAX = 48
_CROP_HEIGHT_PX = 320
_CROP_MARGIN = 0.08
_CROPS_A_FRAME = 3
_CROP_EVERY_S = 0.4
_LARGER = 1.1
_SHARP_HEIGHT_PX = 128
_SHARP = 150.0
"""Variance of the Laplacian from which a crop of that height is as sharp as it need be."""
_PLACE_MARGIN = 1.5
"""Around a thing, in its own size, ..."""
_PLACE_SHARE_MIN = 0.2
"""... and at least so much of the picture's width and height."""


@dataclass(slots=True)
class Crop:
    """A picture of one person or vehicle, BGR."""

    image: NDArray[np.uint8]
    media_time_s: float
    score: float
    tried_s: float


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the scene, BGR."""

    image: NDArray[np.uint8]
    media_time_s: float


class Pictures:
    """Keeps what a rule may want to show later."""

    def __init__(self) -> None:
        self._ground: NDArray[np.uint8] | None = None
        self._ground_s = 0.0
        self._crops: dict[int, Crop] = {}

    def look(self, frame: Frame, layers: PixelLayers, everybody: Actors, occupied: NDArray[np.bool_]) -> None:
        """Take in a frame after the layers and paths did."""
        now_s = frame.media_time_s
        if not layers.held and (self._ground is None or now_s - self._ground_s >= _GROUND_EVERY_S):
            self._see_ground(frame.image, layers.foreground | layers.has_static | occupied, now_s)
        self._see_actors(frame, everybody)

    def before(self, box: Box) -> Place | None:
        """The bare place of a thing in a box in 0..1."""
        return None if self._ground is None else Place(_cut(self._ground, _around(box)), self._ground_s)

    @staticmethod
    def after(frame: Frame, box: Box) -> Place:
        return Place(_cut(frame.image, _around(box)), frame.media_time_s)

    def of(self, track_ids: Sequence[int | None]) -> Crop | None:
        """The best one of a person or vehicle, who may have had several track numbers."""
        known = (self._crops.get(one) for one in track_ids if one is not None)
        return max((crop for crop in known if crop is not None), key=_score, default=None)

    def _see_ground(self, image: NDArray[np.uint8], covered: NDArray[np.bool_], now_s: float) -> None:
        height, width = image.shape[:2]
        scale = min(1.0, _GROUND_WIDTH_PX / width)
        size = round(width * scale), round(height * scale)
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        if self._ground is None or self._ground.shape != small.shape:
            self._ground = small
        else:
            wide = cv2.dilate(covered.view(np.uint8), np.ones((_GUARD_PX, _GUARD_PX), np.uint8))
            bare = (cv2.resize(wide, size, interpolation=cv2.INTER_NEAREST) == 0).view(np.uint8)
            cv2.copyTo(small, bare, self._ground)
        self._ground_s = now_s

    def _see_actors(self, frame: Frame, everybody: Actors) -> None:
        now_s, taken = frame.media_time_s, 0
        height, width = everybody.shape
        for actor in everybody.present():
            known = self._crops.get(actor.track_id)
            if actor.last_seen_s < now_s or (known is not None and now_s - known.tried_s < _CROP_EVERY_S):
                continue
            x1, y1, x2, y2 = actor.box
            box = x1 / width, y1 / height, x2 / width, y2 / height
            best = 0.0 if known is None else known.score
            if known is not None:
                known.tried_s = now_s
            if geometry.area(box) <= _LARGER * best:
                continue
            image = _cut(frame.image, _wider(box, _CROP_MARGIN))
            score = geometry.area(box) * _sharpness(image)
            if score > best:
                self._crops[actor.track_id] = Crop(_shrunk(image), now_s, score, now_s)
            taken += 1
            if taken == _CROPS_A_FRAME:
                break
        for track_id in [one for one in self._crops if one not in everybody]:
            del self._crops[track_id]
        while len(self._crops) > _CROPS_MAX:
            del self._crops[min(self._crops, key=lambda one: self._crops[one].tried_s)]


def _score(crop: Crop) -> float:
    return crop.score


def _wider(box: Box, share: float) -> Box:
    across, down = share * (box[2] - box[0]), share * (box[3] - box[1])
    return box[0] - across, box[1] - down, box[2] + across, box[3] + down


def _around(box: Box) -> Box:
    wide = _wider(box, _PLACE_MARGIN)
    x, y = geometry.centre(box)
    half = _PLACE_SHARE_MIN / 2
    return min(wide[0], x - half), min(wide[1], y - half), max(wide[2], x + half), max(wide[3], y + half)


def _cut(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    x1, y1 = min(max(0, int(box[0] * width)), width - 1), min(max(0, int(box[1] * height)), height - 1)
    x2, y2 = max(x1 + 1, min(width, round(box[2] * width))), max(y1 + 1, min(height, round(box[3] * height)))
    return image[y1:y2, x1:x2].copy()


def _shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if height <= _CROP_HEIGHT_PX:
        return image
    size = max(1, round(width * _CROP_HEIGHT_PX / height)), _CROP_HEIGHT_PX
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sharpness(image: NDArray[np.uint8]) -> float:
    """0.2 to 1, comparable between crops of different size."""
    height, width = image.shape[:2]
    size = max(8, round(width * _SHARP_HEIGHT_PX / height)), _SHARP_HEIGHT_PX
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    return float(np.clip(cv2.Laplacian(grey, cv2.CV_32F).var() / _SHARP, 0.2, 1.0))
