"""Runs the same files with OpenVINO, on one thread: ONNX as it is, or what `convert --format openvino` made of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from models import output
from models.errors import ModelError
from models.letterbox_detector import LetterboxDetector
from models.onnx_detector import metadata_labels

if TYPE_CHECKING:
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


class OpenVinoDetector(LetterboxDetector):
    """Over OpenVINO's processor plugin."""

    def _load(self, file: ModelFile) -> None:
        openvino = engine()
        try:
            model = openvino.Core().read_model(str(file.path))
            self._labels = _labels(model, file.path)
            _fix_size(model, self._input_px)
            shape = [None if size.is_dynamic else size.get_length() for size in model.output(0).partial_shape]
            self._layout = output.layout_of(shape, len(self._labels))
            self._compiled = openvino.Core().compile_model(model, "CPU", _HOW)
        except ModelError as error:
            raise ModelError(f"the model {file.path} cannot be used: {error}") from error
        except Exception as error:  # OpenVINO's own exceptions share no base
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(f"the model {file.path} cannot be loaded by openvino: {reason}") from error

    def _run(self, pictures: NDArray[np.float32]) -> Any:
        return np.asarray(self._compiled(pictures)[0])


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
