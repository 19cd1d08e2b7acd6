"""The detection models: where they come from, and what runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection

    from models.onnx_detector import OnnxDetector
    from models.openvino_detector import OpenVinoDetector
    from models.ultralytics_detector import UltralyticsDetector

__all__ = ["Backend", "ModelError", "load_detector"]

Backend = Literal["onnxruntime", "openvino", "ultralytics"]


def load_detector(
    backend: Backend, model: str, input_px: int, confidence: float, *, labels: Collection[str] | None = None
) -> OnnxDetector | OpenVinoDetector | UltralyticsDetector:
    """Load a model by its name in the catalogue or by a path to its file, as a `vision.detect.Detector`.

    `labels` keeps only these of its classes. Raises ModelError, one line, where the model or the back end is not there.
    """
    from models import catalogue  # noqa: PLC0415 -- whoever only wants ModelError needs none of it

    if backend not in get_args(Backend):
        raise ModelError(f"detector.backend: {backend!r}; allowed: {', '.join(get_args(Backend))}")
    file = catalogue.locate(model, input_px, openvino=backend == "openvino")
    if backend == "openvino":
        from models import openvino_detector  # noqa: PLC0415 -- openvino only where it is used

        return openvino_detector.OpenVinoDetector(file, input_px=input_px, confidence=confidence, labels=labels)
    if backend == "onnxruntime":
        from models import onnx_detector  # noqa: PLC0415 -- onnxruntime only where it is used

        return onnx_detector.OnnxDetector(file, input_px=input_px, confidence=confidence, labels=labels)
    from models import ultralytics_detector  # noqa: PLC0415 -- for symmetry; torch comes in when it loads

    return ultralytics_detector.UltralyticsDetector(file, input_px=input_px, confidence=confidence, labels=labels)
