"""Patches of ground unlike everything beside them: what lies there and does not go on in any direction.

A patch of asphalt at the edge of a lawn goes on to one side, a kerb or a marking to two, a long shadow along itself.
A thing goes on nowhere: it differs from the ground two steps away in nearly every direction. So each small cell is
compared with eight windows around it, at two distances, and the next to smallest of its eight differences counts.
Whatever is only darker, in the colours that the window would have in shade, counts half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.footage.ground_picture import GroundPicture
    from vision.footage.settings import Settings

    Plane: TypeAlias = NDArray[np.float32]

_CELL_M = 0.16
_DISTANCES_M = ((2.0, 1.6), (5.0, 3.6))
"""How far the windows' middles are, and how wide they are; things up to about the width are found."""
_COARSER = 2
"""The larger distance is worked at cells so many times as large."""
_FLOORS = (4.0, 2.2, 2.2, 0.35)
"""Least spread of lightness, green to red, blue to yellow (Lab) and texture (logarithm) within a window."""
_DARKER = 0.5
_SHADE_LEAST = 0.3
_FINER = 8.0
"""Roughness is averaged in so fine steps of a grey level."""
_DIRECTIONS = 8
_FAR = 1e6
"""Squared difference where nothing is known."""
_USUAL, _USUAL_PERCENT = 2.2, 95.0
"""Where the ground itself varies so that the given percentage of cells exceeds this, all are taken as less unusual."""
_JOIN_M = 0.7
_OF_PEAK = 0.4
"""Cells that differ less than this share of the patch's most unusual one are its surroundings."""
_LIKE = 9.0
"""Cells whose colour is nearer (Lab) than this to a patch's repeat it;"""
_LIKE_SHARE = 0.5
"""and than this share of how far the patch is from its surroundings."""
_REPEAT_M = 3.0
_KNOWN_MIN = 0.6
"""Of a window must be known."""
_RIM_M = 1.2


