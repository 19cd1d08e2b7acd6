"""Runs any YOLO `.pt` or export through ultralytics, in an environment of its own (docs/design/detector.md)."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from models import output
from models.errors import ModelError
from models.letterbox_detector import wanted_classes
from vision import detect

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from models.catalogue import ModelFile


class UltralyticsDetector:
    """The `Detector` of `vision.detect` over `ultralytics.YOLO`."""

    def __init__(
        self, file: ModelFile, *, input_px: int, confidence: float, labels: Collection[str] | None = None
    ) -> None:
        """Load the file and run it once; `labels` keeps only these of the model's classes, None keeps all."""
        self.name = file.name
        self.sha256 = file.sha256
        self._input_px = input_px
        self._confidence = confidence
        try:
            self._model = _ultralytics().YOLO(str(file.path), task="detect", verbose=False)
            self._predict(np.zeros((input_px, input_px, 3), np.uint8))
        except ModelError:
            raise
        except Exception as error:  # ultralytics and what it loads raise anything
            raise ModelError(f"the model {file.path} cannot be run by ultralytics: {_reason(error)}") from error
        _check_size(file, self._model.predictor.model, input_px)
        self._labels: dict[int, str] = dict(self._model.names)
        self._wanted = wanted_classes(self._labels, labels)

    @property
    def labels(self) -> list[str]:
        """The model's classes, also those that `labels` left out."""
        return list(self._labels.values())

    def detect(self, image: NDArray[np.uint8]) -> list[detect.Detection]:
        boxes = self._predict(image).boxes
        corners = np.clip(boxes.xyxyn.cpu().numpy(), 0.0, 1.0).tolist()
        scores, classes = boxes.conf.cpu().numpy().tolist(), boxes.cls.cpu().numpy().astype(int).tolist()
        return [
            detect.Detection(label=self._labels[number], confidence=score, box=(x1, y1, x2, y2))
            for (x1, y1, x2, y2), score, number in zip(corners, scores, classes, strict=True)
            if number in self._wanted
        ]

    def _predict(self, image: NDArray[np.uint8]) -> Any:
        results = self._model.predict(
            image, imgsz=self._input_px, conf=self._confidence, iou=output.SUPPRESSION_IOU, verbose=False
        )
        return results[0]


def _reason(error: Exception) -> str:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if "torchvision::" in reason:
        # Models that leave overlaps to suppress need torchvision's operator; a build for another torch lacks it.
        return (
            f"torchvision does not fit torch here ({reason}); install one that does, or give an export with final boxes"
        )
    return reason


def _check_size(file: ModelFile, loaded: Any, input_px: int) -> None:
    """Refuse an export of another fixed size; ultralytics would use its size without a word."""
    metadata = getattr(loaded, "metadata", {})
    fixed = set(metadata.get("imgsz", [])) if not metadata.get("dynamic") else set()
    if fixed - {input_px}:
        sizes = " x ".join(map(str, metadata["imgsz"]))
        raise ModelError(
            f"the model {file.path} cannot be used: it takes pictures of {sizes} px, detector.input_px is {input_px}"
        )


def _ultralytics() -> Any:
    """Import ultralytics so that it asks no network, installs nothing and leaves standard output alone."""
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    try:
        torch = importlib.import_module("torch")
        ultralytics = importlib.import_module("ultralytics")
    except ImportError as error:
        raise ModelError(
            f"detector.backend: 'ultralytics' cannot be imported here ({error}); make its environment with "
            "models/ultralytics_environment.sh and run the command from there"
        ) from error
    torch.set_num_threads(1)  # as onnxruntime here: a device has more cameras than cores
    for handler in logging.getLogger("ultralytics").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)  # standard output belongs to the command's own lines
    return ultralytics
