"""Tracks: who moved, who only flickers, and numbers that never come again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import tracking
from vision.detect import Detection
from vision.track import Tracker

if TYPE_CHECKING:
    from vision.track import Track


def box(x: float, y: float = 0.5, width: float = 0.06, height: float = 0.25) -> tuple[float, float, float, float]:
    return (x, y, x + width, y + height)


def person(x: float, confidence: float = 0.5) -> Detection:
    return Detection("person", confidence, box(x))


def run(tracker: Tracker, frames: list[list[Detection]], *, from_s: float = 0.0) -> list[list[Track]]:
    return [tracker.update(found, from_s + n / 5) for n, found in enumerate(frames)]


def test_a_walker_is_one_track_that_moved() -> None:
    tracks = run(Tracker(), [[person(0.1 + 0.02 * n)] for n in range(20)])
    assert {one.track_id for now in tracks for one in now} == {1}
    assert tracks[-1][0].moved
    assert not tracks[2][0].moved


def test_a_stone_that_is_called_a_person_never_moved() -> None:
    jitter = [0.0, 0.01, -0.008, 0.004, -0.01]
    tracks = run(Tracker(), [[person(0.5 + jitter[n % 5])] for n in range(60)])
    assert not tracks[-1][0].moved


def test_a_box_that_only_grows_on_one_side_has_not_moved() -> None:
    frames = [[Detection("person", 0.5, (0.4, 0.5, 0.46 + 0.004 * n, 0.75))] for n in range(40)]
    assert not run(Tracker(), frames)[-1][0].moved


def test_somebody_who_comes_over_the_border_moved_though_one_edge_did_not() -> None:
    frames = [[Detection("person", 0.5, (0.4, 0.8 - 0.015 * n, 0.5, 1.0))] for n in range(25)]
    assert run(Tracker(), frames)[-1][0].moved


def test_a_track_lost_and_found_nearby_inherits_that_it_moved() -> None:
    walking = [[person(0.1 + 0.02 * n)] for n in range(15)]
    lost: list[list[Detection]] = [[]] * 14
    tracks = run(Tracker(), [*walking, *lost, [person(0.42)], [person(0.42)]])
    assert tracks[-3] == []
    assert [(one.track_id, one.moved) for one in tracks[-1]] == [(2, True)]


def test_while_the_detector_rests_everybody_is_where_they_were() -> None:
    tracker = Tracker()
    run(tracker, [[person(0.3)]] * 5)
    held = [tracker.hold(1.0 + n / 5) for n in range(300)]
    assert [one.track_id for one in held[-1]] == [1]
    assert [one.track_id for one in tracker.update([person(0.3)], 61.2)] == [1]


def test_labels_that_a_model_mixes_up_are_one_vehicle() -> None:
    frames = [[Detection("car" if n % 2 else "truck", 0.5, box(0.3, width=0.2))] for n in range(10)]
    assert {one.track_id for now in run(Tracker(), frames) for one in now} == {1}


def test_after_a_discontinuity_numbers_go_on() -> None:
    tracker = Tracker()
    run(tracker, [[person(0.3)]] * 5)
    tracker.update([person(0.3)], 1.0, discontinuity=True)
    assert [one.track_id for one in tracker.update([person(0.3)], 1.2)] == [2]
    assert tracker.hold(1.4, discontinuity=True) == []


def test_a_statue_that_is_surely_called_a_person_is_no_track_for_ever() -> None:
    tracker, shown = Tracker(), []
    for n in range(300 * 5):
        statue = [person(0.5, 0.8)] if n % 20 < 8 else []  # it flickers: many short tracks
        walker = [person(0.1 + 0.02 * (n % 40))] if n >= 1400 and n % 40 < 30 else []
        shown.append(tracker.update([*statue, *walker], n / 5))
    assert shown[5]
    assert not any(0.45 < one.box[0] < 0.55 and not one.moved for one in shown[-1])
    assert any(one.moved for one in shown[1420])


def test_somebody_who_waits_and_then_walks_away_was_a_person_all_along() -> None:
    tracker = Tracker()
    waiting = [tracker.update([person(0.3, 0.8)], n / 5) for n in range(150 * 5)]
    walking = [tracker.update([person(0.3 + 0.01 * n, 0.8)], 150 + n / 5) for n in range(30)]
    assert waiting[-1][0].track_id == walking[-1][0].track_id
    assert walking[-1][0].moved


def test_fifty_people_and_vehicles_keep_their_numbers() -> None:
    tracker, seen = Tracker(), set()
    for n, found in enumerate(tracking.crowd(50, 60)):
        seen |= {one.track_id for one in tracker.update(found, n / 5)}
    assert 50 <= len(seen) <= 150