@dataclass(frozen=True, slots=True)
class Patch:
    """Lengths in metres, colours in Lab (lightness 0..100)."""

    box: tuple[float, float, float, float]
    """In laid pixels."""
    peak: float
    """Standard deviations from what lies around it, at the most unusual cell."""
    length_m: float
    width_m: float
    fill: float
    """Of its least rectangle, how much is unusual."""
    colour: tuple[float, float, float]
    around: tuple[float, float, float]
    texture: float
    """Logarithm of how much rougher than what lies around it."""
    repeats: float
    """How many times its own area has its colour nearby: bars of a crossing, tiles, leaves."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """The laid picture in cells: lightness, two colours and texture, and where they are known."""

    planes: list[Plane]
    known: NDArray[np.bool_]
    cell_m: float
    share: float
    """Cells a laid pixel."""

    def coarser(self, times: int) -> _Cells:
        height, width = self.known.shape
        size = max(4, width // times), max(4, height // times)
        planes = [
            np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32) for plane in self.planes
        ]
        known = cv2.resize(self.known.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        return _Cells(planes, known, self.cell_m * times, self.share / times)


@dataclass(frozen=True, slots=True)
class _Windows:
    """Mean of each plane in the window about each cell, one over its variance, and how much of it is known."""

    means: list[Plane]
    weights: list[Plane]
    share: Plane


def find(laid: GroundPicture, settings: Settings) -> list[Patch]:
    """The most unusual first."""
    cells = _cells(laid)
    height, width = cells.known.shape
    score = np.zeros(cells.known.shape, np.float32)
    for number, (distance_m, width_m) in enumerate(_DISTANCES_M):
        part = _score(cells.coarser(_COARSER) if number else cells, distance_m, width_m)
        if number:
            part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
        score = np.maximum(score, part)
    return _patches(score, cells, settings)


def _cells(laid: GroundPicture) -> _Cells:
    share = min(1.0, laid.frame.cell_m / _CELL_M)
    height, width = laid.seen.shape
    size = max(8, round(width * share)), max(8, round(height * share))
    small = cv2.resize(laid.image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    lab = cv2.cvtColor(small * np.float32(1 / 255), cv2.COLOR_BGR2LAB)
    gray = cv2.cvtColor(laid.image, cv2.COLOR_BGR2GRAY)
    rough = cv2.convertScaleAbs(cv2.absdiff(gray, cv2.boxFilter(gray, -1, (3, 3))), alpha=_FINER)
    mean = cv2.resize(rough, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    texture = np.log(mean / np.float32(_FINER) + np.float32(1.0))
    known = cv2.resize(laid.seen, size, interpolation=cv2.INTER_AREA) > 250  # noqa: PLR2004 - the whole cell
    planes = [np.asarray(plane, np.float32) for plane in (*cv2.split(lab), texture)]
    return _Cells(planes, known, laid.frame.cell_m / share, share)


def _score(cells: _Cells, distance_m: float, width_m: float) -> Plane:
    """How unusual each cell is at one distance, 0 where too little is known."""
    windows = _windows(cells, max(3, round(width_m / cells.cell_m)) | 1)
    reach = distance_m / cells.cell_m
    least = np.full(cells.known.shape, _FAR, np.float32)
    second = least.copy()
    asked = np.zeros(cells.known.shape, np.uint8)
    for turn in np.arange(_DIRECTIONS) * (2 * math.pi / _DIRECTIONS):
        here, there = _apart(cells.known.shape, round(reach * math.sin(turn)), round(reach * math.cos(turn)))
        known = windows.share[there] >= _KNOWN_MIN
        away = np.where(known, _difference(cells, windows, here, there), _FAR).astype(np.float32)
        asked[here] += known
        second[here] = cv2.min(second[here], cv2.max(least[here], away))
        least[here] = cv2.min(least[here], away)
    score = np.sqrt(np.where(cells.known & (asked >= _DIRECTIONS - 1), second, 0))
    inside = score[score > 0]
    usual = float(np.percentile(inside[::7], _USUAL_PERCENT)) if inside.size else 1.0
    return np.asarray(score / max(1.0, usual / _USUAL), np.float32)


def _apart(shape: tuple[int, int], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The cells that have another so many cells away inside the picture, and those others."""
    height, width = shape
    rows = slice(max(0, -down), max(0, -down, min(height, height - down)))
    columns = slice(max(0, -right), max(0, -right, min(width, width - right)))
    return (rows, columns), (
        slice(rows.start + down, rows.stop + down),
        slice(columns.start + right, columns.stop + right),
    )


def _windows(cells: _Cells, side: int) -> _Windows:
    box = (side, side)
    mask = cells.known.astype(np.float32)
    share = np.asarray(cv2.boxFilter(mask, -1, box, borderType=cv2.BORDER_CONSTANT), np.float32)
    least = np.maximum(share, np.float32(1e-3))
    means, weights = [], []
    for plane, floor in zip(cells.planes, _FLOORS, strict=True):
        held = plane * mask
        mean = cv2.boxFilter(held, -1, box, borderType=cv2.BORDER_CONSTANT) / least
        square = cv2.boxFilter(held * plane, -1, box, borderType=cv2.BORDER_CONSTANT) / least
        variance = np.maximum(square - mean * mean, np.float32(0)) + np.float32(floor * floor)
        means.append(np.asarray(mean, np.float32))
        weights.append(np.asarray(np.float32(1) / variance, np.float32))
    return _Windows(means, weights, share)


def _difference(
    cells: _Cells, windows: _Windows, here: tuple[slice, slice], there: tuple[slice, slice]
) -> NDArray[np.float32]:
    """Squared, of cells from the windows about others."""
    own, light = cells.planes[0][here], windows.means[0][there]
    step = own - light
    darker = np.minimum(step, np.float32(0))
    step -= darker * np.float32(1 - _DARKER)
    shade = np.maximum(np.float32(1) + darker / np.maximum(light, np.float32(1)), np.float32(_SHADE_LEAST))
    total = step * step * windows.weights[0][there]
    for place in (1, 2):
        away = cells.planes[place][here] - shade * windows.means[place][there]
        total += away * away * windows.weights[place][there]
    rougher = cells.planes[3][here] - windows.means[3][there]
    total += rougher * rougher * windows.weights[3][there]
    return np.asarray(total, np.float32)


