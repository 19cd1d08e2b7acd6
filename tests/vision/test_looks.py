"""Which moving pictures the detector sees, and where tracks are in between."""

from __future__ import annotations

import numpy as np
import pytest

from vision.detect import Detection
from vision.looks import Looks
from vision.motion import Motion
from vision.track import Tracker

WIDTH_PX, HEIGHT_PX, HIGH_PX = 320, 240, 60


def moving(*left_px: int) -> Motion:
    """Something 20 px wide and 60 high moves at each of these places."""
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    for x in left_px:
        mask[100 : 100 + HIGH_PX, x : x + 20] = 1
    return Motion(float(mask.mean()), True, (0.0, 0.0, 1.0, 1.0), mask)


def seen(looks: Looks, motions: list[Motion], *, doubt: bool = False) -> list[bool]:
    return [looks.is_due(motion, number / 5, doubt=doubt) for number, motion in enumerate(motions)]


def test_a_slow_walker_is_looked_at_in_every_second_picture() -> None:
    assert seen(Looks(), [moving(50 + 3 * n) for n in range(8)]) == [True, False] * 4


def test_what_comes_in_elsewhere_is_looked_at_at_once() -> None:
    shown = [moving(50), moving(52), moving(54), moving(56, 250), moving(58, 252), moving(60, 254)]
    assert seen(Looks(), shown) == [True, False, True, True, False, True]


def test_what_goes_fast_is_looked_at_in_every_picture() -> None:
    assert all(seen(Looks(), [moving(10 + 30 * n) for n in range(8)]))


def test_while_there_is_doubt_every_picture_is_looked_at() -> None:
    assert all(seen(Looks(), [moving(50)] * 6, doubt=True))


def person(x: float, confidence: float = 0.8, width: float = 0.06) -> Detection:
    return Detection("person", confidence, (x, 0.4, x + width, 0.7))


def walked(confidence: float, start: float = 0.2) -> Tracker:
    tracker = Tracker()
    for n in range(20):
        tracker.update([person(start + 0.01 * n, confidence)], n / 5)
    return tracker


def test_a_clear_walker_leaves_no_doubt_and_goes_on_as_he_went() -> None:
    tracker = walked(0.8)
    assert not tracker.in_doubt
    [track] = tracker.tracks()
    [carried] = tracker.carry(track.last_seen_s + 0.2)
    assert carried.box[0] == pytest.approx(track.box[0] + 0.01)
    assert carried.box[3] == pytest.approx(track.box[3])
    assert carried.last_seen_s == track.last_seen_s
    assert tracker.tracks() == [track]


def test_one_who_is_hardly_seen_missed_new_or_at_the_border_is_in_doubt() -> None:
    assert walked(0.4).in_doubt
    assert walked(0.8, start=0.75).in_doubt
    missed = walked(0.8)
    missed.update([], 4.0)
    assert missed.in_doubt
    joined = walked(0.8)
    joined.update([person(0.4), person(0.7)], 4.0)
    assert joined.in_doubt


def test_one_who_was_missed_is_not_carried_on() -> None:
    tracker = walked(0.8)
    [before] = tracker.update([], 4.0)
    assert tracker.carry(4.2) == [before]


def test_in_a_crowd_one_in_doubt_does_not_count() -> None:
    tracker = Tracker()
    for n in range(20):
        crowd = [
            Detection("person", 0.4, (0.1 + 0.12 * k + 0.01 * n, 0.4, 0.15 + 0.12 * k + 0.01 * n, 0.7))
            for k in range(6)
        ]
        tracker.update(crowd, n / 5)
    assert not tracker.in_doubt
