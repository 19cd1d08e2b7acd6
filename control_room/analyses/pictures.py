"""The picture that shows a finding, with people and vehicles made unrecognisable before it is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from control_room.store.staging import Incoming
from vision import redact
from vision.footage import tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from control_room.store.content import Store
    from vision.detect import Detector
    from vision.footage.result import Candidate, Covered
    from vision.footage.settings import Settings
    from vision.footage.video import Footage
    from vision.geometry import Box

WIDTH_PX_MAX = 1600
_QUALITY = 85
_NEAR_S = 0.5
_MARGIN = 0.25
_MARGIN_LEAST = 0.01
_SAME_IOU = 0.5


class PictureError(Exception):
    """A picture could not be made; one line, beginning with a code."""


def make(
    footage: Footage, candidate: Candidate, hidden: Sequence[Covered], detector: Detector, settings: Settings
) -> bytes | None:
    """A JPEG of the moment at which it was seen best; None where that cannot be decoded again.

    People and vehicles are looked for once more, in pieces and from a lower confidence on than for counting: rather a
    bin too many than a person too few. What was proposed itself stays to be seen.
    """
    picture = footage.picture(candidate.best.time_s)
    if picture is None:
        return None
    image = np.ascontiguousarray(picture.bgr())
    wary = replace(settings, detector_confidence_min=redact.CONFIDENCE)
    boxes = [one.box for one in tiles.detect(image, detector, wary) if one.label in redact.LABELS]
    if image.shape[1] > settings.tile_px:  # who is large may be cut by the pieces
        boxes += [one.box for one in detector.detect(image) if one.label in redact.LABELS]
    near = [one for one in hidden if abs(one.time_s - candidate.best.time_s) <= _NEAR_S]
    boxes += [box for one in near for box in one.boxes]
    redact.pixelate(image, [enlarged(box) for box in boxes if not _is_same(box, candidate.box)])
    return encoded(image)


def keep(store: Store, picture: bytes) -> str:
    """Into the store; its SHA-256."""
    with Incoming(store) as incoming:
        incoming.write(picture)
        incoming.keep()
        return incoming.sha256


def enlarged(box: Box) -> Box:
    x1, y1, x2, y2 = box
    across, down = max((x2 - x1) * _MARGIN, _MARGIN_LEAST), max((y2 - y1) * _MARGIN, _MARGIN_LEAST)
    return max(0.0, x1 - across), max(0.0, y1 - down), min(1.0, x2 + across), min(1.0, y2 + down)


def _is_same(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return False
    shared = across * down
    whole = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - shared
    return shared / whole > _SAME_IOU


def encoded(image: NDArray[np.uint8]) -> bytes:
    width = image.shape[1]
    if width > WIDTH_PX_MAX:
        size = WIDTH_PX_MAX, round(image.shape[0] * WIDTH_PX_MAX / width)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    done, written = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise PictureError("picture: a finding's picture cannot be written")
    return written.tobytes()
