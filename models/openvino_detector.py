"""Runs the same files with OpenVINO, on one thread: ONNX as it is, or what `convert --format openvino` made of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from models import output, preparation
from models.errors import ModelError
from models.onnx_detector import metadata_labels, wanted_classes
from vision import detect

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

    from models.catalogue import ModelFile

LABELS_KEY = "talaia_names"
"""Of the converted file's own notes: the class names, as YOLO exports write them."""
_HOW = {
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",  # else bfloat16 where the processor has it: scores differ by hundredths
}


class OpenVinoDetector:
    """The `Detector` of `vision.detect` over OpenVINO's processor plugin."""

    def __init__(
        self, file: ModelFile, *, input_px: int, confidence: float, labels: Collection[str] | None = None
    ) -> None:
        """Load the file; `labels` keeps only these of the model's classes, None keeps all."""
        self.name = file.name
        self.sha256 = file.sha256
        self.averages_to_px = input_px
        """Pictures at least twice so wide give the same boxes when they were averaged down to it beforehand."""
        self._confidence = confidence
        self._input_px = input_px
        openvino = engine()
        try:
            model = openvino.Core().read_model(str(file.path))
            self._labels = _labels(model, file.path)
            _fix_size(model, input_px)
            shape = [None if size.is_dynamic else size.get_length() for size in model.output(0).partial_shape]
            self._layout = output.layout_of(shape, len(self._labels))
            self._compiled = openvino.Core().compile_model(model, "CPU", _HOW)
        except ModelError as error:
            raise ModelError(f"the model {file.path} cannot be used: {error}") from error
        except Exception as error:  # OpenVINO's own exceptions share no base
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(f"the model {file.path} cannot be loaded by openvino: {reason}") from error
        self._wanted = wanted_classes(self._labels, labels)

    @property
    def labels(self) -> list[str]:
        """The model's classes, also those that `labels` left out."""
        return list(self._labels.values())

    def detect(self, image: NDArray[np.uint8]) -> list[detect.Detection]:
        square, placement = preparation.letterbox(image, self._input_px)
        outputs = self._compiled(preparation.tensor(square))
        found = output.read(np.asarray(outputs[0]), self._layout, self._confidence)
        return [
            detect.Detection(label=self._labels[number], confidence=score, box=placement.box(corners))
            for corners, score, number in zip(
                found.corners_px, found.scores.tolist(), found.classes.tolist(), strict=True
            )
            if number in self._wanted
        ]


def engine() -> Any:
    """Import OpenVINO, which is no part of the agent's own packages."""
    try:
        import openvino  # type: ignore[import-untyped] # noqa: PLC0415 -- only where it is used; it ships no types
    except ImportError as error:
        raise ModelError("detector.backend: 'openvino' is not installed here; install the extra [openvino]") from error
    return openvino


def _labels(model: Any, path: Path) -> dict[int, str]:
    if path.suffix == ".onnx":
        return metadata_labels(path)
    if not model.has_rt_info(LABELS_KEY):
        raise ModelError("it has no class names; make it with talaia-models convert --format openvino")
    names: dict[int, str] = ast.literal_eval(model.get_rt_info(LABELS_KEY).astype(str))
    return names


def _fix_size(model: Any, input_px: int) -> None:
    wanted = [1, 3, input_px, input_px]
    shape = model.input(0).partial_shape
    if not shape.compatible(type(shape)(wanted)):
        raise ModelError(f"it takes pictures of {shape}, detector.input_px is {input_px}")
    if shape.is_dynamic:
        model.reshape(wanted)
