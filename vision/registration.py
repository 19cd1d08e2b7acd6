"""Holds a picture that shakes to the place of the background: by how far it is off, and the picture moved back.

Only shifts: what a pole does in the wind. A camera that turned shows another scene, which is learned afresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAMPLE_PX = 160
"""Width at which the shift is estimated; a tenth of a pixel here is a fifth at analysis size."""
_REFERENCE_EVERY_S = 2.0
_SHIFT_MIN_PX = 0.15
"""At analysis size; less blurs more than it mends."""
_SHIFT_MAX_SHARE = 0.04
"""Of the picture's width: further is not shake."""
_BETTER, _BETTER_BY = 0.92, 0.25
"""The moved picture must differ so much less, as a share and in grey levels, from the background."""
_SLOPE_MIN = 0.7
"""Grey levels a pixel, root mean square, in the direction that slopes least: without it nothing shows a shift."""
_STILL_PX = 0.1
"""At sample size: how well correlation tells a picture at rest; most are, and need no more work."""
_STEPS = 3
_GROUND_SHARE_MIN = 0.25
"""With less ground in sight nothing is said about the camera."""


class Registration:
    """Estimates the shift of each picture against the background."""

    def __init__(self) -> None:
        self.shift_px = (0.0, 0.0)
        """Of the newest picture, across and down, at analysis size."""
        self._reference: NDArray[np.float32] | None = None
        self._slopes: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self._window: NDArray[np.float32] | None = None
        self._made_s = 0.0

    def steady(
        self, picture: NDArray[np.uint8], background: NDArray[np.float32], ground: NDArray[np.bool_], now_s: float
    ) -> NDArray[np.uint8]:
        """The picture as the camera would have taken it at its usual place.

        Args:
            picture: BGR at analysis size.
            background: Of the same shape, in any light.
            ground: Where the background is known and nobody stands.
            now_s: Media time.
        """
        self.shift_px = (0.0, 0.0)
        height, width = ground.shape
        scale = min(1.0, _SAMPLE_PX / width)
        size = max(8, round(width * scale)), max(8, round(height * scale))
        free = cv2.resize(ground.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        if free.mean() < _GROUND_SHARE_MIN:
            return picture
        self._refresh(background, size, now_s)
        grey = _grey(picture, size)
        shift = self._estimate(grey, free)
        if shift is None:
            return picture
        across, down = shift[0] * width / size[0], shift[1] * height / size[1]
        if max(abs(across), abs(down)) < _SHIFT_MIN_PX:
            return picture
        self.shift_px = across, down
        return np.asarray(_moved(picture, -across, -down), np.uint8)

    def forget(self) -> None:
        """The background was learned afresh."""
        self._reference = None

    def _refresh(self, background: NDArray[np.float32], size: tuple[int, int], now_s: float) -> None:
        known = self._reference is not None and self._reference.shape == size[::-1]
        if known and 0 <= now_s - self._made_s < _REFERENCE_EVERY_S:
            return
        self._reference = _grey(background, size)
        self._slopes = (
            np.asarray(cv2.Sobel(self._reference, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8), np.float32),
            np.asarray(cv2.Sobel(self._reference, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8), np.float32),
        )
        if self._window is None or self._window.shape != size[::-1]:
            self._window = np.asarray(cv2.createHanningWindow(size, cv2.CV_32F), np.float32)
        self._made_s = now_s

    def _estimate(self, grey: NDArray[np.float32], free: NDArray[np.bool_]) -> tuple[float, float] | None:
        """Shift at sample size, or None where none makes the picture more like the background."""
        reference = self._reference
        if reference is None or self._window is None:
            return None
        filled = np.where(free, grey, reference)
        filled *= float(reference.mean()) / max(float(filled.mean()), 1.0)
        # OpenCV applies the window in place where the size needs no padding.
        (across, down), _ = cv2.phaseCorrelate(reference.copy(), filled, self._window)
        if max(abs(across), abs(down)) < _STILL_PX:
            return None
        limit = _SHIFT_MAX_SHARE * grey.shape[1]
        start = (across, down) if max(abs(across), abs(down)) <= limit else (0.0, 0.0)
        shift = self._refine(grey, reference, free, start)
        if shift is None or max(abs(shift[0]), abs(shift[1])) > limit:
            return None
        as_it_came = _unlike(grey, reference, free)
        moved_back = _unlike(_moved(grey, -shift[0], -shift[1]), reference, free)
        return shift if moved_back < min(_BETTER * as_it_came, as_it_came - _BETTER_BY) else None

    def _refine(
        self,
        grey: NDArray[np.float32],
        reference: NDArray[np.float32],
        free: NDArray[np.bool_],
        start: tuple[float, float],
    ) -> tuple[float, float] | None:
        """Least squares over the slopes, without pixels that differ for another reason; None where too few slope."""
        if self._slopes is None:
            return None
        across, down = start
        for _ in range(_STEPS):
            rest, usable = _rest(_moved(grey, -across, -down), reference, free)
            slopes = np.stack([self._slopes[0][usable], self._slopes[1][usable]])
            matrix = slopes @ slopes.T
            if float(np.linalg.eigvalsh(matrix)[0]) < _SLOPE_MIN**2 * slopes.shape[1]:
                return None
            step = -np.linalg.solve(matrix, slopes @ rest[usable])
            across, down = across + float(step[0]), down + float(step[1])
            if max(abs(float(step[0])), abs(float(step[1]))) < 0.02:  # noqa: PLR2004 - pixels
                break
        return across, down


def _grey(image: NDArray[np.uint8] | NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def _moved(image: NDArray[np.uint8] | NDArray[np.float32], across: float, down: float) -> NDArray[np.generic]:
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
    size = image.shape[1], image.shape[0]
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _rest(
    image: NDArray[np.generic], reference: NDArray[np.float32], free: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What still differs after an even change of light, and where it is not too much to be explained by a shift."""
    ratio = float(np.median(image[free][::7] / np.maximum(reference[free][::7], 1.0)))
    rest = image.astype(np.float32) / max(ratio, 0.05) - reference
    size = np.abs(rest)
    return rest, free & (size <= max(6.0, 4.0 * float(np.median(size[free][::7]))))


def _unlike(image: NDArray[np.generic], reference: NDArray[np.float32], free: NDArray[np.bool_]) -> float:
    rest, _ = _rest(image, reference, free)
    return float(np.minimum(np.abs(rest[free]), 20.0).mean())
