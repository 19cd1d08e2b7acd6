"""Runs a YOLO-layout ONNX file with onnxruntime, on one thread: a device has more cameras than cores."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnxruntime  # type: ignore[import-untyped] # it ships no types

from models import output, preparation
from models.errors import ModelError
from vision import detect

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from models.catalogue import ModelFile

_LOG_ERRORS_ONLY = 3
_COLOURS = 3


class OnnxDetector:
    """The `Detector` of `vision.detect` over one ONNX file."""

    def __init__(
        self, file: ModelFile, *, input_px: int, confidence: float, labels: Collection[str] | None = None
    ) -> None:
        """Load the file; `labels` keeps only these of the model's classes, None keeps all."""
        self.name = file.name
        self.sha256 = file.sha256
        self.averages_to_px = input_px
        """Pictures at least twice so wide give the same boxes when they were averaged down to it beforehand."""
        self._confidence = confidence
        self._session = session(file)
        try:
            self._labels = _labels(self._session.get_modelmeta().custom_metadata_map)
            self._input_name, self._input_px = _input(self._session, input_px)
            self._layout = output.layout_of(self._session.get_outputs()[0].shape, len(self._labels))
        except ModelError as error:
            raise ModelError(f"the model {file.path} cannot be used: {error}") from error
        self._wanted = wanted_classes(self._labels, labels)

    @property
    def labels(self) -> list[str]:
        """The model's classes, also those that `labels` left out."""
        return list(self._labels.values())

    def detect(self, image: NDArray[np.uint8]) -> list[detect.Detection]:
        square, placement = preparation.letterbox(image, self._input_px)
        outputs: list[Any] = self._session.run(None, {self._input_name: preparation.tensor(square)})
        found = output.read(outputs[0], self._layout, self._confidence)
        return [
            detect.Detection(label=self._labels[number], confidence=score, box=placement.box(corners))
            for corners, score, number in zip(
                found.corners_px, found.scores.tolist(), found.classes.tolist(), strict=True
            )
            if number in self._wanted
        ]


def wanted_classes(known: dict[int, str], labels: Collection[str] | None) -> set[int]:
    """Give the numbers of the wanted labels; an unknown label is an error."""
    unknown = sorted(set(labels or ()) - set(known.values()))
    if unknown:
        raise ModelError(f"detector labels: the model knows no {', '.join(unknown)}")
    return {number for number, label in known.items() if labels is None or label in labels}


def session(file: ModelFile) -> onnxruntime.InferenceSession:
    """Load a file for one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(str(file.path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no base
        reason = str(error).splitlines()[0]
        raise ModelError(f"the model {file.path} cannot be loaded by onnxruntime: {reason}") from error


@dataclass(frozen=True, slots=True)
class Description:
    """What a file says of itself."""

    labels: list[str]
    input_px: int
    """0: any."""
    layout: output.Layout


def describe(file: ModelFile) -> Description:
    """Look into a file that a user brought.

    Raises:
        ModelError: it is no detector of YOLO's layouts.
    """
    loaded = session(file)
    try:
        labels = list(_labels(loaded.get_modelmeta().custom_metadata_map).values())
        fixed = [size for size in loaded.get_inputs()[0].shape[2:] if isinstance(size, int)]
        _, input_px = _input(loaded, fixed[0] if fixed else 0)
        return Description(labels, input_px, output.layout_of(loaded.get_outputs()[0].shape, len(labels)))
    except ModelError as error:
        raise ModelError(f"the model {file.path} cannot be used: {error}") from error


def metadata_labels(path: Path) -> dict[int, str]:
    """Read the class names of an ONNX file without loading its weights for work."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = _LOG_ERRORS_ONLY
    loaded = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return _labels(loaded.get_modelmeta().custom_metadata_map)


def _labels(metadata: dict[str, str]) -> dict[int, str]:
    """Read `names` as YOLO exports write it: a Python dict from class number to label."""
    try:
        names = ast.literal_eval(metadata["names"])
        return {int(number): str(label) for number, label in names.items()}
    except (KeyError, ValueError, SyntaxError, AttributeError, TypeError) as error:
        raise ModelError("its metadata has no class names (key `names`, as YOLO exports write it)") from error


def _input(session: onnxruntime.InferenceSession, input_px: int) -> tuple[str, int]:
    """Check the one input [1, 3, px, px]; sizes that are not fixed take input_px."""
    first = session.get_inputs()[0]
    if len(first.shape) != 4 or first.shape[1] != _COLOURS:  # noqa: PLR2004 -- batch, colours, height, width
        raise ModelError(f"its input is {first.shape}; allowed: [1, 3, px, px]")
    fixed = {size for size in first.shape[2:] if isinstance(size, int)}
    if fixed - {input_px}:
        raise ModelError(
            f"it takes pictures of {' x '.join(map(str, first.shape[2:]))} px, detector.input_px is {input_px}"
        )
    return first.name, input_px
