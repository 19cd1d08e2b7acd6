"""One camera's way from a picture to what is said about it. Read it top to bottom.

The picture comes from `edge.source`, masked already; what a rule says goes to `edge.evidence`, which writes it with its
files to `edge.outbox`, from where `edge.publish` and `edge.upload` take it to the control room.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from vision.motion import MotionGate
from vision.rules.base import Scene
from vision.track import Tracker

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vision.detect import Detection, Detector
    from vision.frame import Frame
    from vision.rules.base import Rule, RuleEvent


class Deliver(Protocol):
    """Takes each event on its way out."""

    def __call__(self, event: RuleEvent, frame: Frame, rule: Rule, /) -> None: ...


@dataclass(slots=True)
class Tally:
    """What the pipeline did since it was last asked; written by one thread, read by another."""

    analysed: int = 0
    moving: int = 0
    inference_ms: list[float] = field(default_factory=list)
    silenced: dict[str, int] = field(default_factory=dict)
    """Occurrences that were not told, by rule and what silenced them."""


class Pipeline:
    """Motion gate, detector, tracker and rules of one camera."""

    def __init__(self, *, detector: Detector, rules: Sequence[Rule], deliver: Deliver) -> None:
        self._gate = MotionGate()
        self._detector = detector
        self._tracker = Tracker()
        self.rules = rules
        """May be replaced between two frames."""
        self._last: Frame | None = None
        self._deliver = deliver
        self._tally = Tally()
        self._tally_lock = Lock()

    @property
    def media_time_s(self) -> float:
        """Of the last frame; 0 before the first."""
        return 0.0 if self._last is None else self._last.media_time_s

    def look(self, frame: Frame) -> None:
        self._last = frame
        motion = self._gate.update(frame)
        if motion.moving:
            detections = self._detect(frame.image)
            tracks = self._tracker.update(detections, frame.media_time_s, discontinuity=frame.discontinuity)
        else:
            tracks = self._tracker.hold(frame.media_time_s, discontinuity=frame.discontinuity)
        scene = Scene(frame, tracks, detected=motion.moving)
        for rule in self.rules:
            for event in rule.update(scene):
                self._deliver(event, frame, rule)
        with self._tally_lock:
            self._tally.analysed += 1
            self._tally.moving += motion.moving

    def without_picture(self, since_s: float) -> None:
        """The camera has been silent for so long; what rules say of it is told with the last frame there was."""
        last = self._last
        if last is None:
            return
        for rule in self.rules:
            for event in rule.without_picture(last.media_time_s + since_s):
                self._deliver(event, last, rule)

    def take_tally(self) -> Tally:
        with self._tally_lock:
            taken, self._tally = self._tally, Tally()
        for rule in self.rules:
            taken.silenced |= rule.take_silenced()
        return taken

    def _detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        began_s = time.perf_counter()
        found = self._detector.detect(image)
        with self._tally_lock:
            self._tally.inference_ms.append((time.perf_counter() - began_s) * 1000)
        return found
