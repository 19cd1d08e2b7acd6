"""Boxes that stay where they are, over the frames of a clip, and the frames themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.events.alerts import Alert, Heard
from models.events.truth import DUMPING
from vision import geometry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.events.truth import Clip
    from vision.geometry import Box

ANALYSED_FPS = 5.0
_SAME_PLACE_IOU = 0.5


def frames(clip: Clip) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Give the seconds and the BGR picture of every frame that the agent would look at, about."""
    video = cv2.VideoCapture(str(clip.path))
    try:
        fps = video.get(cv2.CAP_PROP_FPS) or ANALYSED_FPS
        number, next_s = 0, 0.0
        while video.grab():
            at_s = number / fps
            number += 1
            if at_s + 0.5 / fps < next_s:
                continue
            next_s += 1 / ANALYSED_FPS
            read, image = video.retrieve()
            if read:
                yield at_s, np.asarray(image, np.uint8)
    finally:
        video.release()


@dataclass(slots=True)
class Place:
    """One box that keeps being seen at the same place."""

    box: Box
    since_s: float
    last_s: float
    alone_since_s: float
    """When last something stood in the way of an alert."""
    told: bool = False


@dataclass(slots=True)
class Places:
    """All such boxes of a clip. One that is not seen for `gap_s` is forgotten, unless it was told."""

    gap_s: float
    places: list[Place] = field(default_factory=list)

    def update(self, boxes: Sequence[Box], now_s: float) -> list[Place]:
        """Give the places that are seen now."""
        seen = []
        for box in boxes:
            place = max(self.places, key=lambda one: geometry.iou(one.box, box), default=None)
            if place is None or geometry.iou(place.box, box) < _SAME_PLACE_IOU:
                place = Place(box, now_s, now_s, now_s)
                self.places.append(place)
            place.last_s = now_s
            seen.append(place)
        self.places = [one for one in self.places if one.told or now_s - one.last_s <= self.gap_s]
        return seen


def told(place: Place, now_s: float) -> Alert:
    place.told = True
    return Alert(rule=DUMPING, at_s=now_s, box=place.box, confidence=1.0, began_s=place.since_s)


def heard(alerts: list[Alert], *, any_frame: bool) -> Heard:
    return Heard(alerts, None if any_frame else "no picture can be decoded")
