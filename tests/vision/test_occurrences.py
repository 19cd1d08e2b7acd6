"""What stays open over seams and restarts."""

from __future__ import annotations

import pytest

from vision.rules.base import RuleObject
from vision.rules.occurrences import Occurrence, Occurrences


def occurrence(seen_s: float = 0.0) -> Occurrence:
    thing = RuleObject("thing", "unknown", None, 0.0, (0.2, 0.2, 0.4, 0.4))
    owner = RuleObject("actor", "person", 7, 0.5, (0.4, 0.1, 0.5, 0.4))
    return Occurrence(0, [thing, owner], 5.0, 0.8, None, seen_s, seen_s, {}, region_id=3, in_view=True)


def test_numbers_grow_and_are_kept_in_the_snapshot() -> None:
    kept = Occurrences()
    kept.open(occurrence())
    kept.open(occurrence())
    restored = Occurrences.restored(kept.snapshot(100.0), 0.0)
    restored.open(occurrence())
    assert [(one.number, one.began_s, one.region_id) for one in restored] == [(1, -95, None), (2, -95, None), (3, 5, 3)]


@pytest.mark.parametrize(
    ("box", "same"),
    [
        ((0.21, 0.19, 0.42, 0.4), True),
        ((0.28, 0.28, 0.42, 0.42), True),
        ((0.5, 0.5, 0.7, 0.7), False),
        ((0.29, 0.29, 0.31, 0.31), False),
    ],
)
def test_the_same_place_needs_a_like_size(box: tuple[float, float, float, float], *, same: bool) -> None:
    assert occurrence().is_at(box) is same


def test_a_thing_out_of_sight_ends_soon_in_view_and_late_after_a_seam() -> None:
    kept = Occurrences()
    one = occurrence(seen_s=10.0)
    kept.open(one)
    assert kept.take_over(500.0) == []
    one.region_id = None
    assert kept.take_over(17.0) == []
    one.in_view = False
    assert kept.take_over(1000.0) == []
    one.in_view = True
    assert kept.take_over(19.0) == [one]
    assert list(kept) == []


def test_only_what_one_hand_left_in_one_place_is_left_together() -> None:
    kept = Occurrences()
    one = occurrence()
    kept.open(one)
    beside = (0.45, 0.2, 0.5, 0.4)
    assert kept.left_together(beside, 20.0, {7}, (0.1, 0.1)) is one
    assert kept.left_together(beside, 20.0, {8}, (0.1, 0.1)) is None
    assert kept.left_together(beside, 6.0, {8}, (0.1, 0.1)) is one
    assert kept.left_together((0.7, 0.2, 0.8, 0.4), 6.0, {7}, (0.1, 0.1)) is None
