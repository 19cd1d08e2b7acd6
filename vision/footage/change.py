"""The same ground in two flights, laid over each other, and what is different there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from vision.footage import ground_picture
from vision.footage.settings import Settings
from vision.georeference import globe
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.georeference.errors import Floats
    from vision.georeference.place import View

    Image: TypeAlias = NDArray[np.uint8]
    Plane: TypeAlias = NDArray[np.float32]

_SIDE_PX_MAX = 1600
_ALIGN_M = 0.25
_SHIFT_M = 10.0
"""So far apart two flights may put the same thing."""
_LIKE_MIN = 0.3
"""Correlation of the aligned grounds, below which nothing is said of a change."""
_ROUNDS = 40
_SLACK_M = 0.3
"""What is left of misalignment, and things that stand up."""
_BLUR_M = 0.2
_LIGHT_M = 12.0
"""Light is compared over so much ground."""
_FLOORS = (5.0, 2.5, 2.5)
"""Spread of lightness and both colours (Lab) between two flights over the same ground."""
_DARKER = 0.6
CHANGED_MIN = 4.0
"""Standard deviations."""
_JOIN_M = 0.4
_SEEN_MIN = 0.2
"""Of the wanted ground must be seen by both."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of any scale, and what its sensor's pixels see where."""

    image: Image
    view: View
    shown: Image | None = None
    """What of it may be shown, of the same size; None: all. What changed is found in `image` all the same."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A patch that is different. Lengths in metres."""

    box: tuple[float, float, float, float]
    """In pixels of the pair's pictures."""
    strength: float
    """Standard deviations."""
    length_m: float
    width_m: float
    fill: float
    appeared: bool
    """It stands out from its surroundings now, more than before."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of the same ground, north up. `change` is 255 where they differ, `seen` where both know."""

    before: Image
    after: Image
    change: Image
    seen: Image
    cell_m: float
    west_north: tuple[float, float]
    """lat, lon of the upper left corner, by the later flight's telemetry."""
    aligned: bool
    """Whether the ground of both was recognised as the same; if not, `change` is empty."""
    likeness: float
    """Correlation of both, -1 to 1."""
    patches: tuple[Changed, ...]

    def place_of(self, x_px: float, y_px: float) -> tuple[float, float]:
        """lat, lon."""
        return globe.moved(self.west_north, x_px * self.cell_m, -y_px * self.cell_m)


def before_after(
    before: Shot, after: Shot, place: tuple[float, float], radius_m: float, settings: Settings | None = None
) -> Pair:
    """What two flights show about a place (lat, lon), in a square of twice the radius.

    Raise RefusedError where one of them does not show it well enough.
    """
    return compare(before, after, place, (radius_m, radius_m), settings or Settings())


def compare(
    before: Shot, after: Shot, place: tuple[float, float], halves_m: tuple[float, float], settings: Settings
) -> Pair:
    """As `before_after`, of a rectangle of twice so much to the east and to the north."""
    frames = [
        ground_picture.frame_of(shot.view.camera, shot.view.pose, shot.view.ground, settings)
        for shot in (before, after)
    ]
    cell = max(frames[0].native_m, frames[1].native_m, settings.fine_m, 2 * max(halves_m) / _SIDE_PX_MAX)
    size = max(8, round(2 * halves_m[0] / cell)), max(8, round(2 * halves_m[1] / cell))
    west_north = globe.moved(place, -halves_m[0], halves_m[1])
    laid = [_laid(shot, frame, west_north, cell, size) for shot, frame in zip((before, after), frames, strict=True)]
    if min(float((seen > 0).mean()) for _, seen in laid) < _SEEN_MIN:
        raise RefusedError("the place is not well seen in both pictures")
    warp = _alignment(laid[0], laid[1], cell)
    moved = tuple(_warped(plane, warp, size) for plane in laid[0])
    both = np.asarray(np.where((moved[1] > 0) & (laid[1][1] > 0), 255, 0), np.uint8)
    likeness = _likeness(moved[0], laid[1][0], both > 0, cell)
    aligned = likeness >= _LIKE_MIN
    change = np.zeros_like(both)
    patches: tuple[Changed, ...] = ()
    if aligned:
        score, appeared = _differences(moved[0], laid[1][0], both > 0, cell)
        change, patches = _patches(score, appeared, cell, settings)
    shown = [
        image if shot.shown is None else _laid(replace(shot, image=shot.shown), frame, west_north, cell, size)[0]
        for shot, frame, (image, _) in zip((before, after), frames, laid, strict=True)
    ]
    return Pair(_warped(shown[0], warp, size), shown[1], change, both, cell, west_north, aligned, likeness, patches)


