"""What of a still picture is looked at: rules that wait see it, others now and then, the detector hardly ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from edge.pipeline import Pipeline
from edge.source.attention import Attention
from tests.edge.clocks import START
from vision.detect import Detection
from vision.frame import Frame
from vision.rules.base import Rule, RuleEvent, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

FPS = 5


class Blind:
    """A detector that finds nothing and counts how often it is asked."""

    name, sha256 = "blind", "0" * 64

    def __init__(self) -> None:
        self.asked = 0

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        del image
        self.asked += 1
        return []


class Noting(Rule):
    """Notes when it is asked; waits until it was told to stop."""

    name: ClassVar[str] = "noting"

    def __init__(self, waits_until_s: float) -> None:
        self.asked_s: list[float] = []
        self._waits_until_s = waits_until_s

    def update(self, scene: Scene) -> list[RuleEvent]:
        self.asked_s.append(scene.frame.media_time_s)
        return []

    @property
    def waits(self) -> bool:
        return not self.asked_s or self.asked_s[-1] < self._waits_until_s

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        del state, ago_s


def watch(rule: Noting, seconds: int, attention: Attention) -> Blind:
    """A street on which nothing happens, and a light that comes on at 60 s."""
    detector = Blind()
    pipeline = Pipeline(detector=detector, rules=[rule], deliver=lambda *_: None, attention=attention)
    still = np.full((120, 160, 3), 90, np.uint8)
    bright = still.copy()
    bright[40:80, 40:80] = 250
    for number in range(seconds * FPS):
        at_s = number / FPS
        pipeline.look(Frame(bright if 60 <= at_s < 61 else still, number, at_s, START))
    return detector


def test_a_rule_that_waits_sees_every_picture_and_one_that_does_not_one_in_ten_seconds() -> None:
    rule = Noting(waits_until_s=20.0)
    watch(rule, 55, Attention())
    waiting = [at_s for at_s in rule.asked_s if at_s <= 20]
    later = [at_s for at_s in rule.asked_s if at_s > 20]
    assert len(waiting) == 20 * FPS + 1
    assert later == [30.0, 40.0, 50.0]


def test_what_moves_is_seen_by_all_at_the_full_rate() -> None:
    rule, attention = Noting(waits_until_s=3.0), Attention()
    watch(rule, 70, attention)
    assert [at_s for at_s in rule.asked_s if 60 <= at_s < 61] == [60.0, 60.2, 60.4, 60.6, 60.8]
    assert 60.8 <= attention.moved_s <= 64
    assert attention.is_calm(69.8, woke_s=60.0)
    assert not attention.is_calm(69.8, woke_s=69.0)


def test_the_detector_is_hardly_asked_about_a_street_that_is_still_for_long() -> None:
    early = watch(Noting(0.0), 58, Attention())
    long = Blind()
    pipeline = Pipeline(detector=long, rules=[], deliver=lambda *_: None)
    still = np.full((120, 160, 3), 90, np.uint8)
    for number in range(60):
        pipeline.look(Frame(still, number, number * 10.0, START))
    assert early.asked < 30
    assert long.asked <= 10


class Walking(Blind):
    """A detector that sees a walker clearly and reads of the picture where he is."""

    averages_to_px = 320

    def __init__(self) -> None:
        super().__init__()
        self.widths_px: set[int] = set()

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self.asked += 1
        self.widths_px.add(image.shape[1])
        lit = np.flatnonzero(image.max(axis=(0, 2)) > 200)
        if not lit.size:
            return []
        left, right = lit[0] / image.shape[1], (lit[-1] + 1) / image.shape[1]
        return [Detection("person", 0.8, (left, 0.3, right, 0.7))]


class Places(Noting):
    """Notes where the tracks are."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.left: list[float] = []

    def update(self, scene: Scene) -> list[RuleEvent]:
        self.left += [track.box[0] for track in scene.tracks]
        return super().update(scene)


def test_a_clear_walker_is_detected_in_every_second_picture_and_rules_see_him_in_all() -> None:
    detector, rule = Walking(), Places()
    pipeline = Pipeline(detector=detector, rules=[rule], deliver=lambda *_: None)
    for number in range(20 * FPS):
        picture = np.full((576, 704, 3), 90, np.uint8)
        left = 40 + 5 * number
        picture[170:400, left : left + 60] = 250
        pipeline.look(Frame(picture, number, number / FPS, START))
    assert len(rule.asked_s) == 20 * FPS
    assert detector.asked < 0.75 * len(rule.asked_s)
    steps = np.diff(rule.left[30:])
    assert np.abs(steps * 704 - 5).max() < 3, "carried on, not left behind for a picture"
    assert detector.widths_px == {320}, "what was shrunk for all is good enough for the detector"
