"""Both back ends find the same boxes: in the project's own model, and in any YOLO export."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest

from models import ModelError, catalogue, load_detector

pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-ultralytics" / "bin" / "python"
needs_environment = pytest.mark.skipif(
    not PYTHON.exists(), reason="no .venv-ultralytics here; models/ultralytics_environment.sh makes it"
)
YOLO_CONFIDENCE = 0.05
"""The network's weights are random: its best scores are about 0.06."""
QUIET = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Found:
    labels: list[str]
    pictures: list[list[list[Any]]]
    """Of each picture, of each box: label, confidence, x1, y1, x2, y2."""


def run_there(script: str, *arguments: str, stand_in: bool = False) -> str:
    """Run a script of this folder with the Python of the ultralytics environment; give what it printed."""
    environment = os.environ | QUIET
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([str(HERE / "stand_in")] if stand_in else [])])
    command = [str(PYTHON), str(HERE / script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def found_by(backend: str, model: Path, input_px: int, confidence: float, pictures: list[Path]) -> Found:
    arguments = [backend, str(model), str(input_px), str(confidence), *map(str, pictures)]
    printed = run_there("print_detections.py", *arguments, stand_in=model.name.startswith("yolo"))
    return Found(**json.loads(printed))


def assert_same(one: Found, other: Found, *, confidence: float, share: float) -> None:
    assert one.labels == other.labels
    for ours, theirs in zip(one.pictures, other.pictures, strict=True):
        assert [box[0] for box in ours] == [box[0] for box in theirs]
        for here, there in zip(ours, theirs, strict=True):
            assert here[1] == pytest.approx(there[1], abs=confidence)
            assert here[2:] == pytest.approx(there[2:], abs=share)


@needs_environment
@pytest.mark.data
def test_the_projects_model_gives_the_same_boxes(built: Path, coco128: Path) -> None:
    """Ends in final boxes, so that nothing of torchvision is needed: the stand-in is not on the path."""
    model, pictures = built / "centernet-coco-320.onnx", sorted((coco128 / "images").rglob("*.jpg"))[:12]
    ours = found_by("onnxruntime", model, 320, 0.3, pictures)
    assert sum(map(len, ours.pictures)) > 10
    assert_same(found_by("ultralytics", model, 320, 0.3, pictures), ours, confidence=1e-5, share=1e-5)


def best_of_each_label(found: Found) -> Found:
    """Leave out the rest: whether two boxes overlap by just the limit can turn on the last bit."""
    best = [{box[0]: box for box in sorted(boxes, key=lambda box: float(box[1]))} for boxes in found.pictures]
    return Found(found.labels, [[boxes[label] for label in sorted(boxes)] for boxes in best])


def squared(path: Path, folder: Path) -> Path:
    """Cut the middle out, 192 px wide: ultralytics gives a `.pt`, unlike an export, less than a square to look at."""
    image = cv2.imread(str(path))
    assert image is not None
    top, left = (image.shape[0] - 192) // 2, (image.shape[1] - 192) // 2
    target = folder / path.with_suffix(".png").name
    assert cv2.imwrite(str(target), image[top : top + 192, left : left + 192])
    return target


@needs_environment
@pytest.mark.data
def test_a_yolo_and_its_export_give_the_same_boxes(coco128: Path, tmp_path: Path) -> None:
    run_there("make_yolo.py", str(tmp_path), stand_in=True)
    pictures = [squared(path, tmp_path) for path in sorted((coco128 / "images").rglob("*.jpg"))[:3]]
    through_onnxruntime = found_by("onnxruntime", tmp_path / "yolo.onnx", 128, YOLO_CONFIDENCE, pictures)
    assert all(len(best) > 1 for best in best_of_each_label(through_onnxruntime).pictures)
    through_ultralytics = found_by("ultralytics", tmp_path / "yolo.onnx", 128, YOLO_CONFIDENCE, pictures)
    as_published = found_by("ultralytics", tmp_path / "yolo.pt", 128, YOLO_CONFIDENCE, pictures)
    expected = best_of_each_label(through_onnxruntime)
    assert_same(best_of_each_label(through_ultralytics), expected, confidence=1e-5, share=1e-4)
    assert_same(best_of_each_label(as_published), expected, confidence=1e-4, share=1e-3)


@needs_environment
@pytest.mark.data
def test_the_agent_analyses_a_clip_with_it(built: Path, coco128: Path, tmp_path: Path) -> None:
    """The same ONNX file and the same command as with onnxruntime, in the other environment."""
    clip = coco128.parent / "dumping" / "aboda_video4.avi"
    settings = (ROOT / "config" / "edge.toml").read_text()
    assert 'backend = "onnxruntime"' in settings
    (tmp_path / "edge.toml").write_text(settings.replace('backend = "onnxruntime"', 'backend = "ultralytics"'))
    (tmp_path / "models").symlink_to(built)
    command = [str(PYTHON.with_name("talaia-edge")), "analyse", str(clip), "-c", str(tmp_path / "edge.toml")]
    environment = os.environ | {"TALAIA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [*command, "--rules", "illegal_dumping"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["phase"] for event in events].count("opened") == 1
    assert events[0]["model"]["sha256"] == catalogue.file_sha256(built / "centernet-coco-320.onnx")


@needs_environment
@pytest.mark.parametrize(
    ("name", "input_px", "words"),
    [
        ("broken.pt", 320, "broken.pt cannot be run by ultralytics: "),
        ("no-model.txt", 320, "no-model.txt cannot be run by ultralytics: "),
        ("centernet-coco-320.onnx", 640, "it takes pictures of 320 x 320 px, detector.input_px is 640"),
    ],
)
def test_a_file_that_cannot_be_used_gives_one_line(
    built: Path, tmp_path: Path, name: str, input_px: int, words: str
) -> None:
    (tmp_path / "broken.pt").write_bytes(b"not a model")
    (tmp_path / "no-model.txt").write_text("nothing")
    (tmp_path / "centernet-coco-320.onnx").symlink_to(built / "centernet-coco-320.onnx")
    command = [str(PYTHON), "-m", "models.cli", "bench", "--backend", "ultralytics", "--model", str(tmp_path / name)]
    command += ["--input-px", str(input_px), "--pictures", "1"]
    environment = os.environ | QUIET
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=800, check=False)
    *_, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert words in last
    assert "Traceback" not in done.stderr


def test_without_its_environment_the_back_end_says_how_to_make_it(built: Path) -> None:
    with pytest.raises(ModelError, match=r"'ultralytics' cannot be imported here .*models/ultralytics_environment.sh"):
        load_detector("ultralytics", str(built / "centernet-coco-320.onnx"), 320, 0.3)
