"""Says whether and where a picture changed, cheaply, so that the detection model need not run on a still street."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.frame import Frame
    from vision.geometry import Box

_WIDTH_MIN_PX = 320
"""Pictures are shrunk by the largest whole number that leaves them so wide: ten times quicker than by any other."""
_BLUR_PX = 5
_REFERENCE_S = 1.0
"""Time constant with which the reference follows the picture: someone who slows down still differs from it."""
_STEP_MIN = 10.0
"""Grey levels; below this a change is sensor noise or compression."""
_STEP_NOISE = 5.0
"""In multiples of the picture's own median change, which grows at night."""
_SPECK_PX = 3
SHARE_MIN = 0.0002
"""Of the picture that must change; 15 pixels of 320 x 240."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What the gate found in one frame."""

    share: float
    """Of the picture's pixels, those that changed."""
    moving: bool
    """Run the detector: something moves, moved a moment ago, or it is time to look anyway."""
    region: Box | None
    """Bounds of what changed, in 0..1; None where nothing did, also when `moving` holds for another reason."""
    mask: NDArray[np.uint8] | None = None
    """The pixels that changed, 0 or 1, at the gate's size; None as with `region`."""


class MotionGate:
    """Compares each frame with a running mean of the frames before it."""

    def __init__(
        self,
        *,
        share_min: float = SHARE_MIN,
        hold_s: float = 1.0,
        warm_up_s: float = 2.0,
        look_every_s: float = 10.0,
    ) -> None:
        """Set when the gate opens.

        Args:
            share_min: Share of the picture that must change.
            hold_s: How long it stays open after the last change.
            warm_up_s: How long it is open at the start and after a discontinuity.
            look_every_s: Opens at least this often, so that a person who stands still is not forgotten.
        """
        self._share_min = share_min
        self._hold_s = hold_s
        self._warm_up_s = warm_up_s
        self._look_every_s = look_every_s
        self._reference: NDArray[np.float32] | None = None
        self._last_s = 0.0
        self._open_until_s = 0.0
        self._looked_s = 0.0

    def update(self, frame: Frame) -> Motion:
        grey = _small_grey(frame.image)
        now_s = frame.media_time_s
        if self._reference is None or self._reference.shape != grey.shape or frame.discontinuity:
            self._reference = grey
            self._open_until_s = now_s + self._warm_up_s
            found = None
        else:
            found = changed(grey, self._reference)
            weight = 1.0 - float(np.exp(-max(now_s - self._last_s, 0.0) / _REFERENCE_S))
            cv2.accumulateWeighted(grey, self._reference, weight)
        self._last_s = now_s
        if found is not None and found.share < self._share_min:
            found = None
        if found is not None:
            self._open_until_s = max(self._open_until_s, now_s + self._hold_s)
        moving = now_s <= self._open_until_s or now_s - self._looked_s >= self._look_every_s
        if moving:
            self._looked_s = now_s
        if found is None:
            return Motion(0.0, moving, None)
        return Motion(found.share, moving, found.region, found.mask)


def _small_grey(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _blurred(cv2.cvtColor(_small(image), cv2.COLOR_BGR2GRAY))


def small_luma(plane: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As `changed` compares it, of a luma plane of shape (height_px, width_px)."""
    return _blurred(_small(plane))


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    whole = max(1, width // _WIDTH_MIN_PX)
    size = width // whole, max(1, height // whole)
    even = image[: size[1] * whole, : size[0] * whole]
    return cast("NDArray[np.uint8]", cv2.resize(even, size, interpolation=cv2.INTER_AREA))


def _blurred(grey: NDArray[np.uint8] | cv2.typing.MatLike) -> NDArray[np.float32]:
    return cv2.blur(grey, (_BLUR_PX, _BLUR_PX)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Change:
    """Where two pictures differ by more than the picture as a whole does."""

    share: float
    region: Box
    mask: NDArray[np.uint8]


def changed(grey: NDArray[np.float32], reference: NDArray[np.float32]) -> Change | None:
    """The pixels that changed more than the picture as a whole did; None where none did."""
    change = grey - reference
    if float(change.max()) - float(change.min()) <= _STEP_MIN:
        return None  # a still street: nothing can lie farther than that from the middle
    change -= float(np.median(change[::4, ::4]))
    np.abs(change, out=change)
    step = max(_STEP_MIN, _STEP_NOISE * float(np.median(change[::4, ::4])))
    mask = cv2.morphologyEx((change > step).astype(np.uint8), cv2.MORPH_OPEN, np.ones((_SPECK_PX, _SPECK_PX), np.uint8))
    count = cv2.countNonZero(mask)
    if not count:
        return None
    x, y, width, height = cv2.boundingRect(mask)
    rows, columns = mask.shape
    region = (x / columns, y / rows, (x + width) / columns, (y + height) / rows)
    return Change(count / mask.size, region, cast("NDArray[np.uint8]", mask))
