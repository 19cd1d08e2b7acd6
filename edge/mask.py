"""Paints the zones of kind `mask` black. Runs before anything else sees a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import av
    from numpy.typing import NDArray

    from vision.zones import Zone


class Masks:
    """The masked parts of one camera's picture."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._polygons = [np.array(zone.points, dtype=np.float64) for zone in zones if zone.kind == "mask"]

    def __bool__(self) -> bool:
        return bool(self._polygons)

    def painted(self, decoded: av.VideoFrame) -> NDArray[np.uint8]:
        """A decoded picture as BGR, masked."""
        image = cast("NDArray[np.uint8]", decoded.to_ndarray(format="bgr24"))
        self.paint(image)
        return image

    def paint(self, image: NDArray[np.uint8] | NDArray[np.float32]) -> None:
        """Paint in place; `image` is BGR or grey, of any size."""
        height_px, width_px = image.shape[:2]
        for polygon in self._polygons:
            corners = np.rint(polygon * (width_px, height_px)).astype(np.int32)
            cv2.fillPoly(image, [corners], (0, 0, 0))
