"""Compares key frames with one another by their brightness alone: no colours are computed for a still street."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from vision import motion

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

    from edge.mask import Masks

_PLANAR = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray")
"""Pixel formats whose first plane is the brightness, a byte a pixel."""


class LumaGate:
    """Whether a picture differs from the one before it, as the motion gate of the analysis sees it."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._before: NDArray[np.float32] | None = None

    def differs(self, decoded: av.VideoFrame) -> bool:
        """Compare with the picture that is remembered and remember this one; the first differs from nothing."""
        small = self._small(decoded)
        before, self._before = self._before, small
        return _differ(small, before)

    def departs(self, decoded: av.VideoFrame) -> bool:
        """Compare with the picture that is remembered, which stays so."""
        return _differ(self._small(decoded), self._before)

    def _small(self, decoded: av.VideoFrame) -> NDArray[np.float32]:
        small = motion.small_luma(luma(decoded))
        self._masks.paint(small)
        return small


def _differ(small: NDArray[np.float32], before: NDArray[np.float32] | None) -> bool:
    if before is None or before.shape != small.shape:
        return False
    found = motion.changed(small, before)
    return found is not None and found.share >= motion.SHARE_MIN


def luma(decoded: av.VideoFrame) -> NDArray[np.uint8]:
    """The brightness, shape (height_px, width_px)."""
    if decoded.format.name not in _PLANAR:
        return cast("NDArray[np.uint8]", decoded.to_ndarray(format="gray"))
    plane = decoded.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: decoded.height, : decoded.width]
