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


def jpeg(image: NDArray[np.uint8]) -> bytes:
    written, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not written:
        raise EdgeError("the picture cannot be written as JPEG")
    return data.tobytes()


def annotated(image: NDArray[np.uint8], objects: list[RuleObject]) -> NDArray[np.uint8]:
    """A copy with a box round what the event is about: its things, or where it has none, all its objects.

    Who left a thing is long elsewhere when its alert opens; a box where he was then would frame nobody. No words are
    drawn: the page says them in the operator's language.
    """
    drawn = image.copy()
    for one in [each for each in objects if each.role == "thing"] or objects:
        _draw(drawn, one)
    return drawn


def _draw(image: NDArray[np.uint8], one: RuleObject) -> None:
    """A dark rim keeps the box to be seen on any ground."""
    height_px, width_px = image.shape[:2]
    x1, y1, x2, y2 = (round(edge * size) for edge, size in zip(one.box, (width_px, height_px) * 2, strict=True))
    line_px = max(2, round(height_px / 300))
    cv2.rectangle(image, (x1, y1), (x2, y2), _DARK_BGR, line_px + 2)
    cv2.rectangle(image, (x1, y1), (x2, y2), _COLOURS_BGR[one.role], line_px)
