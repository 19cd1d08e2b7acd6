"""Models are found by name or by path, and only whole and unchanged ones are taken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models import ModelError, catalogue, load_detector


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"TALAIA_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a/models")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/talaia/models")),
        ({"TALAIA_CACHE_DIR": "", "XDG_CACHE_HOME": ""}, Path.home() / ".cache/talaia/models"),
    ],
)
def test_the_cache_folder_follows_the_environment(environment: dict[str, str], folder: Path) -> None:
    assert catalogue.models_dir(environment) == folder


def test_a_built_model_is_found_by_its_name(built: Path) -> None:
    found = catalogue.locate("centernet-coco", 320, built)
    assert found.path == built / "centernet-coco-320.onnx"
    assert found.card is not None
    assert (found.name, found.sha256) == ("centernet-coco", found.card.sha256)


def test_a_model_that_is_not_built_names_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"run: talaia-models convert --input-px 512$"):
        catalogue.locate("centernet-coco", 512, tmp_path)


def test_a_changed_file_is_refused(built: Path, tmp_path: Path) -> None:
    for path in built.glob("centernet-coco-320.*"):
        shutil.copy(path, tmp_path)
    model = tmp_path / "centernet-coco-320.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    with pytest.raises(ModelError, match=r"is not the file that its card names: SHA-256"):
        catalogue.locate("centernet-coco", 320, tmp_path)


@pytest.mark.parametrize("card", [None, "", "{}", '{"name": "centernet-coco", "unknown": 1}'])
def test_a_missing_or_broken_card_is_refused(built: Path, tmp_path: Path, card: str | None) -> None:
    shutil.copy(built / "centernet-coco-320.onnx", tmp_path)
    if card is not None:
        (tmp_path / "centernet-coco-320.json").write_text(card)
    with pytest.raises(ModelError, match=r"^the model card .*; run: talaia-models convert$"):
        catalogue.locate("centernet-coco", 320, tmp_path)


def test_a_file_of_another_converter_is_built_anew(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "CONVERSION", catalogue.CONVERSION + 1)
    with pytest.raises(ModelError, match=r"was built by another version; run: talaia-models convert --input-px 320$"):
        catalogue.locate("centernet-coco", 320, built)


def test_a_path_to_a_file_is_a_model_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "town.onnx").write_bytes(b"abc")
    found = catalogue.locate(str(tmp_path / "town.onnx"), 320)
    assert found.name == "town"
    assert found.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert found.card is None


def test_an_unknown_name_says_what_is_allowed() -> None:
    with pytest.raises(
        ModelError, match=r"detector.model: 'yolo'; allowed: a name of the catalogue \(centernet-coco, centerface\)"
    ):
        catalogue.locate("yolo", 320)


def test_an_unknown_back_end_says_what_is_allowed() -> None:
    with pytest.raises(ModelError, match=r"detector.backend: 'tensorrt'; allowed: onnxruntime, openvino, ultralytics"):
        load_detector("tensorrt", "centernet-coco", 320, 0.3)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0", "96", "300", "1312", "-320", "big", ""])
def test_an_input_size_that_the_network_cannot_take_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed: a multiple of 32, 128 to 1280"):
        catalogue.input_px(text)


def test_a_file_that_cannot_be_written_whole_is_not_there_at_all(tmp_path: Path) -> None:
    """The file size limit stands for a full disk: the kernel refuses the write half way."""
    target = tmp_path / "model.onnx"
    code = (
        "import resource, sys; from pathlib import Path; from models import ModelError, catalogue\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    catalogue.write_whole(Path(sys.argv[1]), bytes(2000))\n"
        "except ModelError as error:\n    sys.exit(str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"cannot write {target}: File too large\n")
    assert list(tmp_path.iterdir()) == []
