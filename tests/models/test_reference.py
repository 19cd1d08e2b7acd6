"""The converted graph computes what the published one computes in its own runtime, TensorFlow.js.

Both hold the same weights: stored as float16, widened to float32. What remains is the order of float32 sums.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped] # it ships no types
import pytest
from numpy.typing import NDArray

from models import catalogue, centernet, tfjs_graph

pytestmark = pytest.mark.timeout(900)
REFERENCE = Path(__file__).parent / "reference"
PICTURES = 6
GRAPH, WEIGHTS = catalogue.CENTERNET_COCO.source.sha256
SCORE_TOLERANCE = 1e-5
"""Scores are 0..1; the largest difference seen was 2e-6."""
DISTANCE_TOLERANCE_PX = 0.02
"""Distances reach 330 px; the largest difference seen was 0.004 px."""


@dataclass(frozen=True)
class Outputs:
    """What the original gives for n pictures."""

    keypoints: NDArray[np.float32]
    distances: NDArray[np.float32]
    detections: NDArray[np.float32]


Original = Callable[[dict[str, bytes], NDArray[np.float32]], Outputs]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Give a function from a graph's files and pixels [n, px, px, 3] to what the original's runtime makes of them."""
    node, npm = shutil.which("node"), shlex.split(os.environ.get("TALAIA_NPM", "npm"))
    if node is None or shutil.which(npm[0]) is None:
        pytest.skip("Node.js with npm is not here: it runs the original model")
    if not (REFERENCE / "node_modules" / ".package-lock.json").is_file():
        command = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=REFERENCE, check=True, capture_output=True, timeout=800)

    def run(files: dict[str, bytes], pixels: NDArray[np.float32]) -> Outputs:
        folder = tmp_path_factory.mktemp("original")
        for name, content in files.items():
            (folder / Path(name).name).write_bytes(content)
        pixels.tofile(folder / "input.f32")
        n, input_px = pixels.shape[:2]
        names = ("centernet.json", "centernet.bin", "input.f32")
        command = [node, str(REFERENCE / "run.cjs"), *(str(folder / name) for name in names)]
        command += [str(input_px), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=800, check=False)
        assert done.returncode == 0, done.stderr
        side = input_px // 4
        return Outputs(
            np.fromfile(folder / "keypoints.f32", "<f4").reshape(n, side, side, 80),
            np.fromfile(folder / "wh.f32", "<f4").reshape(n, side, side, 4),
            np.fromfile(folder / "detections.f32", "<f4").reshape(n, 100, 6),
        )

    return run


def stretched(coco128: Path, input_px: int) -> NDArray[np.float32]:
    """Give pictures of different things, brightness and shape, as the original takes them: [n, px, px, 3], 0..255."""
    paths = sorted((coco128 / "images").rglob("*.jpg"))[::20][:PICTURES]
    pictures = [np.asarray(cv2.imread(str(path)), np.uint8)[:, :, ::-1] for path in paths]
    return np.stack([cv2.resize(picture, (input_px, input_px)) for picture in pictures]).astype("<f4")


def run_converted(content: bytes, pixels: NDArray[np.float32]) -> list[list[NDArray[np.float32]]]:
    """Give each picture's outputs."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    tensors = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)) / np.float32(255)
    return [session.run(None, {"images": tensor[None]}) for tensor in tensors]


def at_size(published: dict[str, bytes], input_px: int) -> dict[str, bytes]:
    """Give the published graph for pictures of another size: its input, and the sizes that its maps are widened to."""
    topology, weights = json.loads(published[GRAPH]), bytearray(published[WEIGHTS])
    placeholder = next(node for node in topology["modelTopology"]["node"] if node["op"] == "Placeholder")
    for dimension in placeholder["attr"]["shape"]["shape"]["dim"][1:3]:
        dimension["size"] = str(input_px)
    offset = 0
    for entry in topology["weightsManifest"][0]["weights"]:
        item_bytes = 2 if "quantization" in entry else 4
        count = int(np.prod(entry["shape"]))
        if "/up_sampling2d" in entry["name"] or entry["name"] == "tower_0/strided_slice_6":
            values = np.frombuffer(weights, "<i4", count, offset) * input_px // centernet.PUBLISHED_PX
            weights[offset : offset + count * item_bytes] = values.astype("<i4").tobytes()
        elif entry["name"] == "tower_0/BatchGather/concat":
            rows = np.array([(input_px // 4) ** 2, 4], "<i4")
            weights[offset : offset + count * item_bytes] = rows.tobytes()
        offset += count * item_bytes
    return {GRAPH: json.dumps(topology).encode(), WEIGHTS: bytes(weights)}


@pytest.mark.data
@pytest.mark.parametrize("input_px", [512, 320])
def test_the_heads_agree_with_the_original(
    input_px: int,
    original: Original,
    published: dict[str, bytes],
    graph: tfjs_graph.Graph,
    coco128: Path,
) -> None:
    pixels = stretched(coco128, input_px)
    files = published if input_px == centernet.PUBLISHED_PX else at_size(published, input_px)
    expected = original(files, pixels)
    converted = run_converted(centernet.build_heads(graph, input_px), pixels)
    keypoints = np.concatenate([heads[0] for heads in converted]).transpose(0, 2, 3, 1)
    distances = np.concatenate([heads[1] for heads in converted]).transpose(0, 2, 3, 1)
    assert expected.keypoints.max() > 0.5  # something is in the pictures
    assert np.abs(keypoints - expected.keypoints).max() < SCORE_TOLERANCE
    assert np.abs(distances - expected.distances).max() < DISTANCE_TOLERANCE_PX


@pytest.mark.data
def test_the_boxes_agree_with_the_original(
    original: Original,
    published: dict[str, bytes],
    graph: tfjs_graph.Graph,
    coco128: Path,
) -> None:
    """The original's 100 best, before it suppresses overlaps, hold every box that is left here."""
    pixels = stretched(coco128, centernet.PUBLISHED_PX)
    expected = original(published, pixels)
    converted = run_converted(centernet.build(graph, centernet.PUBLISHED_PX), pixels)
    for theirs, [ours] in zip(expected.detections, converted, strict=True):
        best = ours[0][ours[0][:, 4] > theirs[-1, 4] + SCORE_TOLERANCE]
        assert len(best) > 10
        assert best[0, 4] == pytest.approx(theirs[0, 4], abs=SCORE_TOLERANCE)
        for box in best:
            same = theirs[(theirs[:, 5] == box[5]) & (np.abs(theirs[:, 4] - box[4]) < SCORE_TOLERANCE)]
            assert np.abs(same[:, :4] - box[:4]).max(axis=1).min() < DISTANCE_TOLERANCE_PX
