"""Loads who finds what a pixelated copy must cover; only when one is asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from edge.recording.facts import RecordingError
from edge.recording.pixelate import FaceFinder, Redactor
from models import ModelError, load_detector
from models.catalogue import CENTERFACE
from vision.redact import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edge.sections import DetectorSection
    from vision.detect import Detector
    from vision.geometry import Box

_SIZES_PX = (640, 512)
"""Tried before the size at which the cameras are watched: who is small is to be covered too."""


class _Faces:
    """The boxes of a detector that knows faces and nothing else."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def find(self, image: NDArray[np.uint8]) -> list[Box]:
        return [one.box for one in self._detector.detect(image)]


def redactor(section: DetectorSection) -> Redactor:
    """Raises: RecordingError: the model cannot be loaded."""
    for input_px in _SIZES_PX:
        with suppress(ModelError):
            return Redactor(load_detector(section.backend, section.model, input_px, CONFIDENCE), _faces())
    try:
        return Redactor(load_detector(section.backend, section.model, section.input_px, CONFIDENCE), _faces())
    except ModelError as error:
        raise RecordingError(f"nothing can be pixelated: {error}") from None


def _faces() -> FaceFinder | None:
    """None where `talaia-models fetch face` has not been run: whole persons are covered all the same."""
    with suppress(ModelError):
        return _Faces(load_detector("onnxruntime", CENTERFACE.name, CENTERFACE.input_px[0], CENTERFACE.confidence))
    return None
