"""One picture of a source, with the clocks it came with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded picture, already masked where the camera has mask zones."""

    image: NDArray[np.uint8]
    """BGR, shape (height_px, width_px, 3)."""
    index: int
    """Counted from 0 since the source was opened; never goes back, also over the seam of a loop."""
    media_time_s: float
    """Since the source's first frame, by its own time stamps; never goes back."""
    captured_at: datetime
    """UTC, the device's clock."""
    discontinuity: bool = False
    """What was seen before says nothing about this picture: the seam of a loop, a reconnection, a moved camera."""
