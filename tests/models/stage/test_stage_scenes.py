"""Staged scenes: nothing in both halves, the same seed gives the same, and the truth agrees with what is drawn."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import cli
from models.stage import StageError, cameras, drawing, figures, light, production, things, views

_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
_needs_data = pytest.mark.skipif(not _DATA.is_dir(), reason="../shared/data is not there")


def test_halves_share_no_view_no_walker_and_no_picture() -> None:
    halves: tuple[cameras.Split, cameras.Split] = ("tune", "held-out")
    files = [{camera.file for camera in cameras.of_split(half)} for half in halves]
    pictures = [{(source.folder, source.stem) for source in things.SOURCES if source.split == half} for half in halves]
    people = [{track.person for track in figures.WALKERS if figures.split_of(track) == half} for half in halves]
    for one, other in (files, pictures, people):
        assert one
        assert other
        assert not one & other


def test_the_campus_clip_lends_only_pictures_that_tuning_does_not_play() -> None:
    played = {number for span in cameras.named("campus").spans for number in range(*span)}
    lent = [track for track in figures.WALKERS if track.camera == "campus" and figures.split_of(track) == "held-out"]
    assert lent
    assert all(not played & set(range(*track.use)) for track in lent)


def test_a_person_is_taller_nearer_to_the_camera_in_every_view() -> None:
    for camera in cameras.CAMERAS:
        far, near = (camera.height_px(row) for row in (0.4 * camera.size[1], 0.95 * camera.size[1]))
        assert near > far, camera.name


def test_a_mirrored_view_is_the_view_mirrored() -> None:
    camera = cameras.named("campus")
    plain, mirrored = (views.View(camera, (0, 192, 512, 576), way).ground() for way in (False, True))
    assert 0.2 < plain.mean() < 1
    assert (plain[:, ::-1] == mirrored).mean() > 0.99


def test_a_placed_cut_out_stands_on_its_foot() -> None:
    picture, alpha = np.full((40, 20, 3), 200, np.uint8), np.ones((40, 20), np.float32)
    drawn = drawing.place(picture, alpha, drawing.Pose(x=100.0, foot=90.0, scale_x=-1.5, scale_y=1.5))
    rows, columns = (np.flatnonzero((drawn.alpha > 0.5).any(axis=axis)) for axis in (1, 0))
    assert drawn.top + rows[-1] + 1 == pytest.approx(90, abs=1)
    assert rows.size == pytest.approx(60, abs=2)
    assert drawn.left + columns.mean() == pytest.approx(100, abs=1)


def test_light_of_one_seed_is_always_the_same() -> None:
    picture = np.full((48, 64, 3), 100, np.uint8)
    one, other = (light.Weather("rain", 20, 10.0, (64, 48), 5).apply(picture, 3) for _ in range(2))
    assert np.array_equal(one, other)
    dark = light.Weather("night noise", 20, 10.0, (64, 48), 5).apply(picture, 3)
    assert dark.mean() < 60


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "1", "--count", "0"], "allowed: 1 to 999"),
        (["--seed", "1", "--negatives", "0"], "allowed: more than 0"),
        (["--seed", "-1", "--count", "1"], "allowed: 0 or more"),
        (["--seed", "1"], "--count"),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["stage-scenes", *arguments, "--out", str(tmp_path / "out")])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_absent_data_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(
            ["stage-scenes", "--seed", "1", "--count", "1", "--out", str(tmp_path / "o"), "--data", str(tmp_path / "d")]
        )
    assert left.value.code == 2
    assert "there is no data folder" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    order = production.Order(1, "tune", tmp_path, tmp_path, count=1)
    with pytest.raises(StageError, match="not an empty folder"):
        production.produce(order, lambda _done, _total: None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.data
@_needs_data
def test_a_load_from_a_vehicle_is_where_and_when_the_truth_says(tmp_path: Path) -> None:
    from models.stage import footage, scenes, writing  # noqa: PLC0415 -- with the data only

    studio = scenes.Studio(footage.Library(_DATA), "tune")
    scene, again = scenes.choose(studio, 5, 1), scenes.choose(studio, 5, 1)
    clip = tmp_path / "scene.mp4"
    pictures = list(scene.pictures())
    assert all(np.array_equal(*both) for both in zip(pictures, itertools.islice(again.pictures(), 12), strict=False))
    assert again.truth("scene.mp4")["events"][0]["bbox_xyxy"] == scene.box()
    assert writing.write_clip(clip, pictures, fps=scene.fps, size=scene.view.size, kbit_s=900, key_s=2) == scene.frames
    event = json.loads(json.dumps(scene.truth("scene.mp4")))["events"][0]
    assert event["actor"] == "vehicle"
    times = [event[f"t_{name}_s"] for name in ("enter", "placed", "owner_walks", "owner_gone")]
    assert times == sorted(times)
    assert times[-1] < scene.frames / scene.fps
    x0, y0, x1, y1 = event["bbox_xyxy"]
    capture = cv2.VideoCapture(str(clip))
    read = [capture.read()[1] for _ in range(scene.frames)]
    first, last = (frame[y0:y1, x0:x1].astype(float) for frame in (read[2], read[-1]))
    even = first * (np.median(read[-1]) / np.median(read[2]))
    assert np.abs(last - even).mean() > 12
