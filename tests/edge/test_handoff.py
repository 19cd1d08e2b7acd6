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
    taken = handoff.frames()
    assert [next(taken).index, next(taken).index] == [3, 4]
    assert handoff.dropped == 3


def test_a_dropped_seam_is_said_by_the_next_frame() -> None:
    handoff = Handoff()
    handoff.put(frame(0))
    handoff.put(frame(1, discontinuity=True))
    handoff.put(frame(2))
    handoff.put(frame(3))
    taken = handoff.frames()
    assert [(one.index, one.discontinuity) for one in (next(taken), next(taken))] == [(2, True), (3, False)]


def test_the_end_comes_at_once() -> None:
    handoff = Handoff()
    handoff.put(frame(0))
    handoff.end()
    assert list(handoff.frames()) == []
