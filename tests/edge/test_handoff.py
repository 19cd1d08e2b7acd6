"""When analysis is behind, frames are dropped and counted, and a seam is not forgotten."""

from __future__ import annotations

import numpy as np

from edge.handoff import Handoff
from tests.edge.clocks import START
from vision.frame import Frame


def frame(index: int, *, discontinuity: bool = False) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), index, index * 0.2, START, discontinuity)


def test_the_newest_are_kept_and_the_dropped_counted() -> None:
    handoff = Handoff()
    for index in range(5):
        handoff.put(frame(index))
    taken = handoff.frames(silence_s=60)
    assert [one.index for one in (next(taken), next(taken)) if one is not None] == [3, 4]
    assert handoff.dropped == 3


def test_a_dropped_seam_is_said_by_the_next_frame() -> None:
    handoff = Handoff()
    handoff.put(frame(0))
    handoff.put(frame(1, discontinuity=True))
    handoff.put(frame(2))
    handoff.put(frame(3))
    taken = handoff.frames(silence_s=60)
    came = [one for one in (next(taken), next(taken)) if one is not None]
    assert [(one.index, one.discontinuity) for one in came] == [(2, True), (3, False)]


def test_the_end_comes_at_once() -> None:
    handoff = Handoff()
    handoff.put(frame(0))
    handoff.end()
    assert list(handoff.frames(silence_s=60)) == []


def test_silence_is_told_and_ends_with_the_next_frame() -> None:
    handoff = Handoff()
    taken = handoff.frames(silence_s=0.0)
    assert [next(taken), next(taken)] == [None, None]
    handoff.put(frame(7))
    came = next(taken)
    assert came is not None
    assert came.index == 7
