"""A calm street is looked at seldom, a stirred one often."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from vision.frame import Frame
from vision.rules.base import Scene
from vision.rules.stillness import Stillness

_PICTURE = np.zeros((4, 4, 3), np.uint8)


def scene(at_s: float, *, detected: bool) -> Scene:
    return Scene(Frame(_PICTURE, 0, at_s, datetime(2026, 1, 1, tzinfo=UTC)), [], detected=detected)


def test_a_look_of_the_detector_is_no_motion_but_two_in_a_row_are() -> None:
    stillness = Stillness()
    calm = [stillness.look_every_s(scene(at_s, detected=at_s == 300)) for at_s in range(0, 600, 10)]
    assert set(calm) == {60.0}
    assert stillness.look_every_s(scene(600, detected=True)) == 60.0
    assert stillness.look_every_s(scene(600.2, detected=True)) == 1.0
    assert stillness.look_every_s(scene(659, detected=False)) == 1.0
    assert stillness.look_every_s(scene(661, detected=False)) == 60.0


def test_the_small_picture_is_made_once() -> None:
    frame = Frame(np.zeros((576, 704, 3), np.uint8), 0, 0.0, datetime(2026, 1, 1, tzinfo=UTC))
    assert frame.shrunk().shape == (262, 320, 3)
    assert frame.shrunk() is frame.shrunk()
