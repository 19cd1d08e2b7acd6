"""What stands in the picture and did not before: regions of the static layer, and what their look says of them.

  static layer             appearance, several times            verdict
+--------------+   contour sharper now than in the background -> left
|   ######     |   contour sharper in the background          -> removed (a ghost)
|   ######     |   same texture under other light, soft edge  -> light
+--------------+   else                                       -> unclear
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from vision import actors, background, geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.background import PixelLayers
    from vision.geometry import Box

Verdict = Literal["left", "removed", "light", "unclear"]

AGE_S = 2.0
"""A static pixel younger than this is no part of a region yet."""
_AREA_MIN_PX = 48
_SIDE_MIN_PX = 5
"""The least thing, at analysis size: 7 x 7 pixels; what is smaller has too little contour to be judged."""
_CRUMB_PX = 4
_FILL_MIN = 0.3
"""Of its box; less is a strip: a tape, the rim of a shadow."""
_JOIN_PX = 5
_JOIN_S = 2.0
"""What comes to stand beside a region within so many seconds of its last growth is part of it (a heap grows)."""
_WHOLE_S = 4.0
"""A thing that comes to rest bit by bit is whole so long after its first pixels."""
_INSIDE = 0.5
_HULK_TIMES = 5.0
"""What joins a region so many times as large later than it came stands beside it and does not belong to it."""
_GROWTH = 0.15
"""Growth by so much since the region came to rest means that it had not."""
_RESHAPED = 0.25
"""A region whose area changed by more than this is looked at anew: its bearer's part has left it."""
_GONE_SHARE = 0.5
_VISIBLE_SHARE = 0.7
_COVERED_SHARE = 0.2
_LOOKS = 15
"""Looks whose median counts."""
_LOOKS_MIN = 4
_MARGIN_PX = 5
_IDS = 1 << 16
_SPECK = np.ones((2, 2), np.uint8)
_SEED_REACH_PX = 7
"""Weakly different pixels count only beside strongly different ones: a soft shadow is not drawn into a thing."""

EVIDENCE_MIN = 0.42
"""See `Region.evidence`: a bag of little contrast on patterned ground has 0.53, a tape in the wind up to 0.35."""
_STRENGTH_MAX = 4.5
_EDGE_SOFT = 0.15
"""Slope of the contour a pixel, in shares of the region's contrast: a step has about 0.3, a wide penumbra 0.05."""
_CLEARLY, _CLEARLY_SLOPE = 1.2, 2.0
"""One slope is clearly steeper than another: by so many times, and so many grey levels a pixel."""
_SAME_TEXTURE = 0.9
_LIKE_TEXTURE = 0.75
_FLAT_SLOPE = 1.0
"""Grey levels a pixel, below which there is no texture to compare."""
_SAME_COLOUR = 0.03
_OTHER_COLOUR = 0.08
"""No light changes the channels' shares by so much, however soft its edge."""
_SMOOTH_LIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a region measured."""

    gained: float
    """Share of the contour that is clearly steeper now than in the background."""
    lost: float
    """Share of it that was clearly steeper in the background."""
    edge_slope: float
    """Steepest slope a pixel within two pixels of the contour, to the region's contrast."""
    texture: float
    """Correlation of the fine texture, now with background; 0 where either is flat."""
    colour_shift: float
    """In shares of a pixel's brightness."""
    light_spread: float
    """How unequally the brightness changed; light changes it smoothly."""
    strength: float
    """Mean difference from the background, in units of the pixels' strong threshold."""


