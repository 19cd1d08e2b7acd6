"""A small copy of a video in which nobody, no vehicle and no home can be recognised, picture by picture.

A detector looks at two pictures a second. What it found covers its place for a second before and after, carried along
with the picture as the camera moves; where the camera's movement cannot be told, nothing is carried and each picture
is looked at by itself.

    pictures   . . . . . . . . . . . . . . . .      ten a second
    looks      x         x         x         x      boxes and homes, each carried over both sides
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision import camera_motion, redact
from vision.camera_motion import Similarity
from vision.footage import homes
from vision.frame import shrink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from vision.detect import Detector
    from vision.footage.homes import Homes
    from vision.footage.video import Footage, Picture
    from vision.geometry import Box
    from vision.georeference.place import View

WIDTH_PX = 960
FPS = 10
_LOOK_S = 0.5
_EARLY_S = 0.25 / FPS
_MARGIN = 0.25
_MARGIN_LEAST = 0.012
"""What walks goes on between two looks."""


@dataclass(slots=True)
class _Shown:
    """A picture that waits for the looks after it."""

    time_s: float
    image: NDArray[np.uint8]
    chain: int
    """Pictures of one chain are carried into each other."""
    path: Similarity
    """From the chain's first picture to this one."""
    is_look: bool = False
    boxes: list[Box] = field(default_factory=list)
    homes: NDArray[np.uint8] | None = None


@dataclass(slots=True)
class Pixelated:
    """Of one video; to be gone through once."""

    footage: Footage
    detector: Detector
    """Should say everything from `vision.redact.CONFIDENCE` on."""
    view_at: Callable[[float], View | None]
    """How the picture of a moment was taken; None where nothing says it."""
    town: Homes | None
    """See `vision.footage.homes.paint`."""
    _grey: NDArray[np.uint8] | None = None
    _looked_s: float = -math.inf
    _waiting: deque[_Shown] = field(default_factory=deque)

    def pictures(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Seconds of the video, and the picture, `WIDTH_PX` wide at most and of even sides."""
        done_s, due_s = -math.inf, 0.0
        for picture in self.footage.pictures(0.0):
            if picture.time_s < due_s - _EARLY_S:
                continue
            due_s = max(due_s + 1 / FPS, picture.time_s + 0.5 / FPS)
            self._waiting.append(self._taken(picture))
            for shown in [one for one in self._waiting if done_s < one.time_s <= picture.time_s - redact.HELD_S]:
                yield shown.time_s, self._painted(shown)
                done_s = shown.time_s
            while self._waiting[0].time_s < done_s - redact.HELD_S:
                self._waiting.popleft()
        for shown in [one for one in self._waiting if one.time_s > done_s]:
            yield shown.time_s, self._painted(shown)

    def _taken(self, picture: Picture) -> _Shown:
        width = picture.frame.height if picture.rotation_deg % 180 else picture.frame.width
        image = np.ascontiguousarray(picture.bgr(min(1.0, WIDTH_PX / width)))
        image = np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])
        grey = np.asarray(cv2.cvtColor(shrink(image), cv2.COLOR_BGR2GRAY), np.uint8)
        before = self._waiting[-1] if self._waiting else None
        moved = None if before is None or self._grey is None else camera_motion.between(self._grey, grey)
        self._grey = grey
        if before is None or moved is None:
            aspect = image.shape[1] / image.shape[0]
            shown = _Shown(picture.time_s, image, 0 if before is None else before.chain + 1, Similarity(aspect=aspect))
        else:
            shown = _Shown(picture.time_s, image, before.chain, before.path.then(moved))
        if moved is None or picture.time_s - self._looked_s >= _LOOK_S - _EARLY_S:
            self._look(shown)
        return shown

    def _look(self, shown: _Shown) -> None:
        self._looked_s = shown.time_s
        shown.is_look = True
        shown.boxes = [_enlarged(one.box) for one in self.detector.detect(shown.image) if one.label in redact.LABELS]
        shown.homes = homes.where(shown.image.shape[:2], self.view_at(shown.time_s), self.town)

    def _painted(self, shown: _Shown) -> NDArray[np.uint8]:
        image = shown.image.copy()
        boxes: list[Box] = []
        covered: NDArray[np.uint8] | None = None
        for look in self._waiting:
            away_s = abs(look.time_s - shown.time_s)
            if not look.is_look or look.chain != shown.chain or away_s > redact.HELD_S:
                continue
            moved = look.path.back().then(shown.path)
            boxes += [moved.box(box) for box in look.boxes]
            if look.homes is not None and away_s <= _LOOK_S:
                carried = _carried(look.homes, moved)
                covered = carried if covered is None else covered | carried
        if covered is not None:
            height, width = image.shape[:2]
            homes.pixelate(image, np.asarray(cv2.resize(covered, (width, height)), np.uint8))
        redact.pixelate(image, [box for box in (_inside(box) for box in boxes) if box is not None])
        return image


def _carried(mask: NDArray[np.uint8], moved: Similarity) -> NDArray[np.uint8]:
    """Where it is after the camera's movement; what comes in over the edge is of what was at the edge."""
    height, width = mask.shape
    matrix = np.array(
        [
            [moved.cosine, -moved.sine, moved.across * width],
            [moved.sine, moved.cosine, moved.down * width],
        ],
        np.float32,
    )
    return np.asarray(cv2.warpAffine(mask, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _enlarged(box: Box) -> Box:
    x1, y1, x2, y2 = box
    across, down = max((x2 - x1) * _MARGIN, _MARGIN_LEAST), max((y2 - y1) * _MARGIN, _MARGIN_LEAST)
    return x1 - across, y1 - down, x2 + across, y2 + down


def _inside(box: Box) -> Box | None:
    x1, y1, x2, y2 = (min(1.0, max(0.0, side)) for side in box)
    return None if x1 >= x2 or y1 >= y2 else (x1, y1, x2, y2)
