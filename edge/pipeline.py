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
from vision.frame import SHRUNK_WIDTH_PX
from vision.looks import Looks
from vision.motion import MotionGate
from vision.rules.base import Scene
from vision.track import Tracker
from vision.waste import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.flight.drone import Carried
    from vision.detect import Detection, Detector
    from vision.frame import Frame
    from vision.motion import Motion
    from vision.rules.base import Rule, RuleEvent
    from vision.track import Track
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


def _seen_by_nobody(_scene: Scene, /) -> None:
    """Of a camera whose pictures nobody may watch."""


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
        saw: Callable[[Scene], None] = _seen_by_nobody,
    ) -> None:
        """`saw`: told of each picture what was seen in it, before the rules are; may not wait."""
        self._gate = MotionGate(look_every_s=_LOOK_EVERY_S)
        self._attention = attention or Attention()
        self._moved_s = self._looked_s = self._ruled_s = -_STANDING_S
        self._detector = detector
        self._looks = Looks()
        self._tracker = Tracker()
        self._shrunk_will_do = getattr(detector, "averages_to_px", 0) == SHRUNK_WIDTH_PX
        self.rules = rules
        """May be replaced between two frames."""
        self._last: Frame | None = None
        self._deliver = deliver
        self._waste = waste
        self._saw = saw
        self._tally = Tally()
        self._tally_lock = Lock()

    @property
    def media_time_s(self) -> float:
        """Of the last frame; 0 before the first."""
        return 0.0 if self._last is None else self._last.media_time_s

    def look(self, frame: Frame, carried: Carried | None = None) -> None:
        """`carried`: of a camera that flies, how its picture moved."""
        self._last = frame
        motion = self._gate.update(frame)
        if motion.region is not None:
            self._moved_s = frame.media_time_s
        if carried is not None and carried.movement is not None:
            self._tracker.camera_moved(carried.movement)
        flies = carried is not None and not carried.hovers
        detected = flies or motion.moving or self._may_stand(frame.media_time_s)
        tracks = self._follow(frame, motion) if detected else self._hold(frame)
        scene = Scene(frame, tracks, detected=detected)
        self._saw(scene)
        if detected or self._rules_are_due(frame):
            self._ask_rules(scene)
        self._attention.saw(frame.media_time_s, moving=motion.region is not None, waits=self._a_rule_waits())
        with self._tally_lock:
            self._tally.analysed += 1
            self._tally.moving += motion.moving

    def _follow(self, frame: Frame, motion: Motion) -> list[Track]:
        """The tracks of a picture in which something moves or may stand."""
        now_s = frame.media_time_s
        self._looked_s = now_s
        new = frame.discontinuity or not motion.moving
        if not self._looks.is_due(motion, now_s, doubt=new or self._tracker.in_doubt):
            return self._tracker.carry(now_s)
        return self._tracker.update(self._detect(frame), now_s, discontinuity=frame.discontinuity)

    def _hold(self, frame: Frame) -> list[Track]:
        return self._tracker.hold(frame.media_time_s, discontinuity=frame.discontinuity)

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

    def _detect(self, frame: Frame) -> list[Detection]:
        shrunk = self._shrunk_will_do and frame.image.shape[1] > 2 * SHRUNK_WIDTH_PX
        shrunk = shrunk and frame.image.shape[1] >= frame.image.shape[0]
        began_s = time.perf_counter()
        found = self._detector.detect(frame.shrunk() if shrunk else frame.image)
        with self._tally_lock:
            self._tally.inference_ms.append((time.perf_counter() - began_s) * 1000)
        return found