@dataclass(slots=True)
class Region:
    """A connected part of the static layer."""

    region_id: int
    mask: NDArray[np.bool_]
    found_s: float
    rest_s: float
    """When it had come to its present size."""
    rest_area_px: int
    born_s: float = 0.0
    """When its pixels came to stand there (median)."""
    box: Box = (0.0, 0.0, 0.0, 0.0)
    """Pixels of the analysis picture."""
    area_px: int = 0
    looked_area_px: int = 0
    """Its area at the first of the looks."""
    visible: bool = False
    """In sight in the newest frame: not hidden by anybody."""
    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=_LOOKS))

    def median(self, name: str) -> float:
        return float(np.median([getattr(look, name) for look in self.looks]))

    def verdict(self, evidence_min: float = EVIDENCE_MIN) -> Verdict:
        if len(self.looks) < _LOOKS_MIN:
            return "unclear"
        texture, shift = self.median("texture"), self.median("colour_shift")
        smooth = self.median("light_spread") < _SMOOTH_LIGHT
        if smooth and (texture > _SAME_TEXTURE or (texture > _LIKE_TEXTURE and shift < _SAME_COLOUR)):
            return "light"
        evidence = self.evidence()
        if evidence < -EVIDENCE_MIN:
            return "removed"
        if self.median("edge_slope") < _EDGE_SOFT and shift < _OTHER_COLOUR:
            return "light"
        return "left" if evidence > evidence_min else "unclear"

    def evidence(self) -> float:
        """How clearly something stands here that did not: share of new contour less lost contour, by strength."""
        balance = self.median("gained") - self.median("lost")
        return balance * min(self.median("strength"), _STRENGTH_MAX)

    def grows_at(self, born_s: float, area_px: int) -> bool:
        """Whether a part that came to stand at a moment belongs to it: a heap grows, a vehicle's load is not it."""
        since_s = self.born_s if self.area_px >= _HULK_TIMES * area_px else self.rest_s
        return abs(born_s - since_s) <= _JOIN_S

    def is_compact(self) -> bool:
        width, height = self.box[2] - self.box[0], self.box[3] - self.box[1]
        return (
            self.area_px >= _AREA_MIN_PX
            and min(width, height) >= _SIDE_MIN_PX
            and self.area_px >= _FILL_MIN * width * height
        )