def _patches(score: Plane, cells: _Cells, settings: Settings) -> list[Patch]:
    strange = (score >= settings.unusual_again_min).astype(np.uint8)
    side = max(1, round(_JOIN_M / cells.cell_m)) | 1
    joined = cv2.morphologyEx(strange, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, np.asarray(numbers[strange > 0], np.intp), score[strange > 0])
    patches = []
    for number in np.argsort(-peaks[1:], kind="stable")[: settings.patches_a_look_max] + 1:
        left, top, wide, high, area = (int(value) for value in stats[number])
        if max(wide, high) * cells.cell_m > settings.thing_m_max * math.sqrt(2) or area < 2:  # noqa: PLR2004 - noise
            continue
        cut = slice(top, top + high), slice(left, left + wide)
        own = (numbers[cut] == number) & (score[cut] >= _OF_PEAK * peaks[number])
        if np.count_nonzero(own) < 2:  # noqa: PLR2004 - as above
            continue
        patch = _patch(cut, own, score[cut], cells)
        if settings.thing_m_min <= patch.length_m <= settings.thing_m_max:
            patches.append(patch)
    return patches


def _patch(cut: tuple[slice, slice], own: NDArray[np.bool_], score: Plane, cells: _Cells) -> Patch:
    rows, columns = np.nonzero(own)
    top, left = cut[0].start + int(rows.min()), cut[1].start + int(columns.min())
    own = own[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    score = score[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    high, wide = own.shape
    cut = slice(top, top + high), slice(left, left + wide)
    _, sides, _ = cv2.minAreaRect(np.stack([columns, rows], axis=1).astype(np.float32))
    long_side, short_side = max(sides) + 1, min(sides) + 1
    rim = max(2, round(_RIM_M / cells.cell_m))
    first, begin = max(0, top - rim), max(0, left - rim)
    outer = slice(first, top + high + rim), slice(begin, left + wide + rim)
    beside = cells.known[outer].copy()
    beside[top - first : top - first + high, left - begin : left - begin + wide] &= ~own
    colours = [float(plane[cut][own].mean()) for plane in cells.planes]
    around = [float(np.median(plane[outer][beside])) if beside.any() else 0.0 for plane in cells.planes]
    share = cells.share
    repeats = _repeats(cut, own, colours, around, cells)
    return Patch(
        (left / share, top / share, (left + wide) / share, (top + high) / share),
        float(score[own].max()),
        long_side * cells.cell_m,
        short_side * cells.cell_m,
        float(own.sum() / (long_side * short_side)),
        (colours[0], colours[1], colours[2]),
        (around[0], around[1], around[2]),
        colours[3] - around[3],
        repeats,
    )


def _repeats(
    cut: tuple[slice, slice], own: NDArray[np.bool_], colours: list[float], around: list[float], cells: _Cells
) -> float:
    reach = round(_REPEAT_M / cells.cell_m)
    first, begin = max(0, cut[0].start - reach), max(0, cut[1].start - reach)
    outer = slice(first, cut[0].stop + reach), slice(begin, cut[1].stop + reach)
    away = sum((plane[outer] - colour) ** 2 for plane, colour in zip(cells.planes[:3], colours[:3], strict=True))
    apart = math.dist(colours[:3], around[:3])
    like = np.sqrt(away) < min(_LIKE, _LIKE_SHARE * apart)
    rim = slice(max(0, cut[0].start - first - 1), cut[0].stop - first + 1)
    like[rim, max(0, cut[1].start - begin - 1) : cut[1].stop - begin + 1] = False
    return float(np.count_nonzero(like) / np.count_nonzero(own))
