"""Vehicles and people are counted once each, hidden, and are no findings; with a detector that sees one colour each."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.drawn_flight import ground
from benchmarks.drawn_flight.filming import Mover
from tests.vision.footage.conftest import CELL_M, SIZE_M, Filmed, filmed
from vision.detect import Detection
from vision.footage import tiles
from vision.footage.analysis import analyse
from vision.footage.result import FootageResult
from vision.footage.settings import Settings
from vision.georeference import cameras

MAGENTA, CYAN = (200, 20, 200), (210, 210, 20)


class ColourDetector:
    """Knows magenta cars and cyan people."""

    name = "colours"
    sha256 = "0" * 64

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        height, width = image.shape[:2]
        found = []
        for label, colour in (("car", MAGENTA), ("person", CYAN)):
            near = (np.abs(image.astype(int) - colour).max(axis=2) < 70).astype(np.uint8)
            count, _, stats, _ = cv2.connectedComponentsWithStats(near)
            for left, top, wide, high, area in stats[1:count].tolist():
                if area >= 12:
                    box = (left / width, top / height, (left + wide) / width, (top + high) / height)
                    found.append(Detection(label, 0.9, box))
        return found


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    scene = ground.draw(5, SIZE_M, CELL_M, waste=3)
    movers = [
        Mover("car", 40.0, 33.0, 0.0, 0.0, MAGENTA),
        Mover("car", 75.0, 30.0, 0.0, 0.0, MAGENTA),
        Mover("car", 15.0, 36.0, 6.0, 0.0, MAGENTA),
        Mover("person", 60.0, 40.0, 0.0, 0.0, CYAN),
    ]
    return filmed(tmp_path_factory.mktemp("busy"), "busy", scene, 5, movers=movers)


@pytest.fixture(scope="module")
def result(busy: Filmed) -> FootageResult:
    return analyse(busy.video, busy.samples, cameras.nominal, detector=ColourDetector())


def test_each_is_counted_once_over_both_passes(result: FootageResult) -> None:
    still = [one.label for one in result.counted if not one.moved]
    assert sorted(still) == ["car", "car", "person"]
    assert result.summary.people == 1
    assert all(one.looks >= 2 for one in result.counted if not one.moved)


def test_who_drives_is_counted_and_said_to_move(result: FootageResult) -> None:
    moved = [one for one in result.counted if one.moved]
    assert moved
    assert {one.label for one in moved} == {"car"}
    assert result.summary.vehicles == 2 + len(moved)


def test_people_and_vehicles_are_hidden_and_no_findings(result: FootageResult) -> None:
    assert sum(len(one.boxes) for one in result.hidden) >= sum(one.looks for one in result.counted)
    assert all(one.label is None for one in result.candidates)
    counted = {(round(one.lat, 5), round(one.lon, 5)) for one in result.counted if not one.moved}
    assert not counted & {(round(one.lat, 5), round(one.lon, 5)) for one in result.candidates}


def test_pieces_cover_the_picture_and_boxes_come_back_whole() -> None:
    sides = list(tiles.pieces(1920, 1080, 744))
    assert len(sides) == 6
    covered = np.zeros((1080, 1920), bool)
    for left, top, right, bottom in sides:
        covered[top:bottom, left:right] = True
    assert covered.all()
    image = np.random.default_rng(1).integers(80, 140, (1080, 1920, 3)).astype(np.uint8)
    image[500:560, 700:780] = MAGENTA  # over a border of two pieces
    [found] = tiles.detect(image, ColourDetector(), Settings())
    assert found.box == pytest.approx((700 / 1920, 500 / 1080, 780 / 1920, 560 / 1080), abs=2e-3)