class StaticObjects:
    """Follows the regions of one camera's static layer."""

    def __init__(self) -> None:
        self.regions: dict[int, Region] = {}
        self._next_id = 1

    def update(self, layers: PixelLayers, now_s: float, occupied: NDArray[np.bool_]) -> list[Region]:
        """Follow the layers after their update; the regions that went away in this frame."""
        gone = self._shrink(layers)
        self._grow(layers, _standing(layers, now_s), now_s)
        for region in self.regions.values():
            self._measure(region, layers, occupied)
        return gone + self._merge()

    def discard(self, region_id: int) -> None:
        self.regions.pop(region_id, None)

    def _shrink(self, layers: PixelLayers) -> list[Region]:
        gone = []
        for region in list(self.regions.values()):
            left = region.mask & layers.has_static
            count = int(np.count_nonzero(left))
            if count < max(_AREA_MIN_PX / 2, _GONE_SHARE * region.rest_area_px) and not _is_settling(region, count):
                gone.append(self.regions.pop(region.region_id))
                continue
            region.mask = left
        return gone

    def _grow(self, layers: PixelLayers, standing: NDArray[np.bool_], now_s: float) -> None:
        regions_at = np.zeros(layers.shape, np.uint16)
        for region in self.regions.values():
            regions_at[region.mask] = region.region_id
        fresh = (standing & (regions_at == 0)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(fresh, connectivity=8)
        if count == 1:
            return
        near = cv2.dilate(regions_at, np.ones((_JOIN_PX, _JOIN_PX), np.uint8))
        for label in 1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA], kind="stable"):  # the largest first
            x, y, width, height, area = (int(value) for value in stats[label])
            if area < _CRUMB_PX:
                continue
            window = (slice(y, y + height), slice(x, x + width))
            part = labels[window] == label
            born_s = float(np.median(layers.born_s[window][part]))
            apart = area >= _AREA_MIN_PX or now_s - born_s < _WHOLE_S
            neighbour = self._neighbour(near[window][part], born_s, area, apart=apart) or self._around(
                stats[label], born_s
            )
            if neighbour is not None:
                neighbour.mask[window] |= part
                size = int(np.count_nonzero(neighbour.mask))
                if size > (1 + _GROWTH) * neighbour.rest_area_px:
                    neighbour.rest_area_px, neighbour.rest_s = size, max(neighbour.rest_s, born_s)
            elif area >= _AREA_MIN_PX:
                region = Region(self._next_id, np.zeros(layers.shape, np.bool_), now_s, born_s, area)
                region.mask[window] = part
                region.box = float(x), float(y), float(x + width), float(y + height)
                self.regions[region.region_id] = region
                self._next_id = self._next_id % (_IDS - 1) + 1

    def _neighbour(self, ids: NDArray[np.uint16], born_s: float, area: int, *, apart: bool) -> Region | None:
        """The region that lies within reach of a new part, if they belong together.

        What came much later belongs to it only if it is no thing `apart`, or the first pixels of one.
        """
        for region_id in np.unique(ids):
            region = self.regions.get(int(region_id))
            if region is not None and (region.grows_at(born_s, area) or not apart):
                return region
        return None

    def _merge(self) -> list[Region]:
        """Make one of regions that came together and lie mostly in each other's boxes; those that were taken in."""
        taken = []
        for one, other in itertools.combinations(list(self.regions.values()), 2):
            if one.region_id not in self.regions or other.region_id not in self.regions:
                continue
            least = min(geometry.area(one.box), geometry.area(other.box))
            if not one.grows_at(other.rest_s, other.area_px) or geometry.overlap(one.box, other.box) <= _INSIDE * least:
                continue
            one.mask |= other.mask
            one.rest_s = max(one.rest_s, other.rest_s)
            one.rest_area_px = one.area_px = int(np.count_nonzero(one.mask))
            one.found_s = min(one.found_s, other.found_s)
            one.looks.clear()
            taken.append(self.regions.pop(other.region_id))
        return taken

    def _around(self, stats: NDArray[np.int32], born_s: float) -> Region | None:
        """The region that lies mostly inside a new part's box or has it inside its own: a pattern on a thing."""
        x, y, width, height, _ = (float(value) for value in stats)
        part = x, y, x + width, y + height
        for region in self.regions.values():
            least = min(width * height, geometry.area(region.box))
            if region.grows_at(born_s, int(stats[4])) and geometry.overlap(part, region.box) > _INSIDE * least:
                return region
        return None

    def _measure(self, region: Region, layers: PixelLayers, occupied: NDArray[np.bool_]) -> None:
        rows, columns = np.nonzero(region.mask)
        y1, y2, x1, x2 = int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
        region.box = (float(x1), float(y1), float(x2), float(y2))
        region.area_px = rows.size
        region.born_s = float(np.median(layers.born_s[rows, columns]))
        covered = float(occupied[rows, columns].mean())
        shown = float(layers.shows_static[rows, columns].mean())
        region.visible = covered <= _COVERED_SHARE and shown >= _VISIBLE_SHARE and not layers.held
        if region.looks and abs(region.area_px - region.looked_area_px) > _RESHAPED * region.looked_area_px:
            region.looks.clear()
        if region.visible:
            if not region.looks:
                region.looked_area_px = region.area_px
            margin = (x1 - _MARGIN_PX, y1 - _MARGIN_PX, x2 + _MARGIN_PX, y2 + _MARGIN_PX)
            window = actors.rows_and_columns(margin, region.mask.shape)
            strong = float(layers.strong[rows, columns].mean())
            region.looks.append(_look(region.mask[window], layers.image[window], layers.background[window], strong))


def _standing(layers: PixelLayers, now_s: float) -> NDArray[np.bool_]:
    """Static pixels of some age, of which the weak ones lie beside strong ones."""
    aged = layers.has_static & (now_s - layers.born_s >= AGE_S)
    if not aged.any():
        return aged
    apart = background.largest_channel(layers.static, layers.background)
    seeds = (aged & (apart > layers.strong)).astype(np.uint8)
    near = cv2.dilate(cv2.morphologyEx(seeds, cv2.MORPH_OPEN, _SPECK), np.ones((_SEED_REACH_PX,) * 2, np.uint8)) > 0
    return aged & near & (apart > layers.weak)


