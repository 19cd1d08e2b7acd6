"""Proves on decoded pictures that a camera paints its mask zones itself: what lies under them is flat and stays so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.zones import Zone

FRAMES_LEAST = 3
_INNER_SHARE = 0.04
"""Of the picture's smaller side, left out along a zone's edge, where compression and the camera's own grid blur."""
_SPREAD_MAX = 4.0
"""Of the grey values inside one picture, as a standard deviation: paint and its compression stay below 2."""
_CHANGE_MAX = 4.0
"""Of the mean grey value over the pictures."""
_LEAST_PX = 30


def prove_flat(frames: Sequence[NDArray[np.uint8]], zones: Sequence[Zone]) -> list[str]:
    """What speaks against it, one sentence each; nothing where every mask zone is painted in every picture.

    Args:
        frames: BGR pictures as the camera sends them, some time apart.
        zones: The camera's zones; only those of kind `mask` are looked at.
    """
    masks = [zone for zone in zones if zone.kind == "mask"]
    if masks and len(frames) < FRAMES_LEAST:
        return [f"{len(frames)} pictures prove nothing; {FRAMES_LEAST} are needed"]
    return [finding for zone in masks for finding in _of_zone(frames, zone)]


def _of_zone(frames: Sequence[NDArray[np.uint8]], zone: Zone) -> list[str]:
    means: list[float] = []
    for image in frames:
        inside = _inside(image, zone)
        if inside.size < _LEAST_PX:
            return [f"the zone {zone.name} is too small to be proved painted"]
        spread = float(inside.std(axis=0).max())
        if spread > _SPREAD_MAX:
            return [f"the zone {zone.name} is not painted: its pixels differ by {spread:.1f} of 255"]
        means.append(float(inside.mean()))
    change = max(means) - min(means)
    if change > _CHANGE_MAX:
        return [f"the zone {zone.name} is not painted: its brightness changes by {change:.1f} of 255"]
    return []


def _inside(image: NDArray[np.uint8], zone: Zone) -> NDArray[np.float64]:
    """The zone's pixels, without its rim: shape (pixels, 3)."""
    height_px, width_px = image.shape[:2]
    corners = np.rint(np.array(zone.points) * (width_px, height_px)).astype(np.int32)
    area = np.zeros((height_px, width_px), np.uint8)
    cv2.fillPoly(area, [corners], 255)
    rim_px = max(2, round(min(height_px, width_px) * _INNER_SHARE / 2))
    padded = cv2.copyMakeBorder(area, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inner = cv2.erode(padded, np.ones((2 * rim_px + 1, 2 * rim_px + 1), np.uint8))[1:-1, 1:-1]
    return image[inner > 0].astype(np.float64)
