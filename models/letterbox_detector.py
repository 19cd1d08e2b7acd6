"""What the back ends share that run a model of YOLO's layouts themselves: a square picture in, boxes and scores out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from models import output, preparation
from models.errors import ModelError
from vision import detect

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from numpy.typing import NDArray

    from models.catalogue import ModelFile


class LetterboxDetector(ABC):
    """The `Detector` of `vision.detect`; a back end loads the file, sets `_labels` and `_layout`, and runs it."""

    _labels: dict[int, str]
    _layout: output.Layout

    def __init__(
        self, file: ModelFile, *, input_px: int, confidence: float, labels: Collection[str] | None = None
    ) -> None:
        """Load the file; `labels` keeps only these of the model's classes, None keeps all."""
        self.name = file.name
        self.sha256 = file.sha256
        self.averages_to_px = input_px
        """Pictures at least twice so wide give the same boxes when they were averaged down to it beforehand."""
        self._input_px = input_px
        self._confidence = confidence
        self._load(file)
        self._wanted = wanted_classes(self._labels, labels)

    @abstractmethod
    def _load(self, file: ModelFile) -> None:
        """Make ready to run.

        Raises:
            ModelError: it cannot be.
        """

    @abstractmethod
    def _run(self, pictures: NDArray[np.float32]) -> Any:
        """The first output for an input [1, 3, px, px] in 0..1."""

    @property
    def labels(self) -> list[str]:
        """The model's classes, also those that `labels` left out."""
        return list(self._labels.values())

    def detect(self, image: NDArray[np.uint8]) -> list[detect.Detection]:
        square, placement = preparation.letterbox(image, self._input_px)
        found = output.read(self._run(preparation.tensor(square)), self._layout, self._confidence)
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
