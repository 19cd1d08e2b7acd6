"""Copies a recorded span with people, vehicles and faces pixelated; there is never sound in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edge.mask import Masks
from edge.recording import decode
from edge.recording.encode import Encoder
from edge.recording.mp4 import Parts
from vision import redact
from vision.redact import Cover
from vision.track import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from edge.recording.facts import Copied
    from edge.ring import Stretch
    from vision.detect import Detector
    from vision.geometry import Box

LOOKED_AT_FPS = 5.0
_LOOKING_SHARE = 0.8
"""Of the work: the detector costs more than painting and coding."""
_STEP = 0.01
"""Of the work, between two words on how far it is."""
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


class Progress:
    """Tells now and then which share of a span's two passes is done."""

    def __init__(self, from_: datetime, to: datetime, tell: Callable[[float], None]) -> None:
        self._from, self._length_s = from_, (to - from_).total_seconds()
        self._tell = tell
        self._told = 0.0

    def looked(self, at: datetime) -> None:
        self._say(_LOOKING_SHARE * self._share(at))

    def painted(self, at: datetime) -> None:
        self._say(_LOOKING_SHARE + (1 - _LOOKING_SHARE) * self._share(at))

    def _share(self, at: datetime) -> float:
        return min(1.0, max(0.0, (at - self._from).total_seconds() / self._length_s))

    def _say(self, share: float) -> None:
        if share >= self._told + _STEP:
            self._told = share
            self._tell(share)


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
    parts = Parts(new_file, part_bytes=part_bytes)
    encoder: Encoder | None = None
    for one, stretch, seam in decode.pictures(stretches):
        if one.captured_at < from_:
            continue
        progress.painted(one.captured_at)
        if encoder is None or seam or _differs(encoder, stretch):
            encoder = Encoder(stretch.facts.width_px, stretch.facts.height_px)
            parts.close()
        image = _NO_MASKS.painted(one.picture)
        redact.pixelate(image, cover.boxes_at(stretch.starts_s + one.pts_s))
        for packet in encoder.code(image, one.pts_s):
            parts.add(packet, one.captured_at, encoder.facts, stretch.starts_s)
    parts.close()
    return parts.done


def _differs(encoder: Encoder, stretch: Stretch) -> bool:
    facts = stretch.facts
    return (facts.width_px // 2 * 2, facts.height_px // 2 * 2) != (encoder.facts.width_px, encoder.facts.height_px)


def look(stretches: Iterable[Stretch], redactor: Redactor, progress: Progress) -> Cover:
    """The first pass."""
    cover, tracker = Cover(), Tracker()
    due_s = float("-inf")
    for one, stretch, seam in decode.pictures(stretches):
        at_s = stretch.starts_s + one.pts_s
        if at_s < due_s and not seam:
            continue
        due_s = at_s + 1 / LOOKED_AT_FPS
        progress.looked(one.captured_at)
        image = _NO_MASKS.painted(one.picture)
        found = [each for each in redactor.detector.detect(image) if each.confidence >= redact.CONFIDENCE]
        faces = redactor.faces.find(image) if redactor.faces is not None else []
        cover.saw(at_s, found, tracker.update(found, at_s, discontinuity=seam), faces)
    return cover
