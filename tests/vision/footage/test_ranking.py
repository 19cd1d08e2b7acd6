"""What speaks for and against a candidate."""

from __future__ import annotations

from typing import Any

import pytest

from vision.footage import ranking
from vision.footage.sightings import CHANGED, DETECTED, UNUSUAL, Sighting, same_things

ASPHALT = (45.0, 0.0, 0.0)
SOFA: dict[str, Any] = {"colour": (38.0, 30.0, 18.0), "around": ASPHALT, "length_m": 2.0, "width_m": 0.9}


def _seen(kind: str = UNUSUAL, strength: float = 9.0, label: str | None = None, **more: Any) -> Sighting:
    return Sighting(0, kind, label, strength, (0.4, 0.4, 0.5, 0.5), **{**SOFA, **more})


def test_a_sofa_seen_in_each_look_is_first_and_nothing_speaks_against_it() -> None:
    judged = ranking.judge([_seen()] * 4, 4, 4)
    assert judged.kind == UNUSUAL
    assert judged.reasons == ("unlike_its_surroundings", "seen_again")
    assert judged.score == judged.confidence > 0.7


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"colour": (80.0, 0.0, 2.0), "length_m": 2.5, "width_m": 0.3}, "like_a_marking"),
        ({"colour": (22.0, 0.0, -1.0), "texture": -0.2}, "like_a_shadow"),
        ({"colour": (40.0, -14.0, 16.0), "texture": 0.6}, "like_a_plant"),
        ({"length_m": 4.5, "width_m": 1.8, "fill": 0.9}, "as_large_as_a_vehicle"),
        ({"length_m": 6.0, "width_m": 0.5}, "long_and_thin"),
        ({"repeats": 2.0}, "repeats_nearby"),
        ({"length_m": 0.35, "width_m": 0.3}, "tiny"),
    ],
)
def test_what_belongs_there_comes_later(more: dict[str, Any], reason: str) -> None:
    judged = ranking.judge([_seen(**more)] * 3, 3, 3)
    assert reason in judged.reasons
    assert judged.score < ranking.judge([_seen()] * 3, 3, 3).score


def test_what_was_seen_once_of_many_times_is_doubted() -> None:
    often, once, only = (
        ranking.judge([_seen()] * looks, looks, possible) for looks, possible in ((5, 5), (1, 5), (1, 1))
    )
    assert often.score > only.score > once.score
    assert "seen_once" in once.reasons


def test_change_and_a_named_thing_add_to_it() -> None:
    alone = ranking.judge([_seen(strength=6.0)], 1, 1)
    changed = ranking.judge([_seen(strength=6.0), _seen(CHANGED, 8.0)], 1, 1)
    named = ranking.judge([_seen(strength=6.0), _seen(DETECTED, 0.8, "couch")], 1, 1)
    assert min(changed.score, named.score) > alone.score
    assert changed.kind == CHANGED
    assert "not_there_last_flight" in changed.reasons
    assert "named_by_the_detector" in named.reasons


def test_a_patch_on_a_person_is_the_person_but_a_heap_beside_one_is_not() -> None:
    person = Sighting(0, DETECTED, "person", 0.8, (0.40, 0.40, 0.42, 0.44), 0.6, 0.4)
    shirt = Sighting(0, UNUSUAL, None, 9.0, (0.402, 0.40, 0.418, 0.43), 0.4, 0.4)
    heap = Sighting(0, UNUSUAL, None, 9.0, (0.38, 0.38, 0.46, 0.46), 3.0, 3.0)
    groups = same_things([shirt, person, heap])
    assert [[one.kind for one in group] for group in groups] == [[DETECTED, UNUSUAL], [UNUSUAL]]
    assert groups[1] == [heap]
