"""Homes in the picture: building footprints projected into it, to be painted over before anything is kept of it.

A footprint lies on the ground, but a house stands on it and leans outwards in the picture, and neither the telemetry
nor the map is exact. So each footprint is taken at the ground and at the height of its roof, both are joined, and the
outline is widened by the place's own error.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from vision.georeference import globe, orthophoto

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from vision.georeference.errors import Floats
    from vision.georeference.place import View

ROOF_M = 9.0
"""Height of a house of three floors, where the map does not say (`height`, metres, among its properties)."""
MARGIN_M = 3.0
"""At least; towns' maps are about a metre off, telemetry more."""
_STEP_M = 2.0
"""Long walls are followed in steps: behind the camera they end."""
_REACH_M = 1500.0
_ROOF_MAX = 0.9
"""Of the drone's height: a roof above it cannot be projected."""

Footprint = list[list[tuple[float, float]]]
"""Rings of (lat, lon), the outer one first."""


class FootprintsError(ValueError):
    """Is no GeoJSON of polygons; one line that says what was got."""


def read(loaded: Any) -> list[tuple[Footprint, float]]:
    """Footprints with their roofs' heights from GeoJSON; other geometries are passed over. Raise FootprintsError."""
    features = loaded.get("features") if isinstance(loaded, dict) else None
    if not isinstance(features, list):
        raise FootprintsError("buildings: got no FeatureCollection; allowed: GeoJSON of polygons")
    found: list[tuple[Footprint, float]] = []
    for number, feature in enumerate(features):
        try:
            geometry = feature["geometry"] or {}
            height = float((feature.get("properties") or {}).get("height") or ROOF_M)
            kind, coordinates = geometry.get("type"), geometry.get("coordinates")
            polygons = [coordinates] if kind == "Polygon" else coordinates if kind == "MultiPolygon" else []
            found += [
                ([[(float(lat), float(lon)) for lon, lat, *_ in ring] for ring in rings], height) for rings in polygons
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FootprintsError(f"buildings: feature {number} cannot be read ({error}); allowed: GeoJSON") from None
    return found


def mask(
    view: View, footprints: Iterable[tuple[Footprint, float]], size_px: tuple[int, int], *, margin_m: float = MARGIN_M
) -> NDArray[np.uint8]:
    """255 where a home may be in a picture of `size_px`, a reduced copy of the view's picture perhaps."""
    painted = np.zeros((size_px[1], size_px[0]), np.uint8)
    share = size_px[0] / view.camera.width_px
    for rings, roof_m in footprints:
        if not rings or len(rings[0]) < 3:  # noqa: PLR2004 - no polygon
            continue
        metres = np.array([globe.offset_m((view.pose.lat, view.pose.lon), corner) for corner in rings[0]])
        if np.hypot(metres[:, 0], metres[:, 1]).min() > _REACH_M:
            continue
        walls = _followed(metres)
        whole = _outline(view, walls, roof_m, share, painted.shape)
        margin = _margin_px(view, walls, margin_m, share)
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
        painted |= np.asarray(cv2.dilate(whole, around), np.uint8)
    return painted


def pixelate(image: NDArray[np.uint8], where: NDArray[np.uint8], block_px: int = 24) -> None:
    """Paint in place: what the mask covers becomes squares of its mean colours."""
    if not where.any():
        return
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(1, width // block_px), max(1, height // block_px)), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    image[where > 0] = coarse[where > 0]


def _outline(view: View, walls: Floats, roof_m: float, share: float, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The footprint on the ground, at the roof, and the walls between."""
    whole = np.zeros(shape, np.uint8)
    edges = [_seen(view, walls, height) for height in (0.0, min(roof_m, _ROOF_MAX * view.pose.height_m))]
    for number in range(len(walls)):
        other = (number + 1) % len(walls)
        corners = np.array([edge[at] for edge in edges for at in (number, other)])
        if np.isfinite(corners).all():
            _fill(whole, np.asarray(cv2.convexHull((corners * share).astype(np.float32)), np.float32))
    for edge in edges:
        if np.isfinite(edge).all():
            _fill(whole, (edge * share).astype(np.float32))
    return whole


def _followed(metres: Floats) -> Floats:
    """More points along long walls."""
    points = []
    for one, other in zip(metres, np.roll(metres, -1, axis=0), strict=True):
        steps = max(1, math.ceil(float(np.hypot(*(other - one))) / _STEP_M))
        points += [one + (other - one) * step / steps for step in range(steps)]
    return np.array(points)


def _seen(view: View, walls: Floats, height_m: float) -> Floats:
    """Pixels of points so high above the ground; NaN behind the camera and far outside."""
    nearer = replace(view.pose, height_m=view.pose.height_m - height_m)
    x, y = orthophoto.project(view.camera, nearer, walls[:, 0], walls[:, 1])
    pixels = np.stack([x, y], axis=1)
    limit = 4 * max(view.camera.width_px, view.camera.height_px)
    pixels[~(np.abs(pixels) < limit).all(axis=1)] = np.nan
    return pixels


def _fill(painted: NDArray[np.uint8], corners: NDArray[np.float32]) -> None:
    cv2.fillPoly(painted, [np.round(corners).astype(np.int32)], 255)


def _margin_px(view: View, walls: Floats, margin_m: float, share: float) -> int:
    """What the margin and the telemetry's own error are at that distance."""
    away = float(np.hypot(np.hypot(walls[:, 0], walls[:, 1]).min(), view.pose.height_m))
    sigmas = view.sigmas
    turned = math.radians(math.hypot(sigmas.yaw_deg, sigmas.pitch_deg)) * away
    wide_m = max(margin_m, math.hypot(turned, sigmas.gnss_m))
    return max(2, round(wide_m / away * view.camera.fx_px * share))
