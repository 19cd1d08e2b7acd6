"""The ground that a picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision.georeference.place import locate
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from vision.georeference.place import Placed, View

Corner = tuple[float, float]
"""lat, lon."""
_HALVINGS = 6
_DECIMALS = 7


def footprint(view: View) -> list[Corner]:
    """Upper left, upper right, lower right, lower left corner on the ground; empty where it looks out too far.

    An upper corner that cannot be placed is taken at the highest point of its side that can.
    """
    left_px, right_px = 0.0, float(view.camera.width_px)
    foot_px = float(view.camera.height_px)
    try:
        upper = [_highest(view, x_px) for x_px in (left_px, right_px)]
        lower = [locate(view, x_px, foot_px) for x_px in (right_px, left_px)]
    except RefusedError:
        return []
    return [(round(one.lat, _DECIMALS), round(one.lon, _DECIMALS)) for one in (*upper, *lower)]


def _highest(view: View, x_px: float) -> Placed:
    """Raise RefusedError where not even the foot of that side is on the ground."""
    try:
        return locate(view, x_px, 0.0)
    except RefusedError:
        low, high = float(view.camera.height_px), 0.0
    found = locate(view, x_px, low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        try:
            found, low = locate(view, x_px, middle), middle
        except RefusedError:
            high = middle
    return found
