"""The ground that was looked at, as polygons, and how much it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from vision.georeference import globe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.footage.spans import Span

_CELL_M = 1.0
_CELLS_MAX = 4000
_HOLE_CELLS_MIN = 9
Ring = tuple[tuple[float, float], ...]


def covered(spans: list[Span]) -> tuple[tuple[tuple[Ring, ...], ...], float]:
    """Polygons (rings of (lon, lat), closed; the outer one first) and their area in square metres."""
    outlines = [np.array(look.outline) for span in spans for look in span.looks if len(look.outline) > 2]  # noqa: PLR2004 - a polygon
    if not outlines:
        return (), 0.0
    corners = np.concatenate(outlines)
    origin = float(corners[:, 0].max()), float(corners[:, 1].min())
    wide, high = globe.offset_m(origin, (float(corners[:, 0].min()), float(corners[:, 1].max())))
    cell = max(_CELL_M, max(wide, -high) / _CELLS_MAX)
    chart = np.zeros((math.ceil(-high / cell) + 3, math.ceil(wide / cell) + 3), np.uint8)
    east_m, north_m = globe.metres_of_a_degree(origin[0] + high / 2 / globe.metres_of_a_degree(origin[0])[1])
    for outline in outlines:
        x = (outline[:, 1] - origin[1]) * east_m / cell + 1
        y = (origin[0] - outline[:, 0]) * north_m / cell + 1
        cv2.fillPoly(chart, [np.round(np.stack([x, y], axis=1)).astype(np.int32)], 255)
    contours, tree = cv2.findContours(chart, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)

    def ring(contour: NDArray[Any]) -> Ring:
        points = cv2.approxPolyDP(contour, 1.0, closed=True)[:, 0, :].astype(float)
        places = [(origin[1] + (x - 1) * cell / east_m, origin[0] - (y - 1) * cell / north_m) for x, y in points]
        rounded = [(round(float(lon), 7), round(float(lat), 7)) for lon, lat in places]
        return (*rounded, rounded[0])

    polygons = []
    for number, contour in enumerate(contours):
        if tree[0][number][3] >= 0 or len(contour) < 3:  # noqa: PLR2004 - a hole, or no polygon
            continue
        holes = [
            ring(hole)
            for other, hole in enumerate(contours)
            if tree[0][other][3] == number and cv2.contourArea(hole) >= _HOLE_CELLS_MIN
        ]
        polygons.append((ring(contour), *holes))
    return tuple(polygons), float(cv2.countNonZero(chart)) * cell * cell
