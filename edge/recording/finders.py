"""Loads who finds what a pixelated copy must cover; only when one is asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from edge.recording.facts import RecordingError
from edge.recording.pixelate import Redactor
from models import ModelError, load_detector
from vision.redact import CONFIDENCE

if TYPE_CHECKING:
    from edge.config import DetectorSection

_SIZES_PX = (640, 512)
"""Tried before the size at which the cameras are watched: who is small is to be covered too."""


def redactor(section: DetectorSection) -> Redactor:
    """Raises: RecordingError: the model cannot be loaded."""
    for input_px in _SIZES_PX:
        with suppress(ModelError):
            return Redactor(load_detector(section.backend, section.model, input_px, CONFIDENCE))
    try:
        return Redactor(load_detector(section.backend, section.model, section.input_px, CONFIDENCE))
    except ModelError as error:
        raise RecordingError(f"nothing can be pixelated: {error}") from None
