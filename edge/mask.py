"""Paints the zones of kind `mask` black. Runs before anything else sees a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.geometry import Box
    from vision.zones import Zone

_BLACK_LUMA = {"yuv420p": 16, "yuvj420p": 0}
_NO_COLOUR = 128
_RASTER_PX = 400


class Masks:
    """The masked parts of one camera's picture."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._polygons = [np.array(zone.points, dtype=np.float64) for zone in zones if zone.kind == "mask"]

        self._open: NDArray[np.uint8] | None = None
        """A small picture in which what is masked is 0; made when it is first asked for."""

    def __bool__(self) -> bool:
        return bool(self._polygons)

    def hide(self, box: Box) -> bool:
        """Whether all of a box lies in what is masked."""
        if not self._polygons:
            return False
        if self._open is None:
            painted = np.full((_RASTER_PX, _RASTER_PX), 255, np.uint8)
            self.paint(painted)
            self._open = painted
        x1, y1 = (min(int(edge * _RASTER_PX), _RASTER_PX - 1) for edge in box[:2])
        x2, y2 = (math.ceil(edge * _RASTER_PX) for edge in box[2:])
        return not self._open[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)].any()

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

    def painted_planes(self, decoded: av.VideoFrame) -> av.VideoFrame:
        """A decoded picture masked without leaving its own colours where it is YUV 4:2:0; else as BGR."""
        black_luma = _BLACK_LUMA.get(decoded.format.name)
        if black_luma is None or decoded.width % 2 or decoded.height % 2:
            return av.VideoFrame.from_ndarray(self.painted(decoded), format="bgr24")
        planes = cast("NDArray[np.uint8]", decoded.to_ndarray())
        height_px, width_px = decoded.height, decoded.width
        half = (2, height_px // 2, width_px // 2)
        self._fill(planes[:height_px], black_luma)
        for plane in planes[height_px:].reshape(half):
            self._fill(plane, _NO_COLOUR, rim=True)
        return av.VideoFrame.from_ndarray(planes, format=decoded.format.name)

    def _fill(self, plane: NDArray[np.uint8], value: int, *, rim: bool = False) -> None:
        """`rim`: one pixel more all round, for a pixel of colour covers four of light."""
        height_px, width_px = plane.shape
        for polygon in self._polygons:
            corners = np.rint(polygon * (width_px, height_px)).astype(np.int32)
            cv2.fillPoly(plane, [corners], value)
            if rim:
                cv2.polylines(plane, [corners], isClosed=True, color=value, thickness=2)
