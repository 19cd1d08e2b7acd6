"""How high a person stands at each row of the picture, learned from those who walk through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vision.geometry import Box

_SAMPLES_MIN = 40
_HALF_LIFE = 5000.0
"""Samples after which an old one counts half: a camera is turned now and then."""
_UPRIGHT = 1.6
"""Height to width of somebody who stands."""
_SPREAD_MIN_PX = 6.0
"""Standard deviation of the rows that were walked on, below which one height serves for all."""
_AWAY = 2.5
"""Rows further from those walked on than so many standard deviations are not told."""


class Statures:
    """A straight line through the heights of boxes over the rows of their lower edges, in pixels."""

    def __init__(self) -> None:
        self._sums = np.zeros(5)
        """Of 1, row, row squared, height, and row times height."""

    def add(self, box: Box) -> None:
        """A box of a walker that is not cut off."""
        height, row = box[3] - box[1], box[3]
        if height < _UPRIGHT * (box[2] - box[0]):
            return
        self._sums *= 0.5 ** (1 / _HALF_LIFE)
        self._sums += (1.0, row, row * row, height, row * height)

    def at(self, row: float) -> float | None:
        """Height of somebody whose feet are at a row, None where it is not known."""
        count, rows, squares, heights, products = self._sums
        if count < _SAMPLES_MIN:
            return None
        middle, usual = rows / count, heights / count
        variance = max(squares / count - middle**2, 0.0)
        spread = max(float(np.sqrt(variance)), _SPREAD_MIN_PX)
        if abs(row - middle) > _AWAY * spread:
            return None
        slope = (products / count - middle * usual) / variance if variance >= _SPREAD_MIN_PX**2 else 0.0
        told = float(usual + slope * (row - middle))
        return told if told > 0 else None
