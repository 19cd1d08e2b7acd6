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
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from vision.geometry import Box
    from vision.georeference.errors import Floats
    from vision.georeference.place import View

ROOF_M = 9.0
"""Height of a house of three floors, where the map does not say (`height`, metres, among its properties)."""
MARGIN_M = 3.0
"""At least; towns' maps are about a metre off, telemetry more."""
_STEP_M = 2.0
"""Long walls are followed in steps where the lens bends them."""
_MARGIN_STEP = 1.15
"""Homes whose margins differ by less are widened together, by the broader one."""
_REACH_M = 1500.0
_NEAR = 0.05
"""Of the height: nearer to the camera's own plane is cut off."""
_LENS = 0.6
_FAR_PX = 16_000.0
_95_PERCENT = 1.645
"""Of one direction: out from the wall."""
_ROOF_MAX = 0.9
"""Of the drone's height: a roof above it cannot be projected."""
_ROOF_M_MAX = 400.0
_CORNERS_MIN = 4
"""GeoJSON closes a ring with its first position."""
_MASK_PX = 480
"""Width at which homes are drawn: their margins are broad, and a large picture takes long."""
_BESIDE = 0.25
"""Of the picture's sides: a building beside it may lean in, or its margin reach in."""

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
            geometry: dict[str, Any] = feature["geometry"] or {}
            height = float((feature.get("properties") or {}).get("height") or ROOF_M)
            kind, coordinates = geometry.get("type"), geometry.get("coordinates") or []
            polygons = [coordinates] if kind == "Polygon" else coordinates if kind == "MultiPolygon" else []
            read_now = [([[_corner(corner) for corner in ring] for ring in rings], height) for rings in polygons]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FootprintsError(f"buildings: feature {number} cannot be read ({error}); allowed: GeoJSON") from None
        if not 0 <= height <= _ROOF_M_MAX:
            raise FootprintsError(f"buildings: feature {number}: height: got {height:g}; allowed: 0 to {_ROOF_M_MAX:g}")
        if any(not rings or len(rings[0]) < _CORNERS_MIN for rings, _ in read_now):
            raise FootprintsError(f"buildings: feature {number} is no area; allowed: rings of {_CORNERS_MIN} positions")
        found += read_now
    return found


def _corner(position: Any) -> tuple[float, float]:
    """Raise ValueError."""
    lon, lat = float(position[0]), float(position[1])
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - degrees; not so of what is no number either
        raise ValueError(f"{lon:g}, {lat:g} is no longitude and latitude in degrees")
    return lat, lon


