"""Two flights over the same ground, between which a heap came."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from benchmarks.drawn_flight import ground, things
from tests.vision.footage.conftest import CELL_M, SIZE_M, Filmed, filmed
from vision.footage import change
from vision.footage.analysis import analyse
from vision.footage.flown import Flown
from vision.footage.revisits import Flight
from vision.footage.video import Footage
from vision.georeference import cameras, globe
from vision.georeference.pose import RefusedError

WHERE_M = (58.0, 30.0)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """The same scene flown again with other errors and light, and a heap more."""
    scene = ground.draw(5, SIZE_M, CELL_M, waste=8)
    rng = np.random.default_rng(3)
    scene.canvas.put(*things.heap(rng, CELL_M)[:2], *WHERE_M, 20.0)
    scene.canvas.image[:] = cv2.convertScaleAbs(scene.canvas.image, alpha=0.88, beta=8)
    scene.waste.append(things.Placed("heap", *WHERE_M, 3.0))
    return filmed(tmp_path_factory.mktemp("later"), "later", scene, 6)


def _flight(one: Filmed) -> Flight:
    with Footage(one.video) as footage:
        facts = footage.facts()
    return Flight(one.video, Flown(one.samples, cameras.nominal, (facts.width_px, facts.height_px)), facts)


def _where(later: Filmed) -> tuple[float, float]:
    heap = later.truth["waste"][-1]
    return heap["lat"], heap["lon"]


def test_what_came_is_marked_and_what_stayed_is_not(flight: Filmed, later: Filmed) -> None:
    place = _where(later)
    before, after = _flight(flight).shot_of(*place), _flight(later).shot_of(*place)
    assert before is not None
    assert after is not None
    pair = change.before_after(before, after, place, 10.0)
    assert pair.aligned
    assert pair.before.shape == pair.after.shape
    assert pair.change.shape == pair.before.shape[:2]
    strongest = pair.patches[0]
    assert strongest.appeared
    x1, y1, x2, y2 = strongest.box
    middle = pair.place_of((x1 + x2) / 2, (y1 + y2) / 2)
    assert math.hypot(*globe.offset_m(place, middle)) < 6.0  # telemetry's own error
    assert 0 < (pair.change > 0).mean() < 0.15


def test_the_same_flight_twice_shows_no_change(flight: Filmed, later: Filmed) -> None:
    place = _where(later)
    one = _flight(flight)
    shown = [look for look in one.looks() if one._worth(look, *place) > 0]
    before, after = one.shot(shown[0]), one.shot(shown[-1])
    assert before is not None
    assert after is not None
    pair = change.before_after(before, after, place, 8.0)
    assert pair.aligned
    assert pair.patches == ()


def test_a_place_that_is_not_shown_is_refused(flight: Filmed) -> None:
    one = _flight(flight)
    shot = one.shot(one.looks()[0])
    assert shot is not None
    far = globe.moved((shot.view.pose.lat, shot.view.pose.lon), 500.0, 0.0)
    assert one.best_look(*far) is None
    with pytest.raises(RefusedError, match="not well seen"):
        change.before_after(shot, shot, far, 10.0)


def test_a_candidate_says_that_it_was_not_there_last_flight(flight: Filmed, later: Filmed) -> None:
    result = analyse(later.video, later.samples, cameras.nominal, previous=_flight(flight))
    place = _where(later)
    new = [one for one in result.candidates if "not_there_last_flight" in one.reasons]
    near = [one for one in new if math.hypot(*globe.offset_m(place, (one.lat, one.lon))) <= 1.5 * one.ce90_m]
    assert near
    assert near[0].number <= 3
    assert len(new) < len(result.candidates) / 2
