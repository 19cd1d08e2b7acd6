"""One camera's way from a picture to what is said about it. Read it top to bottom.

The picture comes from `edge.source`, masked already; what a rule says goes to `edge.evidence`, which writes it with its
files to `edge.outbox`, from where `edge.publish` and `edge.upload` take it to the control room.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from edge.source.attention import Attention
from vision.motion import MotionGate
from vision.rules.base import Scene
from vision.track import Tracker
from vision.waste import noted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vision.detect import Detection, Detector
    from vision.frame import Frame
    from vision.rules.base import Rule, RuleEvent
    from vision.waste import WasteCheck


_STILL_EVERY_S = 10.0
"""Rules see a picture at least so often, and the detector one while somebody may stand still in it."""
_STANDING_S = 60.0
"""So long after the last motion."""
_LOOK_EVERY_S = 300.0
"""Later the detector looks only once in so many seconds."""
_ROUNDED_S = 0.05


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

    def __init__(
        self,
        *,
        detector: Detector,
        rules: Sequence[Rule],
        deliver: Deliver,
        attention: Attention | None = None,
        waste: WasteCheck | None = None,
    ) -> None:
        self._gate = MotionGate(look_every_s=_LOOK_EVERY_S)
        self._attention = attention or Attention()
        self._moved_s = self._looked_s = self._ruled_s = -_STANDING_S
        self._detector = detector
        self._tracker = Tracker()
        self.rules = rules
        """May be replaced between two frames."""
        self._last: Frame | None = None
        self._deliver = deliver
        self._waste = waste
        self._tally = Tally()
        self._tally_lock = Lock()

    @property
    def media_time_s(self) -> float:
        """Of the last frame; 0 before the first."""
        return 0.0 if self._last is None else self._last.media_time_s

    def look(self, frame: Frame) -> None:
        self._last = frame
        motion = self._gate.update(frame)
        if motion.region is not None:
            self._moved_s = frame.media_time_s
        detected = motion.moving or self._may_stand(frame.media_time_s)
        if detected:
            self._looked_s = frame.media_time_s
            detections = self._detect(frame.image)
            tracks = self._tracker.update(detections, frame.media_time_s, discontinuity=frame.discontinuity)
        else:
            tracks = self._tracker.hold(frame.media_time_s, discontinuity=frame.discontinuity)
        if detected or self._rules_are_due(frame):
            self._ask_rules(Scene(frame, tracks, detected=detected))
        self._attention.saw(frame.media_time_s, moving=motion.region is not None, waits=self._a_rule_waits())
        with self._tally_lock:
            self._tally.analysed += 1
            self._tally.moving += motion.moving

    def _may_stand(self, now_s: float) -> bool:
        """Nothing moves, but somebody may stand there: time to see whether he still does."""
        if now_s - self._looked_s < _STILL_EVERY_S - _ROUNDED_S:
            return False
        return now_s - self._moved_s < _STANDING_S or self._a_rule_waits()

    def _rules_are_due(self, frame: Frame) -> bool:
        """Of a still picture: rules need it only while one waits for its moment, and now and then."""
        if frame.discontinuity or self._a_rule_waits():
            return True
        return frame.media_time_s - self._ruled_s >= _STILL_EVERY_S - _ROUNDED_S

    def _a_rule_waits(self) -> bool:
        return any(rule.waits for rule in self.rules)

    def _ask_rules(self, scene: Scene) -> None:
        self._ruled_s = scene.frame.media_time_s
        for rule in self.rules:
            for event in rule.update(scene):
                self._deliver(noted(event, self._waste, scene.frame.image), scene.frame, rule)

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