class Homes:
    """All the buildings about a flight; tells quickly which a picture can show."""

    def __init__(self, footprints: Sequence[tuple[Footprint, float]]) -> None:
        self._footprints = footprints
        outer = [rings[0] for rings, _ in footprints]
        self._corners = np.array([corner for ring in outer for corner in ring], float).reshape(-1, 2)
        lengths = [len(ring) for ring in outer]
        self._begins = np.cumsum([0, *lengths[:-1]]) if outer else np.zeros(0, int)
        self._roofs = np.repeat([roof_m for _, roof_m in footprints], lengths)

    def __bool__(self) -> bool:
        return bool(self._footprints)

    def seen(self, view: View) -> list[tuple[Footprint, float]]:
        """Those of which any part may be in the picture, or a little beside it."""
        if not self._footprints:
            return []
        pose = view.pose
        east, north = _offsets(pose.lat, pose.lon, self._corners)
        near = np.minimum.reduceat(np.hypot(east, north), self._begins) <= _REACH_M
        ahead = behind = np.zeros(len(self._begins), bool)
        low, high = np.full((len(self._begins), 2), np.inf), np.full((len(self._begins), 2), -np.inf)
        for height_m in (np.zeros(len(east)), np.minimum(self._roofs, _ROOF_MAX * pose.height_m)):
            above = pose.height_m - height_m
            in_front = _depths(view, east, north, above) > _NEAR * above
            ahead = ahead | np.logical_or.reduceat(in_front, self._begins)
            behind = behind | np.logical_or.reduceat(~in_front, self._begins)
            least, greatest = self._extent(view, east, north, above, in_front)
            low, high = np.minimum(low, least), np.maximum(high, greatest)
        meets = ((low <= 1 + _BESIDE) & (high >= -_BESIDE)).all(axis=1)
        wanted = near & ahead & (behind | meets)
        return [self._footprints[int(number)] for number in np.flatnonzero(wanted)]

    def _extent(
        self, view: View, east: Floats, north: Floats, above: Floats, in_front: NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """Least and greatest x and y of each building's corners in front of the camera, in 0..1 of the picture."""
        camera = replace(view.camera, distortion=(0.0, 0.0, 0.0, 0.0, 0.0))
        share = view.pose.height_m / above  # as low down as the ground, so much farther: the same direction
        x, y = orthophoto.project(camera, view.pose, east * share, north * share)
        at = np.stack([x / camera.width_px, y / camera.height_px], axis=1)
        low = np.minimum.reduceat(np.where(in_front[:, None], at, np.inf), self._begins)
        return low, np.maximum.reduceat(np.where(in_front[:, None], at, -np.inf), self._begins)


def _offsets(lat: float, lon: float, corners: Floats) -> tuple[Floats, Floats]:
    """East and north in metres."""
    east_m, north_m = globe.metres_of_a_degree(lat)
    return (corners[:, 1] - lon) * east_m, (corners[:, 0] - lat) * north_m


def _depths(view: View, east: Floats, north: Floats, above: Floats) -> Floats:
    """How far in front of the camera, along its axis."""
    yaw, pitch = math.radians(view.pose.yaw_deg), math.radians(view.pose.pitch_deg)
    return np.asarray((north * math.cos(yaw) + east * math.sin(yaw)) * math.cos(pitch) - above * math.sin(pitch))


def mask(
    view: View, footprints: Iterable[tuple[Footprint, float]], size_px: tuple[int, int], *, margin_m: float = MARGIN_M
) -> NDArray[np.uint8]:
    """255 where a home may be in a picture of `size_px`, a reduced copy of the view's picture perhaps."""
    share = size_px[0] / view.camera.width_px
    by_margin: dict[int, NDArray[np.uint8]] = {}
    for rings, roof_m in footprints:
        if not rings or len(rings[0]) < 3:  # noqa: PLR2004 - no polygon
            continue
        metres = np.array([globe.offset_m((view.pose.lat, view.pose.lon), corner) for corner in rings[0]])
        if np.hypot(metres[:, 0], metres[:, 1]).min() > _REACH_M:
            continue
        walls = _followed(metres) if any(view.camera.distortion) else metres
        step = math.ceil(math.log(_margin_px(view, walls, margin_m, share), _MARGIN_STEP))
        whole = by_margin.setdefault(step, np.zeros((size_px[1], size_px[0]), np.uint8))
        _draw(whole, view, walls, roof_m, share)
    painted = np.zeros((size_px[1], size_px[0]), np.uint8)
    for step, whole in by_margin.items():
        if whole.any():
            away = cv2.distanceTransform(255 - whole, cv2.DIST_L2, cv2.DIST_MASK_5)
            painted[away <= _MARGIN_STEP**step] = 255
    return painted


def where(shape: tuple[int, ...], view: View | None, town: Homes | None) -> NDArray[np.uint8] | None:
    """255 where a home may be in a picture of this height and width, perhaps smaller than it; None: nowhere.

    Where nothing says how the picture was taken (no view), or where the flight was (no town), that is everywhere.
    """
    height, width = shape[:2]
    share = min(1.0, _MASK_PX / width)
    small = round(width * share), round(height * share)
    if town is not None and not town:
        return None
    if town is None or view is None:
        return np.full(small[::-1], 255, np.uint8)
    seen = town.seen(view)
    return mask(view, seen, small) if seen else None


def paint(image: NDArray[np.uint8], view: View | None, town: Homes | None, kept: Sequence[Box] = ()) -> None:
    """Make the homes in a picture unrecognisable, in place (see `where`); `kept` (0..1) stays to be seen."""
    small = where(image.shape, view, town)
    if small is None:
        return
    height, width = image.shape[:2]
    painted = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    for x1, y1, x2, y2 in kept if town is not None and view is not None else ():
        painted[round(y1 * height) : round(y2 * height), round(x1 * width) : round(x2 * width)] = 0
    pixelate(image, painted)


def pixelate(image: NDArray[np.uint8], where: NDArray[np.uint8], block_px: int = 24) -> None:
    """Paint in place: what the mask covers becomes squares of its mean colours."""
    if not where.any():
        return
    height, width = image.shape[:2]
    across, down = math.ceil(width / block_px), math.ceil(height / block_px)
    padded = cv2.copyMakeBorder(image, 0, down * block_px - height, 0, across * block_px - width, cv2.BORDER_REPLICATE)
    small = cv2.resize(padded, (across, down), interpolation=cv2.INTER_AREA)
    coarse = np.repeat(np.repeat(small, block_px, axis=0), block_px, axis=1)[:height, :width]
    image[where > 0] = coarse[where > 0]


def _draw(whole: NDArray[np.uint8], view: View, walls: Floats, roof_m: float, share: float) -> None:
    """The footprint on the ground, at the roof, and the walls between."""
    heights = (0.0, min(roof_m, _ROOF_MAX * view.pose.height_m))
    ends = [_in_front(view, walls, height_m) for height_m in heights]
    seen = [_seen(view, corners, height_m) * share for corners, height_m in zip(ends, heights, strict=True)]
    for corners in seen:
        _fill(whole, corners)
    if all(len(corners) == len(walls) and np.array_equal(corners, walls) for corners in ends):
        low, high = (np.round(corners).astype(np.int32) for corners in seen)
        for one, other in zip(range(len(low)), np.roll(range(len(low)), -1), strict=True):
            cv2.fillConvexPoly(whole, np.array([low[one], low[other], high[other], high[one]]), 255)
        return
    for one_end, other_end in zip(walls, np.roll(walls, -1, axis=0), strict=True):
        wall = np.array([one_end, other_end])
        both = np.concatenate([_seen(view, _in_front(view, wall, height_m), height_m) for height_m in heights])
        if len(both) > 2:  # noqa: PLR2004 - some of it is in front of the camera
            _fill(whole, np.asarray(cv2.convexHull((both * share).astype(np.float32)), float)[:, 0, :])


def _in_front(view: View, corners: Floats, height_m: float) -> Floats:
    """The part of a polygon, or of a wall, that is in front of the camera: cut off where it would be at infinity."""
    pose = view.pose
    yaw, pitch = math.radians(pose.yaw_deg), math.radians(pose.pitch_deg)
    above = pose.height_m - height_m
    ahead = corners[:, 1] * math.cos(yaw) + corners[:, 0] * math.sin(yaw)
    depths = ahead * math.cos(pitch) - above * math.sin(pitch) - _NEAR * above
    kept = []
    for number in range(len(corners)):
        other = (number + 1) % len(corners)
        if depths[number] >= 0:
            kept.append(corners[number])
        if (depths[number] >= 0) != (depths[other] >= 0):
            share = depths[number] / (depths[number] - depths[other])
            kept.append(corners[number] + (corners[other] - corners[number]) * share)
    return np.array(kept).reshape(-1, 2)


def _followed(metres: Floats) -> Floats:
    """More points along long walls."""
    points = []
    for one, other in zip(metres, np.roll(metres, -1, axis=0), strict=True):
        steps = max(1, math.ceil(float(np.hypot(*(other - one))) / _STEP_M))
        points += [one + (other - one) * step / steps for step in range(steps)]
    return np.array(points)


def _seen(view: View, corners: Floats, height_m: float) -> Floats:
    """Pixels of points so high above the ground; the lens's distortion is known only in and near the picture."""
    pose = replace(view.pose, height_m=view.pose.height_m - height_m)
    straight = replace(view.camera, distortion=(0.0, 0.0, 0.0, 0.0, 0.0))
    pixels = np.stack(orthophoto.project(straight, pose, corners[:, 0], corners[:, 1]), axis=1)
    size = np.array([view.camera.width_px, view.camera.height_px])
    near = (np.abs(pixels / size - 0.5) < _LENS).all(axis=1)
    bent = np.stack(orthophoto.project(view.camera, pose, corners[:, 0], corners[:, 1]), axis=1)
    return np.asarray(np.clip(np.where(near[:, None], bent, pixels), -_FAR_PX, _FAR_PX), float)


def _fill(painted: NDArray[np.uint8], corners: Floats) -> None:
    if len(corners) > 2:  # noqa: PLR2004 - a polygon
        cv2.fillPoly(painted, [np.round(corners).astype(np.int32)], 255)


def _margin_px(view: View, walls: Floats, margin_m: float, share: float) -> int:
    """The margin at that distance, or what the telemetry's own errors stay below in 95 %, whichever is more."""
    camera, pose, sigmas = view.camera, view.pose, view.sigmas
    away = float(np.hypot(np.hypot(walls[:, 0], walls[:, 1]).min(), pose.height_m))
    late = sigmas.time_s * math.hypot(pose.rates[3], pose.rates[4])
    turned = math.radians(math.hypot(sigmas.yaw_deg, sigmas.pitch_deg, sigmas.roll_deg, late))
    moved = math.hypot(pose.gnss_m or sigmas.gnss_m, sigmas.height_m) / away
    longer = camera.focal_sigma_share * math.hypot(camera.width_px, camera.height_px) / 2 / camera.fx_px
    error = _95_PERCENT * math.hypot(turned, moved, longer)
    return max(2, round(max(margin_m / away, error) * camera.fx_px * share))
