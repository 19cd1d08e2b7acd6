"""The picture of an event: as it was, and a copy with the boxes drawn in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.errors import EdgeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.rules.base import RuleObject

_QUALITY = 90
_COLOURS_BGR = {
    "thing": (0, 64, 255),
    "actor": (255, 160, 0),
    "vehicle": (0, 200, 255),
    "other": (200, 200, 200),
}
_DARK_BGR = (0, 0, 0)
_LABEL_SHARE = 0.028
"""Height of the letters over the picture's."""
_LETTER_PX = 22
"""Height of OpenCV's letters at scale 1."""


def jpeg(image: NDArray[np.uint8]) -> bytes:
    written, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not written:
        raise EdgeError("the picture cannot be written as JPEG")
    return data.tobytes()


def annotated(image: NDArray[np.uint8], objects: list[RuleObject]) -> NDArray[np.uint8]:
    """A copy with a box and a label for each object; a dark rim keeps both readable on any ground."""
    drawn = image.copy()
    for one in reversed(objects):  # the thing last, on top
        _draw(drawn, one)
    return drawn


def _draw(image: NDArray[np.uint8], one: RuleObject) -> None:
    height_px, width_px = image.shape[:2]
    x1, y1, x2, y2 = (round(edge * size) for edge, size in zip(one.box, (width_px, height_px) * 2, strict=True))
    thick_px = max(2, round(height_px / 300))
    colour = _COLOURS_BGR[one.role]
    cv2.rectangle(image, (x1, y1), (x2, y2), _DARK_BGR, thick_px + 2)
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, thick_px)
    text = one.role if one.label == "unknown" else f"{one.role}: {one.label}"
    scale = max(0.4, height_px * _LABEL_SHARE / _LETTER_PX)
    (text_px, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick_px)
    left_px = max(2, min(x1, width_px - text_px - 2))
    above_px = y1 - thick_px - 3
    base_px = above_px if above_px > _LETTER_PX * scale else min(height_px - 4, y2 + round(_LETTER_PX * scale) + 6)
    for colour_now, thickness in ((_DARK_BGR, thick_px + 2), (colour, max(1, thick_px - 1))):
        cv2.putText(
            image, text, (left_px, base_px), cv2.FONT_HERSHEY_SIMPLEX, scale, colour_now, thickness, cv2.LINE_AA
        )
