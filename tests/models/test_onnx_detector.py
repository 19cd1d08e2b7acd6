"""The onnxruntime back end on real pictures, and what it says of files that it cannot use."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models import ModelError, centernet, load_detector
from vision import detect, geometry

ZEBRA = "images/train2017/000000000034.jpg"
PERSON = "images/train2017/000000000036.jpg"
ZEBRA_BOX = (0.0, 0.037, 0.677, 0.935)
"""From the label file of the picture."""


def picture(folder: Path, name: str) -> NDArray[np.uint8]:
    image = cv2.imread(str(folder / name))
    assert image is not None
    return np.asarray(image, np.uint8)


@pytest.mark.data
def test_it_finds_the_zebra_where_it_is(built: Path, coco128: Path) -> None:
    detector = load_detector("onnxruntime", str(built / "centernet-coco-320.onnx"), 320, 0.3)
    [zebra] = detector.detect(picture(coco128, ZEBRA))
    assert zebra.label == "zebra"
    assert zebra.confidence > 0.7
    assert geometry.iou(zebra.box, ZEBRA_BOX) > 0.85


@pytest.mark.data
def test_both_layouts_find_the_same(built: Path, coco128: Path) -> None:
    """One suppresses overlaps inside the graph, the other in `models.output`."""
    boxes = load_detector("onnxruntime", str(built / "centernet-coco-320.onnx"), 320, 0.1)
    candidates = load_detector("onnxruntime", str(built / "centernet-coco-320-candidates.onnx"), 320, 0.1)
    for path in sorted((coco128 / "images").rglob("*.jpg"))[:12]:
        image = picture(coco128, str(path.relative_to(coco128)))
        expected, found = boxes.detect(image), candidates.detect(image)
        assert [each.label for each in found] == [each.label for each in expected]
        for one, other in zip(found, expected, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=1e-6)
            assert one.box == pytest.approx(other.box, abs=1e-5)


@pytest.mark.data
def test_labels_keep_only_what_is_wanted(built: Path, coco128: Path) -> None:
    model, image = str(built / "centernet-coco-320.onnx"), picture(coco128, PERSON)
    everything = load_detector("onnxruntime", model, 320, 0.3).detect(image)
    people = load_detector("onnxruntime", model, 320, 0.3, labels=["person"]).detect(image)
    assert {each.label for each in everything} == {"person", "umbrella"}
    assert people == [each for each in everything if each.label == "person"]


def test_an_empty_picture_shows_nothing(built: Path) -> None:
    detector = load_detector("onnxruntime", str(built / "centernet-coco-320.onnx"), 320, 0.3)
    nothing: list[detect.Detection] = []
    assert detector.detect(np.zeros((480, 640, 3), np.uint8)) == nothing


def test_an_unknown_label_is_refused(built: Path) -> None:
    with pytest.raises(ModelError, match=r"the model knows no rubbish bag, sofa$"):
        load_detector(
            "onnxruntime", str(built / "centernet-coco-320.onnx"), 320, 0.3, labels=["sofa", "person", "rubbish bag"]
        )


def test_a_size_that_the_file_does_not_take_is_refused(built: Path) -> None:
    with pytest.raises(ModelError, match=r"it takes pictures of 320 x 320 px, detector.input_px is 640$"):
        load_detector("onnxruntime", str(built / "centernet-coco-320.onnx"), 640, 0.3)


@pytest.mark.parametrize("content", [b"", b"not a model"])
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be loaded by onnxruntime") as caught:
        load_detector("onnxruntime", str(tmp_path / "x.onnx"), 320, 0.3)
    assert "\n" not in str(caught.value)


def test_a_model_without_class_names_is_refused(tmp_path: Path) -> None:
    shape = [1, 3, 128, 128]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["output0"])],
        "copy",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "copy.onnx"))
    with pytest.raises(ModelError, match=r"copy.onnx cannot be used: its metadata has no class names"):
        load_detector("onnxruntime", str(tmp_path / "copy.onnx"), 128, 0.3)


def test_the_file_says_what_a_yolo_export_says(built: Path) -> None:
    model = onnx.load(str(built / "centernet-coco-320.onnx"))
    metadata = {each.key: each.value for each in model.metadata_props}
    assert (metadata["task"], metadata["end2end"], metadata["imgsz"]) == ("detect", "True", "[320, 320]")
    assert metadata["names"] == str(dict(enumerate(centernet.LABELS)))
