"""The `WasteCheck` of `vision.waste`: crop, backbone, logistic regression."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from models import catalogue, onnx_detector, preparation
from models.errors import ModelError
from models.waste import crops, head, regression

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from models.catalogue import ModelFile
    from vision.geometry import Box


class Backbone:
    """Gives the features of crops."""

    def __init__(self, file: ModelFile) -> None:
        self.sha256 = file.sha256
        self._session = onnx_detector.session(file)
        self._lock = Lock()

    def features(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give [n] numbers for a crop [CROP_PX, CROP_PX, 3], BGR."""
        with self._lock:
            outputs = self._session.run(None, {"images": preparation.tensor(crop)})
        return np.asarray(outputs[0][0], np.float32)


class Check:
    """About 4 ms a thing, on one thread."""

    def __init__(self, backbone: Backbone, trained: head.Head) -> None:
        if trained.features_sha256 != backbone.sha256:
            raise ModelError(
                f"the waste check was trained on other features: SHA-256 {trained.features_sha256[:12]}..., "
                f"not {backbone.sha256[:12]}...; run: talaia-models convert, or {head.COMMAND}"
            )
        self.name = trained.name
        self._backbone = backbone
        self._regression = regression.Regression(np.asarray(trained.weights), trained.bias)

    def probability(self, image: NDArray[np.uint8], box: Box) -> float:
        features = self._backbone.features(crops.cut(image, box))
        return float(self.judge(features[None])[0])

    def judge(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Judge crops by their features [n, m]."""
        return self._regression.probabilities(features)


def load(directory: Path | None = None) -> Check:
    """Load the backbone from the cache and the head from this package.

    Raises:
        ModelError: one of them is not there, or changed.
    """
    return Check(Backbone(catalogue.locate_features(directory)), head.read())
