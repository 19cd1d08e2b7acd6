"""The picture that shows a finding, with people, vehicles and homes made unrecognisable before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from control_room.store.staging import Incoming
from vision import redact
from vision.footage import homes, tiles
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from control_room.store.content import Store
    from vision.detect import Detector
    from vision.footage.flown import Flown
    from vision.footage.homes import Homes
    from vision.footage.result import Covered
    from vision.footage.settings import Settings
    from vision.footage.video import Footage
    from vision.geometry import Box
    from vision.georeference.place import View

WIDTH_PX_MAX = 1600
_QUALITY = 85
_NEAR_S = 0.5
_MARGIN = 0.25
_MARGIN_LEAST = 0.01
_SAME_IOU = 0.5


class PictureError(Exception):
    """A picture could not be made; one line, beginning with a code."""


@dataclass(frozen=True, slots=True)
class Hider:
    """Makes people, vehicles and homes unrecognisable before a picture is kept."""

    detector: Detector
    settings: Settings
    town: Homes | None
    """The buildings about the flight; None: it is not known where it was, though the room knows buildings."""

    def hide(self, image: NDArray[np.uint8], view: View | None, box: Box | None, known: Sequence[Box] = ()) -> None:
        """In place. `box` stays to be seen: it is what the picture is of. `known`: where else somebody is.

        People and vehicles are looked for in pieces and from a lower confidence on than for counting: rather a bin too
        many than a person too few.
        """
        wary = replace(self.settings, detector_confidence_min=redact.CONFIDENCE)
        boxes = [one.box for one in tiles.detect(image, self.detector, wary) if one.label in redact.LABELS]
        if image.shape[1] > self.settings.tile_px:  # who is large may be cut by the pieces
            boxes += [one.box for one in self.detector.detect(image) if one.label in redact.LABELS]
        kept = () if box is None else (box,)
        homes.paint(image, view, self.town, kept)
        shown = [each for each in (*boxes, *known) if box is None or not _is_same(each, box)]
        redact.pixelate(image, [enlarged(each) for each in shown])


def make(
    footage: Footage,
    time_s: float,
    box: Box | None,
    *,
    hider: Hider,
    flown: Flown | None,
    hidden: Sequence[Covered] = (),
) -> bytes | None:
    """A JPEG of a moment; None where that cannot be decoded again. `flown` None: nothing says where it was taken."""
    picture = footage.picture(time_s)
    if picture is None:
        return None
    image = np.ascontiguousarray(picture.bgr())
    known = [each for one in hidden if abs(one.time_s - time_s) <= _NEAR_S for each in one.boxes]
    hider.hide(image, view_at(flown, picture.time_s), box, known)
    return encoded(image)


def view_at(flown: Flown | None, time_s: float) -> View | None:
    try:
        return None if flown is None else flown.view(time_s)
    except RefusedError:
        return None


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
