"""The annotated copy frames what the event is about, and leaves the original as it was."""

from __future__ import annotations

import numpy as np

from edge import snapshot
from vision.rules.base import Role, RuleObject


def an_object(role: Role, left: float) -> RuleObject:
    return RuleObject(role, "person", None, 0.5, (left, 0.25, left + 0.2, 0.75))


def framed(drawn: np.ndarray, left: float) -> bool:
    return bool(drawn[50, round(left * 200) - 1 : round(left * 200) + 2].max() > 0)


def test_of_a_thing_left_behind_only_the_thing_is_framed() -> None:
    image = np.zeros((100, 200, 3), dtype=np.uint8)
    drawn = snapshot.annotated(image, [an_object("thing", 0.1), an_object("actor", 0.6)])
    assert (framed(drawn, 0.1), framed(drawn, 0.6)) == (True, False)
    assert not image.any()


def test_where_there_is_no_thing_everybody_is_framed() -> None:
    drawn = snapshot.annotated(
        np.zeros((100, 200, 3), dtype=np.uint8), [an_object("actor", 0.1), an_object("other", 0.6)]
    )
    assert (framed(drawn, 0.1), framed(drawn, 0.6)) == (True, True)
