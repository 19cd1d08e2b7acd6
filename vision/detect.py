"""What the pipeline asks of a detection model. The implementations are in `models`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vision.geometry import Box


@dataclass(frozen=True, slots=True)
class Detection:
    """One box in one frame."""

    label: str
    confidence: float
    box: Box


class Detector(Protocol):
    """A model that finds objects in one picture."""

    name: str
    """As in the catalogue; sent with every event."""
    sha256: str
    """Of the file that was loaded; sent with every event."""

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        """Find objects in a BGR picture of shape (height_px, width_px, 3); boxes in 0..1 of it."""
