"""Stills that were turned after the flight: told by their size, their preview and their neighbours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.vision.georeference import flown
from vision.georeference import globe, place, turned
from vision.georeference.camera import Camera
from vision.georeference.errors import SOURCES
from vision.georeference.orthophoto import Gray
from vision.georeference.place import View
from vision.georeference.pose import Pose

LENS = Camera(640, 360, 370.0, 370.0, 320.0, 180.0)
CELL_M = 0.25
TEXTURE = cv2.GaussianBlur(np.random.default_rng(11).normal(128, 400, (1200, 1200)), (0, 0), 4).clip(0, 255)


def taken(pose: Pose) -> Gray:
    """What the camera sees of textured ground about the start."""
    x, y = np.meshgrid(np.arange(LENS.width_px) + 0.5, np.arange(LENS.height_px) + 0.5)
    rays = place._rays(View(LENS, pose), x.ravel(), y.ravel(), np.zeros((x.size, len(SOURCES))))
    east, north = globe.offset_m(flown.START, (pose.lat, pose.lon))
    along = pose.height_m / -rays[:, 2]
    columns = ((east + along * rays[:, 0]) / CELL_M + 600).reshape(x.shape)
    rows = (600 - (north + along * rays[:, 1]) / CELL_M).reshape(x.shape)
    seen = cv2.remap(TEXTURE.astype(np.uint8), columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR)
    noisy = seen + np.random.default_rng(12).normal(0, 8, seen.shape)
    return np.asarray(noisy.clip(0, 255), dtype=np.uint8)


def still(folder: Path, name: str, pose: Pose, turn: int, claimed: Pose, *, preview: bool = False) -> turned.Still:
    """A file whose picture was turned clockwise by quarters, with a preview that was not."""
    sensor = taken(pose)
    shown = np.ascontiguousarray(np.rot90(sensor, -turn))
    content = cv2.imencode(".jpg", shown)[1].tobytes()
    if preview:
        content += cv2.imencode(".jpg", cv2.resize(sensor, (160, 90), interpolation=cv2.INTER_AREA))[1].tobytes()
    (folder / name).write_bytes(content)
    return turned.Still(folder / name, claimed, LENS, (shown.shape[1], shown.shape[0]))


def row_of_stills(folder: Path, turns: list[int], *, preview: bool = False) -> list[turned.Still]:
    """Overlapping by two thirds, each with errors of GNSS and compass in its telemetry."""
    random = np.random.default_rng(13)
    stills = []
    for number, turn in enumerate(turns):
        lat, lon = globe.moved(flown.START, 12 * number, 5 * number)
        true = replace(flown.pose(50, -88, 40), lat=lat, lon=lon)
        claimed = flown.disturbed(true, random.normal(0, (2, 0.5, 0.5, 1, 1, 1)))
        stills.append(still(folder, f"{number}.jpg", true, turn, claimed, preview=preview))
    return stills


@pytest.mark.parametrize("turns", [[0, 0, 0], [0, 2, 0], [2, 2, 2], [1, 0, 3], [2, 3, 0]])
def test_neighbours_tell_which_way_each_picture_was_turned(tmp_path: Path, turns: list[int]) -> None:
    stills = row_of_stills(tmp_path, turns)
    turned.settle(stills)
    assert [each.turn for each in stills] == turns
    assert [turned.words(each) == "" for each in stills] == [turn == 0 for turn in turns]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_still_alone_is_told_by_its_preview(tmp_path: Path, turn: int) -> None:
    stills = row_of_stills(tmp_path, [turn], preview=True)
    turned.settle(stills)
    assert stills[0].turn == turn
    if turn:
        assert "its own preview" in turned.words(stills[0])


def test_neighbours_overrule_an_orientation_that_is_not_true(tmp_path: Path) -> None:
    stills = row_of_stills(tmp_path, [0, 0, 2])
    stills[0].turn = 2
    turned.settle(stills)
    assert [each.turn for each in stills] == [0, 0, 2]


def test_stills_that_share_no_ground_are_left_as_they_are(tmp_path: Path) -> None:
    stills = row_of_stills(tmp_path, [2, 2])
    far = globe.moved(flown.START, 3000, 0)
    stills[1].pose = replace(stills[1].pose, lat=far[0], lon=far[1])
    turned.settle(stills)
    assert [each.turn for each in stills] == [0, 0]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_pixel_of_the_turned_picture_is_found_on_the_sensor(turn: int) -> None:
    sensor = np.zeros((360, 640), np.uint8)
    sensor[100, 500] = 255
    shown = np.rot90(sensor, -turn)
    row, column = np.argwhere(shown)[0]
    x, y = turned.to_sensor_px((shown.shape[1], shown.shape[0]), turn, column + 0.5, row + 0.5)
    assert (x, y) == (500.5, 100.5)
