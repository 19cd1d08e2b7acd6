"""Copies a recorded span with people, vehicles and faces pixelated; there is never sound in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edge.mask import Masks
from edge.recording import decode, recode
from vision import redact
from vision.redact import Cover
from vision.track import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from edge.recording.decode import Decoded
    from edge.recording.facts import Copied
    from edge.recording.progress import Progress
    from edge.ring import Stretch
    from vision.detect import Detector
    from vision.geometry import Box

LOOKED_AT_FPS = 5.0
_LOOKING_SHARE = 0.8
"""Of the work: the detector costs more than painting and coding."""
_NO_MASKS = Masks([])


class FaceFinder(Protocol):
    """Where faces are; it knows nobody."""

    def find(self, image: NDArray[np.uint8]) -> list[Box]:
        """Boxes [x1, y1, x2, y2] in 0..1 of a BGR picture."""


@dataclass(frozen=True, slots=True)
class Redactor:
    """Who finds what is to be covered."""

    detector: Detector
    """Should say everything from `vision.redact.CONFIDENCE` on."""
    faces: FaceFinder | None = None


def copy(  # noqa: PLR0917 - what is copied, and where to
    looked_at: Iterable[Stretch],
    stretches: Iterable[Stretch],
    from_: datetime,
    new_file: Callable[[], Path],
    redactor: Redactor,
    progress: Progress,
    *,
    part_bytes: int,
) -> list[Copied]:
    """The span from `from_` on; `looked_at` is the same and a little more on both sides."""
    cover = look(looked_at, redactor, progress)

    def painted(one: Decoded, stretch: Stretch) -> NDArray[np.uint8]:
        image = _NO_MASKS.painted(one.picture)
        redact.pixelate(image, cover.boxes_at(stretch.starts_s + one.pts_s))
        return image

    def at(moment: datetime) -> None:
        progress.at(moment, done=_LOOKING_SHARE, weight=1 - _LOOKING_SHARE)

    return recode.copy(stretches, from_, new_file, painted, at, part_bytes=part_bytes)


def look(stretches: Iterable[Stretch], redactor: Redactor, progress: Progress) -> Cover:
    """The first pass."""
    cover, tracker = Cover(), Tracker()
    due_s = float("-inf")
    for one, stretch, seam in decode.pictures(stretches):
        at_s = stretch.starts_s + one.pts_s
        if at_s < due_s and not seam:
            continue
        due_s = at_s + 1 / LOOKED_AT_FPS
        progress.at(one.captured_at, weight=_LOOKING_SHARE)
        image = _NO_MASKS.painted(one.picture)
        found = [each for each in redactor.detector.detect(image) if each.confidence >= redact.CONFIDENCE]
        faces = redactor.faces.find(image) if redactor.faces is not None else []
        cover.saw(at_s, found, tracker.update(found, at_s, discontinuity=seam), faces)
    return cover
