"""What is found and missed is counted right, and the model is as good as docs/design/detector.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import ModelError, evaluate, load_detector
from vision.detect import Detection

LEFT, RIGHT = (0.0, 0.0, 0.4, 1.0), (0.6, 0.0, 1.0, 1.0)
NEARLY_LEFT = (0.0, 0.0, 0.3, 1.0)


@pytest.mark.parametrize(
    ("found", "truth", "matches"),
    [
        ([("cat", 0.9, LEFT)], [("cat", LEFT)], 1),
        ([("cat", 0.9, LEFT)], [("dog", LEFT)], 0),
        ([("cat", 0.9, LEFT)], [("cat", RIGHT)], 0),
        ([("cat", 0.9, LEFT), ("cat", 0.8, NEARLY_LEFT)], [("cat", LEFT)], 1),
        ([("cat", 0.8, NEARLY_LEFT), ("cat", 0.9, RIGHT)], [("cat", LEFT), ("cat", RIGHT)], 2),
        ([], [("cat", LEFT)], 0),
    ],
)
def test_each_true_box_is_found_once(
    found: list[tuple[str, float, tuple[float, float, float, float]]],
    truth: list[tuple[str, tuple[float, float, float, float]]],
    matches: int,
) -> None:
    assert evaluate.count_matches([Detection(*each) for each in found], truth) == matches


def test_shares_are_undefined_where_there_is_nothing_to_divide_by() -> None:
    assert (evaluate.Score(0.5, 0, 0, 3).precision, evaluate.Score(0.5, 0, 2, 0).recall) == (None, None)
    assert (evaluate.Score(0.5, 1, 1, 3).precision, evaluate.Score(0.5, 1, 1, 3).recall) == (0.5, 0.25)


def test_boxes_and_polygons_are_read(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    (tmp_path / "images" / "a.jpg").touch()
    (tmp_path / "images" / "b.jpg").touch()
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.4\n1 0.1 0.1 0.5 0.2 0.3 0.9\n")
    first, second = evaluate.read_folder(tmp_path, ["cat", "dog"])
    assert [label for label, _ in first.truth] == ["cat", "dog"]
    assert first.truth[0][1] == pytest.approx((0.4, 0.3, 0.6, 0.7))
    assert first.truth[1][1] == (0.1, 0.1, 0.5, 0.9)
    assert second.truth == []


@pytest.mark.parametrize("line", ["2 0.5 0.5 0.2 0.4", "0 0.5 0.5 x 0.4", "0 1 2 3 4 5", "cat 0 0 1 1", "0"])
def test_a_label_that_cannot_be_read_names_file_and_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    (tmp_path / "images" / "a.jpg").touch()
    (tmp_path / "labels" / "a.txt").write_text(f"0 0.5 0.5 0.2 0.4\n{line}\n")
    with pytest.raises(ModelError, match=r"a.txt:2: .*; allowed: a class of the model"):
        evaluate.read_folder(tmp_path, ["cat", "dog"])


def test_a_file_that_is_no_picture_is_named(tmp_path: Path, built: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"no picture")
    detector = load_detector("onnxruntime", str(built / "centernet-coco-320.onnx"), 320, 0.3)
    with pytest.raises(ModelError, match=r"a.jpg is no picture that can be read"):
        evaluate.evaluate(detector, evaluate.read_folder(tmp_path, detector.labels), progress=lambda *_: None)


@pytest.mark.data
def test_the_model_is_as_good_as_its_page_says(built: Path, coco128: Path) -> None:
    detector = load_detector("onnxruntime", str(built / "centernet-coco-320.onnx"), 320, 0.15)
    pictures = evaluate.read_folder(coco128, detector.labels)
    scores = {score.confidence: score for score in evaluate.evaluate(detector, pictures, progress=lambda *_: None)}
    assert scores[0.30].precision == pytest.approx(0.71, abs=0.02)
    assert scores[0.30].recall == pytest.approx(0.31, abs=0.02)
