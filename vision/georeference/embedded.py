"""The small previews inside a still: the camera made them, and programs that turn the picture often leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from vision.georeference.orthophoto import Gray

_START = b"\xff\xd8\xff"
_FILE_BYTES_MAX = 100 * 1024 * 1024
_PREVIEWS_MAX = 4
_PREVIEW_PX_MIN = 64
_BLACK = 16
_LONG_SIDE = 128
_ALIKE_MIN = 0.8
_LEAD_MIN = 0.3


def best_turn_of_previews(path: Path, shown: Gray, possible: tuple[int, ...]) -> int | None:
    """By how many quarters clockwise the shown picture is turned against its previews; None where they do not tell."""
    told: list[int] = []
    for preview in _previews(path):
        scores = {turn: _alike(np.rot90(shown, turn), preview) for turn in possible}
        ranked = sorted(scores, key=lambda turn: scores[turn], reverse=True)
        lead = scores[ranked[0]] - (scores[ranked[1]] if len(ranked) > 1 else 0.0)
        if scores[ranked[0]] >= _ALIKE_MIN and lead >= _LEAD_MIN:
            told.append(ranked[0])
    return max(told, default=None)  # a program may have made one of them anew, none turns one by mistake


def _previews(path: Path) -> list[Gray]:
    """Whole JPEG files inside the file; the marker cannot stand in coded picture data."""
    if path.stat().st_size > _FILE_BYTES_MAX:
        return []
    content = path.read_bytes()
    found: list[Gray] = []
    place = content.find(_START, 2)
    while place >= 0 and len(found) < _PREVIEWS_MAX:
        flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            read = cv2.imdecode(np.frombuffer(content, np.uint8, offset=place), flags)
        except cv2.error:  # larger than OpenCV reads
            read = None
        if read is not None:
            whole = _without_bars(np.asarray(read, dtype=np.uint8))
            if min(whole.shape) >= _PREVIEW_PX_MIN:
                found.append(whole)
        place = content.find(_START, place + 2)
    return found


def _without_bars(picture: Gray) -> Gray:
    """Previews of 4:3 have black bars about a 16:9 picture."""
    rows = np.flatnonzero(np.median(picture, axis=1) > _BLACK)
    columns = np.flatnonzero(np.median(picture, axis=0) > _BLACK)
    if not len(rows) or not len(columns):
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _alike(one: Gray, other: Gray) -> float:
    """Correlation, 0 where the shapes differ."""
    (height, width), (rows, columns) = one.shape, other.shape
    if abs(width / height - columns / rows) > 0.06 * width / height:  # a row or two of a bar's edge
        return 0.0
    size = (_LONG_SIDE, max(1, round(_LONG_SIDE * height / width)))
    first, second = (cv2.resize(each, size, interpolation=cv2.INTER_AREA).astype(float) for each in (one, other))
    first, second = first - first.mean(), second - second.mean()
    energy = float(np.sqrt((first * first).sum() * (second * second).sum()))
    return float((first * second).sum()) / energy if energy > 0 else 0.0
