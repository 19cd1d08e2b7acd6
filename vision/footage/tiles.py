"""Shows the detector a picture in pieces of its own size, so that small things far below stay large enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vision import geometry
from vision.detect import Detection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vision.detect import Detector
    from vision.footage.settings import Settings

_OVERLAP = 0.15
_SAME_IOU = 0.4
_CUT_SHARE = 0.7
"""A box that lies so much in another of its label is a part of it, cut off at a piece's border."""
_BLANK = 6.0
"""Spread of grey levels below which a piece shows nothing, such as sky or water."""


def detect(image: NDArray[np.uint8], detector: Detector, settings: Settings) -> list[Detection]:
    """Boxes in 0..1 of the whole picture, each thing once."""
    height, width = image.shape[:2]
    found = []
    for left, top, right, bottom in pieces(width, height, settings.tile_px):
        piece = image[top:bottom, left:right]
        if float(piece[::8, ::8].std()) < _BLANK:
            continue
        for one in detector.detect(np.ascontiguousarray(piece)):
            if one.confidence < settings.detector_confidence_min:
                continue
            x1, y1, x2, y2 = one.box
            across, down = right - left, bottom - top
            box = (
                (left + x1 * across) / width,
                (top + y1 * down) / height,
                (left + x2 * across) / width,
                (top + y2 * down) / height,
            )
            found.append(Detection(one.label, one.confidence, box))
    return _each_once(found)


def pieces(width: int, height: int, side: int) -> Iterator[tuple[int, int, int, int]]:
    """left, top, right, bottom; a picture a little larger than a piece is one piece."""
    for top in _begins(height, side):
        for left in _begins(width, side):
            yield left, top, min(width, left + side), min(height, top + side)


def _begins(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    step = side * (1 - _OVERLAP)
    count = int(np.ceil((length - side) / step)) + 1
    return [round(number * (length - side) / (count - 1)) for number in range(count)]


def _each_once(found: list[Detection]) -> list[Detection]:
    kept: list[Detection] = []
    for one in sorted(found, key=lambda each: (-round(each.confidence, 2), -geometry.area(each.box))):
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return kept


def _same(one: Detection, other: Detection) -> bool:
    if geometry.iou(one.box, other.box) >= _SAME_IOU:
        return True
    smaller = min(geometry.area(one.box), geometry.area(other.box))
    return one.label == other.label and geometry.overlap(one.box, other.box) >= _CUT_SHARE * smaller