def _laid(
    shot: Shot, frame: ground_picture.Frame, west_north: tuple[float, float], cell: float, size: tuple[int, int]
) -> tuple[Image, Image]:
    """North up on the common grid, and where it is known."""
    start = globe.offset_m((frame.pose.lat, frame.pose.lon), west_north)
    to_metres = np.array([[cell, 0, start[0]], [0, -cell, start[1]], [0, 0, 1.0]])
    share = shot.image.shape[1] / frame.camera.width_px
    matrix = np.diag([share, share, 1.0]) @ frame.north_up_to_picture(to_metres)
    source = shot.image
    finer = frame.native_m / share / cell
    if finer < 0.6:  # noqa: PLR2004 - so many pixels a cell would alias
        source = np.asarray(cv2.resize(source, None, fx=finer, fy=finer, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = np.diag([source.shape[1] / shot.image.shape[1], source.shape[0] / shot.image.shape[0], 1.0]) @ matrix
    image = cv2.warpPerspective(
        source, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    inside = np.full(source.shape[:2], 255, np.uint8)
    seen = cv2.warpPerspective(inside, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, borderValue=0)
    near = np.zeros_like(seen)
    centre = round(-start[0] / cell), round(start[1] / cell)
    cv2.circle(near, centre, round(frame.reach_m / cell), 255, -1)
    return np.asarray(image, np.uint8), np.asarray(cv2.bitwise_and(seen, near), np.uint8)


def _alignment(before: tuple[Image, Image], after: tuple[Image, Image], cell: float) -> Floats:
    """2 x 3 in pixels: where in `before` each pixel of `after` lies."""
    share = min(1.0, cell / _ALIGN_M)
    one, other = (_even(image, seen, share) for image, seen in (before, after))
    reach = max(4, round(_SHIFT_M / cell * share))
    shift = _best_shift(one, other, reach)
    warp = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, 1e-4)
    known = cv2.resize(after[1], other.shape[::-1], interpolation=cv2.INTER_NEAREST)
    try:
        _, found = cv2.findTransformECC(other, one, warp.copy(), cv2.MOTION_AFFINE, criteria, known, 5)
        moved = np.hypot(*(found[:, 2] - warp[:, 2]))
        if np.abs(found[:, :2] - np.eye(2)).max() < 0.15 and moved < 4 * reach:  # noqa: PLR2004 - no flight differs more
            warp = np.asarray(found, np.float32)
    except cv2.error:
        pass  # it did not converge: the shift stands
    wide = warp.astype(float)
    wide[:, 2] /= share
    return wide


def _best_shift(one: Plane, other: Plane, reach: int) -> tuple[float, float]:
    """By correlation over all shifts within reach."""
    height, width = other.shape
    margin_x, margin_y = min(reach, width // 4), min(reach, height // 4)
    inner = other[margin_y : height - margin_y, margin_x : width - margin_x]
    if inner.size == 0 or float(inner.std()) == 0:
        return 0.0, 0.0
    found = cv2.matchTemplate(one, inner, cv2.TM_CCORR_NORMED)
    _, _, _, (x, y) = cv2.minMaxLoc(found)
    return float(x - margin_x), float(y - margin_y)


def _even(image: Image, seen: Image, share: float) -> Plane:
    """Small, grey, without slow changes of light; 0 where unknown."""
    small = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    known = cv2.resize(seen, small.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    light = small.astype(np.float32)
    mask = known.astype(np.float32)
    far = cv2.GaussianBlur(light * mask, (0, 0), 10) / np.maximum(cv2.GaussianBlur(mask, (0, 0), 10), np.float32(1e-3))
    return np.asarray(cv2.GaussianBlur(np.where(known, light - far, 0).astype(np.float32), (0, 0), 1.0), np.float32)


def _warped(image: Image, warp: Floats, size: tuple[int, int]) -> Image:
    flags = (cv2.INTER_NEAREST if image.ndim == 2 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP  # noqa: PLR2004 - a mask
    return np.asarray(cv2.warpAffine(image, warp, size, flags=flags, borderValue=0), np.uint8)


def _likeness(before: Image, after: Image, both: NDArray[np.bool_], cell: float) -> float:
    seen = np.where(both, 255, 0).astype(np.uint8)
    share = min(1.0, cell / _ALIGN_M)
    one, other = _even(before, seen, share), _even(after, seen, share)
    known = cv2.resize(seen, one.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    spread = float(one[known].std() * other[known].std()) if known.any() else 0.0
    return float(np.mean(one[known] * other[known])) / spread if spread > 0 else 0.0


def _differences(before: Image, after: Image, both: NDArray[np.bool_], cell: float) -> tuple[Plane, NDArray[np.bool_]]:
    """Standard deviations by which each pixel differs, and whether something came there rather than went."""
    one, other = _lab(before, cell), _lab(after, cell)
    one = _in_light_of(one, other, both, cell)
    slack = max(1, round(_SLACK_M / cell))
    around = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * slack + 1, 2 * slack + 1)), np.uint8)
    new, old = _beyond(other, one, around), _beyond(one, other, around)
    score = np.where(both, np.maximum(new, old), 0).astype(np.float32)
    edge = cv2.erode(both.astype(np.uint8), around, iterations=2, borderValue=0) > 0
    return np.where(edge, score, 0).astype(np.float32), new >= old


def _lab(image: Image, cell: float) -> list[Plane]:
    blurred = cv2.GaussianBlur(image.astype(np.float32) * np.float32(1 / 255), (0, 0), max(0.8, _BLUR_M / cell))
    return [np.asarray(plane, np.float32) for plane in cv2.split(cv2.cvtColor(blurred, cv2.COLOR_BGR2LAB))]


def _in_light_of(planes: list[Plane], model: list[Plane], both: NDArray[np.bool_], cell: float) -> list[Plane]:
    """The earlier picture in the light of the later one: mean and spread over some ground are made alike."""
    side = max(3, round(_LIGHT_M / cell)) | 1
    mask = both.astype(np.float32)
    least = np.maximum(cv2.boxFilter(mask, -1, (side, side)), np.float32(1e-3))
    lit = []
    for plane, like in zip(planes, model, strict=True):
        means = [cv2.boxFilter(each * mask, -1, (side, side)) / least for each in (plane, like)]
        squares = [cv2.boxFilter(each * each * mask, -1, (side, side)) / least for each in (plane, like)]
        spreads = [np.sqrt(np.maximum(square - mean * mean, 1.0)) for square, mean in zip(squares, means, strict=True)]
        gain = np.clip(spreads[1] / spreads[0], 0.7, 1.4)
        lit.append(((plane - means[0]) * gain + means[1]).astype(np.float32))
    return lit


def _beyond(planes: list[Plane], others: list[Plane], around: Image) -> Plane:
    """How far each pixel lies outside what the other picture has within the slack about it."""
    total = np.zeros(planes[0].shape, np.float32)
    for place, (plane, other, floor) in enumerate(zip(planes, others, _FLOORS, strict=True)):
        above = np.maximum(plane - cv2.dilate(other, around), 0)
        below = np.maximum(cv2.erode(other, around) - plane, 0)
        away = above + below * (_DARKER if place == 0 else 1.0)
        total += (away / np.float32(floor)) ** 2
    return np.sqrt(total)


def _patches(
    score: Plane, appeared: NDArray[np.bool_], cell: float, settings: Settings
) -> tuple[Image, tuple[Changed, ...]]:
    """Only where the change is clear somewhere, and as large as a thing."""
    side = max(1, round(_JOIN_M / cell)) | 1
    weak = cv2.morphologyEx(
        (score >= CHANGED_MIN / 2).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)
    )
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    change = np.zeros(score.shape, np.uint8)
    patches = []
    for number in range(1, count):
        left, top, wide, high = (int(value) for value in stats[number][:4])
        cut = slice(top, top + high), slice(left, left + wide)
        own = numbers[cut] == number
        strength = float(score[cut][own].max())
        if strength < CHANGED_MIN or max(wide, high) * cell < settings.thing_m_min:
            continue
        rows, columns = np.nonzero(own)
        _, sides, _ = cv2.minAreaRect(np.stack([columns, rows], axis=1).astype(np.float32))
        long_side, short_side = max(sides) + 1, min(sides) + 1
        if math.hypot(long_side, short_side) * cell > 2 * settings.thing_m_max:
            continue
        change[cut][own] = 255
        came = bool(appeared[cut][own & (score[cut] >= CHANGED_MIN / 2)].mean() >= 0.5)  # noqa: PLR2004 - mostly
        fill = float(own.sum() / (long_side * short_side))
        box = (float(left), float(top), float(left + wide), float(top + high))
        patches.append(Changed(box, strength, long_side * cell, short_side * cell, fill, came))
    patches.sort(key=lambda patch: -patch.strength)
    return change, tuple(patches[: settings.patches_a_look_max])
