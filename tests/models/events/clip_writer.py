"""Small clips for the tests of the event benchmark."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

WIDTH_PX, HEIGHT_PX = 64, 48


def write_clip(path: Path, *, seconds: float, fps: float) -> None:
    """Write a grey clip in which nothing happens."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (WIDTH_PX, HEIGHT_PX))
    assert writer.isOpened()
    for _ in range(round(seconds * fps)):
        writer.write(np.full((HEIGHT_PX, WIDTH_PX, 3), 128, np.uint8))
    writer.release()