def _is_settling(region: Region, count: int) -> bool:
    """A region found while its bearer still stood there loses the bearer's part and goes on as the rest."""
    if count < _AREA_MIN_PX or region.looks:
        return False
    region.rest_area_px = count
    return True


def _look(
    mask: NDArray[np.bool_], image: NDArray[np.float32], before_image: NDArray[np.float32], strong: float
) -> Look:
    now, before = _luma(image), _luma(before_image)
    contour, across, down = _contour(mask)
    slopes_now = _slope_over(now, across, down)
    steepest = float(cv2.dilate(slopes_now, np.ones((5, 5), np.uint8))[contour].mean())
    slopes_before = _slope_over(before, across, down)
    near_now, near_before = (
        cv2.dilate(slopes, np.ones((3, 3), np.uint8))[contour] for slopes in (slopes_now, slopes_before)
    )
    contrast = float(np.abs(image - before_image).max(axis=2)[mask].mean())
    return Look(
        gained=float((near_now > _CLEARLY * near_before + _CLEARLY_SLOPE).mean()),
        lost=float((near_before > _CLEARLY * near_now + _CLEARLY_SLOPE).mean()),
        edge_slope=steepest / max(contrast, 1.0),
        texture=_texture_correlation(now, before, mask),
        colour_shift=_colour_shift(image[mask], before_image[mask]),
        light_spread=_light_spread(now[mask], before[mask]),
        strength=contrast / strong,
    )


def _luma(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float32)


def _contour(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.float32], NDArray[np.float32]]:
    """The pixels along a mask's rim and the direction across it there, as unit vectors."""
    area = mask.astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    rim = (cv2.dilate(area, kernel) - cv2.erode(area, kernel, borderValue=0)) > 0
    soft = cv2.GaussianBlur(mask.astype(np.float32), (7, 7), 0)
    across = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3), np.float32)
    down = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3), np.float32)
    length = np.asarray(np.maximum(cv2.magnitude(across, down), 1e-6), np.float32)
    return rim, across / length, down / length


def _slope_over(
    luma: NDArray[np.float32], across: NDArray[np.float32], down: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Grey levels a pixel, in a given direction only: the ground's own texture runs any way, a thing's rim this one."""
    return np.abs(_sobel(luma, 1, 0) * across + _sobel(luma, 0, 1) * down)


def _texture_correlation(now: NDArray[np.float32], before: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Correlation of the slopes, as vectors, inside the rim: light keeps every joint and blade where it was.

    Of slopes and not of brightness, which is also alike when a carton dark below stands on ground dark below.
    """
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    if not inner.any():
        return 0.0
    one = np.stack([_sobel(now, 1, 0)[inner], _sobel(now, 0, 1)[inner]])
    other = np.stack([_sobel(before, 1, 0)[inner], _sobel(before, 0, 1)[inner]])
    energy_now, energy_before = float((one * one).mean()), float((other * other).mean())
    if min(energy_now, energy_before) < _FLAT_SLOPE**2:
        return 0.0
    return float((one * other).mean()) / float(np.sqrt(energy_now * energy_before))


def _sobel(luma: NDArray[np.float32], across: int, down: int) -> NDArray[np.float32]:
    """Slope in grey levels a pixel."""
    return np.asarray(cv2.Sobel(luma, cv2.CV_32F, across, down, ksize=3, scale=1 / 8), np.float32)


def _colour_shift(now: NDArray[np.float32], before: NDArray[np.float32]) -> float:
    """Mean change of a pixel's colour apart from its brightness: of the channels' shares of their sum, the largest."""
    change = now / np.maximum(now.sum(axis=1, keepdims=True), 1.0)
    change -= before / np.maximum(before.sum(axis=1, keepdims=True), 1.0)
    return float(np.abs(change).max(axis=1).mean())


def _light_spread(now: NDArray[np.float32], before: NDArray[np.float32]) -> float:
    """How unequally the brightness changed: standard deviation of the logarithm of the ratio."""
    return float(np.log((now + 4.0) / (before + 4.0)).std())
