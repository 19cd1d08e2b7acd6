"""One model for all cameras of the agent, each in its turn.

Threads of one process share it: the run itself holds no interpreter lock (docs/design/edge.md has the figures). A
camera asks for one picture at a time, so no more wait than there are cameras, and what comes meanwhile is dropped and
counted before it asks (`edge.handoff`).
"""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vision.detect import Detection, Detector


class SharedDetector:
    """First come, first served: a plain lock may give a busy camera two turns while another waits."""

    def __init__(self, detector: Detector) -> None:
        self.name = detector.name
        self.sha256 = detector.sha256
        self.averages_to_px: int = getattr(detector, "averages_to_px", 0)
        self._detector = detector
        self._turns: deque[object] = deque()
        self._next = Condition()

    @property
    def waiting(self) -> int:
        """Cameras whose picture is being looked at or waits for it."""
        return len(self._turns)

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        turn = object()
        with self._next:
            self._turns.append(turn)
            self._next.wait_for(lambda: self._turns[0] is turn)
        try:
            return self._detector.detect(image)
        finally:
            with self._next:
                self._turns.popleft()
                self._next.notify_all()
