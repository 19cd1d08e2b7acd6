"""What it costs to follow many moving objects: the tracker's own work on drawn boxes, without a detector."""

from __future__ import annotations

import time

import numpy as np

from vision.detect import Detection
from vision.track import Tracker

_FPS = 5.0
_LABELS = ("person", "person", "car", "truck")
_NEAR_EDGE, _FAR_EDGE = 0.02, 0.93
_MISSED = 0.1
"""Share of the boxes that the detector leaves out."""


def crowd(objects: int, frames: int, seed: int = 1) -> list[list[Detection]]:
    """Detections of objects that cross the picture at walking pace, frame by frame, with jitter and drop-outs."""
    random = np.random.default_rng(seed)
    place = random.uniform(0.05, 0.9, (objects, 2))
    pace = random.normal(0, 0.01, (objects, 2))
    shown = []
    for _ in range(frames):
        place += pace
        pace[(place < _NEAR_EDGE) | (place > _FAR_EDGE)] *= -1
        found = []
        for number in range(objects):
            if random.uniform() < _MISSED:
                continue
            x, y = place[number] + random.normal(0, 0.001, 2)
            confidence = float(random.uniform(0.35, 0.9))
            found.append(Detection(_LABELS[number % len(_LABELS)], confidence, (x, y, x + 0.03, y + 0.08)))
        shown.append(found)
    return shown


def milliseconds_a_frame(objects: int = 50, frames: int = 200) -> list[float]:
    """Processor time of this thread for each frame's tracking, the first second left out."""
    tracker = Tracker()
    spent = []
    for index, found in enumerate(crowd(objects, frames)):
        began_s = time.thread_time()
        tracker.update(found, index / _FPS)
        spent.append((time.thread_time() - began_s) * 1000)
    return spent[round(_FPS) :]
