"""Failures as pictures of the clips themselves, for the folder of whoever has the clips; they are not committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from models import catalogue
from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GREEN, _RED = (60, 160, 30), (40, 40, 220)
_QUALITY = 80


def write(folder: Path, clip: Mapping[str, Any], video: Path) -> list[Path]:
    """Write a JPEG for each missed label, at the end of its window, and for each false alert, when it was told."""
    moments = [
        (event["window_s"][1], f"missed-{number}")
        for number, event in enumerate(clip["events"])
        if event["verdict"] == "missed"
    ]
    moments += [
        (alert["media_time_s"], f"false-{number}")
        for number, alert in enumerate(clip["opened"])
        if alert["verdict"] == "false"
    ]
    return [_write(folder / f"{video.stem}-{name}.jpg", clip, video, at_s) for at_s, name in moments]


def _write(path: Path, clip: Mapping[str, Any], video: Path, at_s: float) -> Path:
    image = _frame(video, at_s)
    for event in clip["events"]:
        for box in event["bbox"]:
            _draw(image, box, _GREEN)
    for alert in clip["opened"]:
        if alert["bbox"] is not None and abs(alert["media_time_s"] - at_s) < 0.5:  # noqa: PLR2004 -- of this moment
            _draw(image, alert["bbox"], _RED)
    written, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not written:
        raise ModelError(f"cannot encode {path}")
    catalogue.write_whole(path, jpeg.tobytes())
    return path


def _frame(video: Path, at_s: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read up to the moment: seeking is not exact in every container."""
    reader = cv2.VideoCapture(str(video))
    try:
        wanted = min(at_s * reader.get(cv2.CAP_PROP_FPS), reader.get(cv2.CAP_PROP_FRAME_COUNT) - 1)
        for _ in range(int(wanted)):
            reader.grab()
        read, image = reader.read()
    finally:
        reader.release()
    if not read:
        raise ModelError(f"{video} has no picture at {at_s:.1f} s")
    return np.asarray(image, np.uint8)


def _draw(
    image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], box: list[float], colour: tuple[int, int, int]
) -> None:
    x1, y1, x2, y2 = (round(edge) for edge in box)
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2)
