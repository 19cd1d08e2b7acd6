"""When analysis is behind, frames are dropped and counted; what a camera hands out late, all at once, is not."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from edge.handoff import Handoff
from tests.edge.clocks import START, HandClock
from vision.frame import Frame


def frame(index: int, *, discontinuity: bool = False) -> Frame:
    at_s = index * 0.2
    return Frame(np.zeros((2, 2, 3), np.uint8), index, at_s, START + timedelta(seconds=at_s), discontinuity)


def put(handoff: Handoff, clock: HandClock, *frames: Frame) -> None:
    """Each at the moment at which it was captured."""
    for one in frames:
        clock.passed_s = max(clock.passed_s, one.media_time_s)
        handoff.put(one)


def waiting(handoff: Handoff) -> list[Frame]:
    taken = handoff.frames(silence_s=0)
    return [one for one in iter(lambda: next(taken), None) if one is not None]


def test_what_waited_a_second_is_dropped_and_counted() -> None:
    clock = HandClock()
    handoff = Handoff(clock)
    put(handoff, clock, *(frame(index) for index in range(10)))
    assert [one.index for one in waiting(handoff)] == [4, 5, 6, 7, 8, 9]
    assert handoff.dropped == 4


def test_a_burst_of_late_frames_waits_and_so_do_those_that_come_meanwhile() -> None:
    """25 frames of the last 5 s, and two new ones before the analysis takes the first."""
    clock = HandClock()
    clock.passed_s = 5.0
    handoff = Handoff(clock)
    put(handoff, clock, *(frame(index) for index in range(28)))
    assert [one.index for one in waiting(handoff)] == list(range(28))
    assert handoff.dropped == 0


def test_analysis_that_is_faster_than_the_camera_loses_nothing_of_a_burst() -> None:
    clock = HandClock()
    clock.passed_s = 5.0
    handoff = Handoff(clock)
    put(handoff, clock, *(frame(index) for index in range(25)))
    taken = handoff.frames(silence_s=0)
    seen = []
    for index in range(25, 100):  # two are looked at while one comes
        put(handoff, clock, frame(index))
        seen += [one.index for one in (next(taken), next(taken)) if one is not None]
    assert seen == list(range(100))
    assert handoff.dropped == 0


def test_the_patience_after_a_burst_ends() -> None:
    clock = HandClock()
    clock.passed_s = 5.0
    handoff = Handoff(clock)
    put(handoff, clock, *(frame(index) for index in range(200)))
    assert len(waiting(handoff)) == 6


def test_a_limit_of_bytes_holds() -> None:
    clock = HandClock()
    handoff = Handoff(clock, limit_bytes=30)
    put(handoff, clock, *(frame(index) for index in range(4)))
    assert [one.index for one in waiting(handoff)] == [2, 3]
    assert handoff.dropped == 2


def test_a_dropped_seam_is_said_by_the_next_frame() -> None:
    clock = HandClock()
    handoff = Handoff(clock, limit_bytes=24)
    put(handoff, clock, frame(0), frame(1, discontinuity=True), frame(2), frame(3))
    assert [(one.index, one.discontinuity) for one in waiting(handoff)] == [(2, True), (3, False)]


def test_the_end_comes_at_once() -> None:
    clock = HandClock()
    handoff = Handoff(clock)
    put(handoff, clock, frame(0))
    handoff.end()
    assert list(handoff.frames(silence_s=0)) == []
