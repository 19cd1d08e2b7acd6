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
_COUNTS = 1
"""Which of the sorted differences counts, from 0."""
_JOIN_M = 0.35
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
    """Mean and variance of each plane in the window about each cell, and how much of it is known."""

    means: list[Plane]
    variances: list[Plane]
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
    patches = _patches(score, cells, settings)
    patches.sort(key=lambda patch: -patch.peak)
    return patches[: settings.patches_a_look_max]


def _cells(laid: GroundPicture) -> _Cells:
    share = min(1.0, laid.frame.cell_m / _CELL_M)
    height, width = laid.seen.shape
    size = max(8, round(width * share)), max(8, round(height * share))
    small = cv2.resize(laid.image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    lab = cv2.cvtColor(small * np.float32(1 / 255), cv2.COLOR_BGR2LAB)
    gray = cv2.cvtColor(laid.image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    rough = cv2.absdiff(gray, cv2.boxFilter(gray, -1, (3, 3)))
    texture = np.log(cv2.resize(rough, size, interpolation=cv2.INTER_AREA) + np.float32(1.0))
    known = cv2.resize(laid.seen, size, interpolation=cv2.INTER_AREA) > 250  # noqa: PLR2004 - the whole cell
    planes = [np.asarray(plane, np.float32) for plane in (*cv2.split(lab), texture)]
    return _Cells(planes, known, laid.frame.cell_m / share, share)


def _score(cells: _Cells, distance_m: float, width_m: float) -> Plane:
    """How unusual each cell is at one distance, 0 where too little is known."""
    windows = _windows(cells, max(3, round(width_m / cells.cell_m)) | 1)
    reach = distance_m / cells.cell_m
    differences = [
        _difference(cells, windows, round(reach * math.sin(turn)), round(reach * math.cos(turn)))
        for turn in np.arange(8) * (math.pi / 4)
    ]
    counts = np.partition(np.stack(differences), _COUNTS, axis=0)[_COUNTS]
    return np.asarray(np.where(cells.known & np.isfinite(counts), np.sqrt(counts), 0.0), np.float32)


def _windows(cells: _Cells, side: int) -> _Windows:
    box = (side, side)
    mask = cells.known.astype(np.float32)
    share = np.asarray(cv2.boxFilter(mask, -1, box, borderType=cv2.BORDER_CONSTANT), np.float32)
    least = np.maximum(share, np.float32(1e-3))
    means, variances = [], []
    for plane, floor in zip(cells.planes, _FLOORS, strict=True):
        held = plane * mask
        mean = cv2.boxFilter(held, -1, box, borderType=cv2.BORDER_CONSTANT) / least
        square = cv2.boxFilter(held * plane, -1, box, borderType=cv2.BORDER_CONSTANT) / least
        variance = np.maximum(square - mean * mean, np.float32(0)) + np.float32(floor * floor)
        means.append(np.asarray(mean, np.float32))
        variances.append(np.asarray(variance, np.float32))
    return _Windows(means, variances, share)


def _difference(cells: _Cells, windows: _Windows, down: int, right: int) -> Plane:
    """Squared, from the window so many cells away; infinite where that is not known."""
    planes = cells.planes
    light = _shifted(windows.means[0], down, right)
    step = planes[0] - light
    darker = step < 0
    shade = np.where(darker, np.clip(planes[0] / np.maximum(light, np.float32(1)), _SHADE_LEAST, 1.0), np.float32(1))
    step = np.where(darker, step * np.float32(_DARKER), step)
    total = step * step / _shifted(windows.variances[0], down, right, 1.0)
    for place in (1, 2):
        away = planes[place] - shade * _shifted(windows.means[place], down, right)
        total += away * away / _shifted(windows.variances[place], down, right, 1.0)
    rougher = planes[3] - _shifted(windows.means[3], down, right)
    total += rougher * rougher / _shifted(windows.variances[3], down, right, 1.0)
    known = _shifted(windows.share, down, right) >= _KNOWN_MIN
    return np.asarray(np.where(known, total, np.float32(np.inf)), np.float32)


def _shifted(plane: Plane, down: int, right: int, beyond: float = 0.0) -> Plane:
    """What is so many cells away; `beyond` where that is outside."""
    height, width = plane.shape
    moved = np.full_like(plane, beyond)
    rows, columns = slice(max(0, -down), min(height, height - down)), slice(max(0, -right), min(width, width - right))
    if rows.start < rows.stop and columns.start < columns.stop:
        moved[rows, columns] = plane[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right]
    return moved


def _patches(score: Plane, cells: _Cells, settings: Settings) -> list[Patch]:
    strange = (score >= settings.unusual_again_min).astype(np.uint8)
    side = max(1, round(_JOIN_M / cells.cell_m)) | 1
    joined = cv2.morphologyEx(strange, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    patches = []
    for number in range(1, count):
        left, top, wide, high, area = (int(value) for value in stats[number])
        if max(wide, high) * cells.cell_m > settings.thing_m_max * math.sqrt(2) or area < 2:  # noqa: PLR2004 - noise
            continue
        cut = slice(top, top + high), slice(left, left + wide)
        patch = _patch(cut, numbers[cut] == number, score[cut], cells)
        if settings.thing_m_min <= patch.length_m <= settings.thing_m_max:
            patches.append(patch)
    return patches


def _patch(cut: tuple[slice, slice], own: NDArray[np.bool_], score: Plane, cells: _Cells) -> Patch:
    top, left, (high, wide) = cut[0].start, cut[1].start, own.shape
    rows, columns = np.nonzero(own)
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
    return Patch(
        (left / share, top / share, (left + wide) / share, (top + high) / share),
        float(score[own].max()),
        long_side * cells.cell_m,
        short_side * cells.cell_m,
        float(own.sum() / (long_side * short_side)),
        (colours[0], colours[1], colours[2]),
        (around[0], around[1], around[2]),
        colours[3] - around[3],
    )
