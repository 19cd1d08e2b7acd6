"""Reads what a detection model puts out, in the two layouts that YOLO exports use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Layout = Literal["boxes", "candidates"]
"""`boxes` [1, n, 6]: corners, score, class; overlaps are gone. `candidates` [1, 4 + classes, n]: centre and extent, and
a score a class; overlaps are still in."""

SUPPRESSION_IOU = 0.5
_BOX_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Found:
    """Boxes above the threshold, best first: corners in pixels of the input [n, 4], scores [n], classes [n]."""

    corners_px: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]


def layout_of(shape: list[int | str | None], labels: int) -> Layout:
    """Tell the layout by the output's shape; a size that is not fixed is a name or None."""
    if len(shape) == 3 and shape[2] == _BOX_COLUMNS:  # noqa: PLR2004 -- batch, rows, columns
        return "boxes"
    if len(shape) == 3 and shape[1] == 4 + labels:  # noqa: PLR2004
        return "candidates"
    raise ModelError(f"its output is {shape}; allowed: [1, n, 6], or [1, {4 + labels}, n] for its {labels} labels")


def read(output: NDArray[np.float32], layout: Layout, confidence: float) -> Found:
    """Take the boxes of one picture from the model's whole output."""
    if layout == "boxes":
        rows = output[0][output[0][:, 4] >= confidence]
        return Found(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64))
    return _from_candidates(output[0], confidence)


def _from_candidates(table: NDArray[np.float32], confidence: float) -> Found:
    """Each place has one label, its best, as in ultralytics."""
    best = table[4:].max(axis=0)
    places = np.nonzero(best >= confidence)[0]
    places = places[np.argsort(-best[places], kind="stable")]
    scores, classes = best[places], table[4:, places].argmax(axis=0)
    centre, half = table[:2, places], table[2:4, places] / 2
    corners = np.concatenate([centre - half, centre + half]).T
    kept = _without_overlaps(corners, classes)
    return Found(corners[kept], scores[kept], classes[kept].astype(np.int64))


def _without_overlaps(corners: NDArray[np.float32], classes: NDArray[np.int64]) -> list[int]:
    """Keep each box, best first, unless a kept one of its class covers it (non-maximum suppression)."""
    areas = np.prod(np.maximum(corners[:, 2:] - corners[:, :2], 0), axis=1)
    kept: list[int] = []
    for index, box in enumerate(corners):
        rivals = [each for each in kept if classes[each] == classes[index]]
        low = np.maximum(corners[rivals, :2], box[:2])
        high = np.minimum(corners[rivals, 2:], box[2:])
        common = np.prod(np.maximum(high - low, 0), axis=1)
        union = areas[rivals] + areas[index] - common
        if not np.any(common > SUPPRESSION_IOU * np.maximum(union, np.finfo(np.float32).tiny)):
            kept.append(index)
    return kept
