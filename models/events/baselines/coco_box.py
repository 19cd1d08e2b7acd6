"""A detector's box that stays: any COCO class but people and vehicles, with nobody beside it."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import models
from models import catalogue
from models.events.baselines import places

if TYPE_CHECKING:
    from models.events.alerts import Heard
    from models.events.truth import Clip
    from vision.detect import Detection, Detector
    from vision.geometry import Box

_NO_THING = {"person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"}
_THERE_BEFORE_S = 3.0
"""What is seen so early was there before: a bench, a potted plant."""
_GAP_S = 3.0
"""Boxes of still things come and go from frame to frame."""
_NEAR_HEIGHTS = 1.5
"""Nearer than so many of a person's heights somebody is with the thing, as in the rule."""


@dataclass(frozen=True, slots=True)
class CocoBox:
    """The catalogue's model on each analysed frame, at its default size and threshold."""

    detector: Detector
    stays_s: float
    lock: Lock

    @classmethod
    def load(cls, stays_s: float) -> CocoBox:
        entry = catalogue.CENTERNET_COCO
        detector = models.load_detector("onnxruntime", entry.name, entry.input_px[0], entry.confidence)
        return cls(detector, stays_s, Lock())

    def hear(self, clip: Clip) -> Heard:
        seen = places.Places(_GAP_S)
        alerts, any_frame = [], False
        for now_s, image in places.frames(clip):
            any_frame = True
            with self.lock:
                found = self.detector.detect(image)
            people = [one.box for one in found if one.label == "person"]
            for place in seen.update([one.box for one in found if _is_thing(one)], now_s):
                if any(_is_near(person, place.box) for person in people):
                    place.alone_since_s = now_s
                elif self._is_due(place, now_s):
                    alerts.append(places.told(place, now_s))
        return places.heard(alerts, any_frame=any_frame)

    def _is_due(self, place: places.Place, now_s: float) -> bool:
        return not place.told and place.since_s > _THERE_BEFORE_S and now_s - place.alone_since_s >= self.stays_s


def _is_thing(one: Detection) -> bool:
    return one.label not in _NO_THING


def _is_near(person: Box, thing: Box) -> bool:
    """Whether the person's feet are within a few of their own heights of the thing's foot."""
    x, y = (person[0] + person[2]) / 2, person[3]
    across, along = (thing[0] + thing[2]) / 2 - x, thing[3] - y
    reach = _NEAR_HEIGHTS * (person[3] - person[1])
    return across * across + along * along <= reach * reach
