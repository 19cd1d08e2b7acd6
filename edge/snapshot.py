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
_FONT = cv2.FONT_HERSHEY_SIMPLEX
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
    line_px = max(2, round(height_px / 300))
    colour = _COLOURS_BGR[one.role]
    cv2.rectangle(image, (x1, y1), (x2, y2), _DARK_BGR, line_px + 2)
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, line_px)
    text = one.role if one.label == "unknown" else f"{one.role}: {one.label}"
    _write(image, text, colour, x1, y1 - line_px - 2, y2 + line_px + 2)


def _write(  # noqa: PLR0917 - where and what
    image: NDArray[np.uint8], text: str, colour: tuple[int, int, int], left_px: int, above_px: int, below_px: int
) -> None:
    """On a dark ground above the box, or below it where there is no room."""
    height_px, width_px = image.shape[:2]
    scale = max(0.4, height_px * _LABEL_SHARE / _LETTER_PX)
    stroke_px = max(1, round(scale * 1.5))
    (text_px, letter_px), under_px = cv2.getTextSize(text, _FONT, scale, stroke_px)
    ground_px = letter_px + under_px + 2
    left_px = max(0, min(left_px, width_px - text_px - 4))
    top_px = above_px - ground_px if above_px >= ground_px else min(below_px, height_px - ground_px)
    cv2.rectangle(image, (left_px, top_px), (left_px + text_px + 4, top_px + ground_px), _DARK_BGR, cv2.FILLED)
    cv2.putText(image, text, (left_px + 2, top_px + letter_px + 1), _FONT, scale, colour, stroke_px, cv2.LINE_AA)
