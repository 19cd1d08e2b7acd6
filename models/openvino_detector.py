"""Runs the same files with OpenVINO, on one thread: ONNX as it is, or what `convert --format openvino` made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models import catalogue, output, preparation
from models.errors import ModelError
from models.onnx_detector import input_size, labels_of, metadata_of, takes_any_rectangle, wanted_classes
from vision import detect

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

    from models.catalogue import ModelFile

NOTES = {"names": "talaia_names", catalogue.LONGER_SIDE_KEY: "talaia_longer_side"}
"""What of an ONNX file's metadata goes into the converted file, and its keys there."""
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
        self._confidence = confidence
        self._input_px = input_px
        openvino = engine()
        try:
            self._core = openvino.Core()
            self._model = self._core.read_model(str(file.path))
            metadata = _metadata(self._model, file.path)
            self._labels = labels_of(metadata)
            self._any_rectangle = takes_any_rectangle(metadata, input_px)
            _check_size(self._model, input_px)
            shape = [None if size.is_dynamic else size.get_length() for size in self._model.output(0).partial_shape]
            self._layout = output.layout_of(shape, len(self._labels))
            self._compiled: dict[tuple[int, int], Any] = {}
            self._compile((input_px, input_px))
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
        size = input_size(image, self._input_px, any_rectangle=self._any_rectangle)
        filled, placement = preparation.letterbox(image, size)
        outputs = self._compile(size)(preparation.tensor(filled))
        found = output.read(np.asarray(outputs[0]), self._layout, self._confidence)
        return [
            detect.Detection(label=self._labels[number], confidence=score, box=placement.box(corners))
            for corners, score, number in zip(
                found.corners_px, found.scores.tolist(), found.classes.tolist(), strict=True
            )
            if number in self._wanted
        ]

    def _compile(self, size: tuple[int, int]) -> Any:
        """Fix height and width, once for each: cameras have few shapes, and OpenVINO is slower without."""
        if size not in self._compiled:
            if self._model.input(0).partial_shape.is_dynamic:
                fixed = self._model.clone()
                fixed.reshape([1, 3, *size])
            else:
                fixed = self._model
            self._compiled[size] = self._core.compile_model(fixed, "CPU", _HOW)
        return self._compiled[size]


def engine() -> Any:
    """Import OpenVINO, which is no part of the agent's own packages."""
    try:
        import openvino  # type: ignore[import-untyped] # noqa: PLC0415 -- only where it is used; it ships no types
    except ImportError as error:
        raise ModelError("detector.backend: 'openvino' is not installed here; install the extra [openvino]") from error
    return openvino


def _metadata(model: Any, path: Path) -> dict[str, str]:
    if path.suffix == ".onnx":
        return metadata_of(path)
    if not model.has_rt_info(NOTES["names"]):
        raise ModelError("it has no class names; make it with talaia-models convert --format openvino")
    return {key: model.get_rt_info(note).astype(str) for key, note in NOTES.items() if model.has_rt_info(note)}


def _check_size(model: Any, input_px: int) -> None:
    shape = model.input(0).partial_shape
    if not shape.compatible(type(shape)([1, 3, input_px, input_px])):
        raise ModelError(f"it takes pictures of {shape}, detector.input_px is {input_px}")
