"""Makes people, vehicles and faces unrecognisable in a copy of a video, in two passes.

First a detector and a tracker see the video at a few pictures a second, and `Cover` remembers where people and
vehicles were. Then every picture is painted with what lies around its moment: each find counts for a while before and
after it, and a track is filled in between its finds, so that a picture in which the detector missed somebody is
covered by those around it.

    finds        x     x           x     x
    covered   [-----------]     [-----------]      each find, held before and after
    track      ~~[=======================]~~       filled in between, the box of both ends; beyond them it moves on
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.track import PERSON, VEHICLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from vision.detect import Detection
    from vision.geometry import Box
    from vision.track import Track

LABELS = VEHICLES | {PERSON, "bicycle"}
CONFIDENCE = 0.12
"""From which a find is covered: rather a bin too many than a person too few."""
HELD_S = 1.0
"""A find covers its place so long before and after it."""
_FILLED_S = 4.0
"""The longest stretch between two finds of a track that is filled in."""
_MARGIN = 0.12
"""Of a box's size, added on each side; and at least"""
_MARGIN_LEAST = 0.008
"""of the picture's."""
_FACE_MARGIN = 0.35
_BLOCKS_ACROSS = 5
"""A covered box shows no more than so many squares along its shorter side."""
_BLOCK_LEAST_PX = 12


class Cover:
    """Where people, vehicles and faces were. `saw` in order of time; boxes are in 0..1."""

    def __init__(self) -> None:
        self._at_s: list[float] = []
        self._boxes: list[list[Box]] = []
        self._tracks: dict[int, list[tuple[float, Box]]] = {}

    def saw(
        self, at_s: float, detections: Iterable[Detection], tracks: Iterable[Track], faces: Iterable[Box] = ()
    ) -> None:
        self._at_s.append(at_s)
        finds = [_enlarged(one.box, _MARGIN) for one in detections if one.label in LABELS]
        self._boxes.append(finds + [_enlarged(box, _FACE_MARGIN) for box in faces])
        for track in tracks:
            if track.label in LABELS and track.last_seen_s == at_s:
                self._tracks.setdefault(track.track_id, []).append((at_s, _enlarged(track.box, _MARGIN)))

    def boxes_at(self, at_s: float) -> list[Box]:
        """What must be covered in the picture of that moment."""
        first = bisect_left(self._at_s, at_s - HELD_S)
        last = bisect_right(self._at_s, at_s + HELD_S)
        held = [box for boxes in self._boxes[first:last] for box in boxes]
        filled = (_between(finds, at_s) for finds in self._tracks.values())
        return held + [box for box in filled if box is not None]


def _between(finds: list[tuple[float, Box]], at_s: float) -> Box | None:
    """The box around a track's last find before and first find after; before all and after all, where it would be."""
    after = bisect_left(finds, at_s, key=lambda find: find[0])
    if after in {0, len(finds)}:
        return _beyond(finds, at_s)
    (before_s, one), (after_s, other) = finds[after - 1], finds[after]
    return None if after_s - before_s > _FILLED_S else _around(one, other)


def _beyond(finds: list[tuple[float, Box]], at_s: float) -> Box | None:
    """The end of the track and where it moves on to, as fast as it moved there."""
    nearest, further = (finds[0], finds[1:2]) if at_s <= finds[0][0] else (finds[-1], finds[-2:-1])
    if not further or abs(at_s - nearest[0]) > HELD_S or abs(nearest[0] - further[0][0]) > _FILLED_S:
        return None
    share = (at_s - nearest[0]) / (nearest[0] - further[0][0])
    x1, y1, x2, y2 = (
        _on(edge, edge_before, share) for edge, edge_before in zip(nearest[1], further[0][1], strict=True)
    )
    return _around(nearest[1], (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))


def _on(edge: float, edge_before: float, share: float) -> float:
    return min(1.0, max(0.0, edge + (edge - edge_before) * share))


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _enlarged(box: Box, margin: float) -> Box:
    x1, y1, x2, y2 = box
    across = max((x2 - x1) * margin, _MARGIN_LEAST)
    down = max((y2 - y1) * margin, _MARGIN_LEAST)
    return max(0.0, x1 - across), max(0.0, y1 - down), min(1.0, x2 + across), min(1.0, y2 + down)


def pixelate(image: NDArray[np.uint8], boxes: Iterable[Box]) -> None:
    """Paint in place: each box becomes a few plain squares of its mean colours."""
    height_px, width_px = image.shape[:2]
    for x1, y1, x2, y2 in boxes:
        left, right = int(np.floor(x1 * width_px)), int(np.ceil(x2 * width_px))
        top, bottom = int(np.floor(y1 * height_px)), int(np.ceil(y2 * height_px))
        covered = image[top:bottom, left:right]
        if covered.size == 0:
            continue
        down_px, across_px = covered.shape[:2]
        block_px = max(_BLOCK_LEAST_PX, min(down_px, across_px) / _BLOCKS_ACROSS)
        squares = max(1, round(across_px / block_px)), max(1, round(down_px / block_px))
        means = cv2.resize(covered, squares, interpolation=cv2.INTER_AREA)
        cv2.resize(means, (across_px, down_px), dst=covered, interpolation=cv2.INTER_NEAREST)
        image[top:bottom, left:right] = covered
