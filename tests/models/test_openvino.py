"""OpenVINO gives the same boxes as onnxruntime, from the ONNX file and from its own pair of files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models import ModelError, catalogue, cli, load_detector
from models.openvino_detector import OpenVinoDetector
from vision.detect import Detection

pytest.importorskip("openvino", reason="openvino is not here: it is an extra")
BOXES_AT_MOST = 0.01
"""Scores and box edges, 0..1, which are rounded to this; the largest difference seen was 0.0007."""


@pytest.fixture(scope="module")
def converted(built: Path) -> Path:
    """Give the folder of the built models with OpenVINO's pair in it."""
    assert cli.main(["convert", "--format", "openvino", "--input-px", "320", "--out", str(built)]) == 0
    return built / "centernet-coco-320-openvino.xml"


def in_order(found: list[Detection]) -> list[tuple[str, list[float]]]:
    return sorted((one.label, [*(round(edge, 2) for edge in one.box), one.confidence]) for one in found)


@pytest.mark.data
def test_it_finds_what_onnxruntime_finds(converted: Path, coco128: Path) -> None:
    reference = load_detector("onnxruntime", str(converted.with_name("centernet-coco-320.onnx")), 320, 0.3)
    detectors = [
        load_detector("openvino", str(converted.with_name("centernet-coco-320.onnx")), 320, 0.3),
        OpenVinoDetector(catalogue.carded(converted), input_px=320, confidence=0.3),
    ]
    compared = 0
    for path in sorted((coco128 / "images").rglob("*.jpg"))[:6]:
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        wanted = in_order(reference.detect(picture))
        for detector in detectors:
            found = in_order(detector.detect(picture))
            assert [label for label, _ in found] == [label for label, _ in wanted]
            for (_, one), (_, other) in zip(found, wanted, strict=True):
                compared += 1
                assert one == pytest.approx(other, abs=2 * BOXES_AT_MOST)
    assert compared > 10


def test_a_changed_half_of_the_pair_is_refused(converted: Path, tmp_path: Path) -> None:
    for path in converted.parent.glob("centernet-coco-320-openvino.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "centernet-coco-320-openvino.bin"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match=r"openvino.bin is not the file that its card names: SHA-256"):
        catalogue.carded(tmp_path / converted.name)


def test_its_own_pair_is_preferred_by_name(converted: Path) -> None:
    found = catalogue.locate("centernet-coco", 320, converted.parent, openvino=True)
    assert (found.path, found.name) == (converted, "centernet-coco")


def test_a_wrong_size_and_a_file_that_is_none_are_refused(converted: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"it takes pictures of .*320.*, detector.input_px is 512"):
        OpenVinoDetector(catalogue.carded(converted), input_px=512, confidence=0.3)
    (tmp_path / "none.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"none.onnx cannot be loaded by openvino: "):
        load_detector("openvino", str(tmp_path / "none.onnx"), 320, 0.3)
