"""Both layouts of output give the same boxes, and boxes go back into the picture."""

from __future__ import annotations

import numpy as np
import pytest

from models import ModelError, output, preparation


def test_final_boxes_under_the_threshold_are_left_out() -> None:
    rows = np.array([[[1, 2, 3, 4, 0.9, 7], [5, 6, 7, 8, 0.3, 0], [9, 9, 9, 9, 0.0, 0]]], np.float32)
    found = output.read(rows, "boxes", 0.3)
    assert found.corners_px.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert found.classes.tolist() == [7, 0]


def test_of_candidates_the_best_of_each_class_stays() -> None:
    # Centre x, centre y, width, height, then two classes: the first three places are nearly the same box.
    places = [
        [10, 10, 8, 8, 0.6, 0.5],
        [11, 10, 8, 8, 0.8, 0.4],
        [10, 11, 8, 8, 0.2, 0.7],
        [40, 40, 8, 8, 0.36, 0.1],
        [60, 60, 8, 8, 0.34, 0.1],
    ]
    found = output.read(np.array(places, np.float32).T[None], "candidates", 0.35)
    assert found.classes.tolist() == [0, 1, 0]
    assert found.scores.tolist() == pytest.approx([0.8, 0.7, 0.36])
    assert found.corners_px.tolist() == [[7, 6, 15, 14], [6, 7, 14, 15], [36, 36, 44, 44]]


def test_candidates_without_any_score_give_nothing() -> None:
    assert output.read(np.zeros((1, 84, 300), np.float32), "candidates", 0.3).scores.size == 0


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ([1, 300, 6], "boxes"),
        (["batch", 300, 6], "boxes"),
        ([1, 84, 8400], "candidates"),
        ([1, 84, None], "candidates"),
    ],
)
def test_the_layout_is_told_by_the_shape(shape: list[int | str | None], layout: str) -> None:
    assert output.layout_of(shape, 80) == layout


@pytest.mark.parametrize("shape", [[1, 3549, 85], [1, 84], [1, 10, 8400], []])
def test_an_output_that_is_not_known_is_refused(shape: list[int | str | None]) -> None:
    with pytest.raises(ModelError, match=r"allowed: \[1, n, 6\], or \[1, 84, n\] for its 80 labels"):
        output.layout_of(shape, 80)


@pytest.mark.parametrize(
    ("height_px", "width_px", "corners", "box"),
    [
        (480, 640, [0, 40, 320, 280], (0, 0, 1, 1)),
        (480, 640, [80, 100, 160, 160], (0.25, 0.25, 0.5, 0.5)),
        (640, 480, [40, 0, 280, 320], (0, 0, 1, 1)),
        (160, 160, [80, 0, 320, 160], (0.25, 0, 1, 0.5)),
        (480, 640, [-50, 0, 999, 999], (0, 0, 1, 1)),
        (2, 4000, [0, 159, 160, 160], (0, 0, 0.5, 1)),
    ],
)
def test_boxes_go_back_into_the_picture(
    height_px: int, width_px: int, corners: list[float], box: tuple[float, ...]
) -> None:
    square, placement = preparation.letterbox(np.zeros((height_px, width_px, 3), np.uint8), 320)
    assert square.shape == (320, 320, 3)
    assert placement.box(np.array(corners, np.float32)) == pytest.approx(box, abs=1e-6)


def test_the_tensor_is_rgb_in_shares() -> None:
    square = np.zeros((128, 128, 3), np.uint8)
    square[..., 2] = 255  # red of BGR
    planes = preparation.tensor(square)
    assert planes.shape == (1, 3, 128, 128)
    assert planes[0].mean(axis=(1, 2)).tolist() == [1.0, 0.0, 0.0]
