"""Runs a YOLO-layout ONNX file with onnxruntime, on one thread: a device has more cameras than cores."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnxruntime  # type: ignore[import-untyped] # it ships no types

from models import output
from models.errors import ModelError
from models.letterbox_detector import LetterboxDetector

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from models.catalogue import ModelFile

_LOG_ERRORS_ONLY = 3
_COLOURS = 3


class OnnxDetector(LetterboxDetector):
    """Over one ONNX file."""

    def _load(self, file: ModelFile) -> None:
        self._session = session(file)
        try:
            self._labels = _labels(self._session.get_modelmeta().custom_metadata_map)
            self._input_name, _ = _input(self._session, self._input_px)
            self._layout = output.layout_of(self._session.get_outputs()[0].shape, len(self._labels))
        except ModelError as error:
            raise ModelError(f"the model {file.path} cannot be used: {error}") from error

    def _run(self, pictures: NDArray[np.float32]) -> Any:
        return self._session.run(None, {self._input_name: pictures})[0]


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
