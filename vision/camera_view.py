"""What a fixed camera usually sees, and how far a picture agrees with it: for cameras that are covered or turned.

Of each pixel the direction of its edge counts, neither its strength nor its sign: clouds, lamps, automatic exposure and
the change to infra-red leave the directions of walls and kerbs as they are; a cover or another view does not.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHARP_PX, _EDGES_PX, _COARSE_PX = 320, 160, 20
"""Widths at which sharpness, edges and the rough picture are looked at."""
_EDGE = 6.0
"""Slope in grey levels a pixel that counts half: noise lies below, a kerb above."""
_FAINT_EDGE = 0.7
"""Likewise where many pictures were averaged, in which noise has gone."""
_STRUCTURED = 0.35
"""Length of a pixel's usual edge from which it is one that is always there."""
_STRUCTURED_SHARE_MIN = 0.02
_ROWS, _COLUMNS = 6, 8
_CELL_PX_MIN = 12
"""Structured pixels that a cell of the grid needs to be asked."""
_CELLS_MIN = 6
_CELL_AGREES = 0.35
_USUAL_S = 120.0
"""Time constant with which what is usual follows."""
_MEAN_S = 20.0
_CONTRAST_MIN = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """One picture, measured."""

    edges: NDArray[np.float32]
    """(height, width, 2): direction of each pixel's edge at double angle, up to length 1."""
    grey: NDArray[np.float32]
    """At the width of the edges."""
    coarse: NDArray[np.float32]
    sharpness: float
    """Fine detail to rough contrast."""
    brightness: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a look compares with what is usual."""

    seen: float
    """Share of the structured cells whose edges are where they always are."""
    detail: float
    """Edges, to those that are usual; 0 is a blank picture."""
    sharpness: float
    """To the usual."""
    alike: float
    """Correlation of the rough pictures, -1 to 1."""


def look(image: NDArray[np.uint8]) -> Look:
    grey = np.asarray(cv2.cvtColor(_narrow(image, _SHARP_PX), cv2.COLOR_BGR2GRAY), np.uint8)
    coarse = np.asarray(_narrow(grey, _COARSE_PX), np.float32)
    contrast = max(float(coarse.std()), _CONTRAST_MIN)
    fine = grey.astype(np.float32) - cv2.GaussianBlur(grey, (0, 0), 1.5).astype(np.float32)
    small = np.asarray(_narrow(grey, _EDGES_PX), np.float32)
    # The strongest twentieth, so that noise all over the picture does not count for detail.
    return Look(
        edges=_edges(small, _EDGE),
        grey=small,
        coarse=coarse,
        sharpness=float(np.quantile(np.abs(fine[::2, ::2]), 0.95)) / contrast,
        brightness=float(coarse.mean()),
    )


class UsualView:
    """What the camera usually sees; learned slowly, from looks that agree with it."""

    def __init__(self, first: Look) -> None:
        self._edges = first.edges.copy()
        self._coarse = first.coarse.copy()
        self._sharpness = first.sharpness
        self.looks = 1
        self.learned_s = 0.0

    @property
    def shape(self) -> tuple[int, ...]:
        return self._edges.shape

    def learn(self, seen: Look, step_s: float) -> None:
        self.looks += 1
        self.learned_s += step_s
        weight = max(1.0 / self.looks, 1.0 - float(np.exp(-step_s / _USUAL_S)))
        self._edges += np.float32(weight) * (seen.edges - self._edges)
        self._coarse += np.float32(weight) * (seen.coarse - self._coarse)
        self._sharpness += weight * (seen.sharpness - self._sharpness)

    def compare(self, seen: Look) -> Agreement | None:
        """None where too little is always there to tell anything."""
        cells = self._agreement(seen.edges)
        if cells is None:
            return None
        usual = float(np.linalg.norm(self._edges, axis=2).mean())
        return Agreement(
            seen=float((cells >= _CELL_AGREES).mean()),
            detail=float(np.linalg.norm(seen.edges, axis=2).mean()) / max(usual, 1e-6),
            sharpness=seen.sharpness / max(self._sharpness, 1e-6),
            alike=_correlation(seen.coarse, self._coarse),
        )

    def faintly_seen(self, mean_grey: NDArray[np.float32]) -> float:
        """Share of the cells that a mean of many dark pictures still shows."""
        cells = self._agreement(_edges(mean_grey, _FAINT_EDGE))
        return 0.0 if cells is None else float((cells >= _CELL_AGREES / 2).mean())

    def to_bytes(self) -> bytes:
        kept = io.BytesIO()
        edges = np.round(self._edges * 127).astype(np.int8)
        facts = np.array([self._sharpness, self.looks, self.learned_s])
        np.savez_compressed(kept, edges=edges, coarse=self._coarse, facts=facts)
        return kept.getvalue()

    @classmethod
    def of_bytes(cls, kept: bytes) -> UsualView:
        """Raises ValueError where they are damaged."""
        try:
            with np.load(io.BytesIO(kept), allow_pickle=False) as stored:
                edges, coarse, facts = stored["edges"], stored["coarse"], stored["facts"]
            view = cls(Look(edges.astype(np.float32) / 127, coarse, coarse, float(facts[0]), 0.0))
            view.looks, view.learned_s = int(facts[1]), float(facts[2])
        except (OSError, KeyError, IndexError, ValueError, EOFError) as error:
            raise ValueError(f"not a view: {error}") from error
        return view

    def _agreement(self, edges: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Mean agreement of each structured cell."""
        length = np.linalg.norm(self._edges, axis=2)
        structured = length >= _STRUCTURED
        if edges.shape != self._edges.shape or structured.mean() < _STRUCTURED_SHARE_MIN:
            return None
        agreement = (edges * self._edges).sum(axis=2) / np.maximum(length, 1e-6) ** 2
        asked = structured.astype(np.float32)
        count = cv2.resize(asked, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA)
        total = cv2.resize(np.asarray(agreement * asked, np.float32), (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA)
        enough = count * (asked.size / count.size) >= _CELL_PX_MIN
        return np.asarray(total[enough] / count[enough], np.float32) if enough.sum() >= _CELLS_MIN else None


class MeanPicture:
    """The mean of the last seconds, in which the noise of a dark picture goes and what is faint stays."""

    def __init__(self) -> None:
        self.grey: NDArray[np.float32] | None = None

    def add(self, grey: NDArray[np.float32], step_s: float) -> None:
        if self.grey is None or self.grey.shape != grey.shape:
            self.grey = grey.copy()
        else:
            self.grey += np.float32(1.0 - float(np.exp(-step_s / _MEAN_S))) * (grey - self.grey)


def _narrow(image: NDArray[np.uint8], width_px: int) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    size = width_px, max(8, round(height * width_px / width))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _edges(grey: NDArray[np.float32], half: float) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    across = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 4), np.float32)
    down = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 4), np.float32)
    squared = across * across + down * down
    slope = np.sqrt(squared)
    weight = slope / (slope + half) / np.maximum(squared, 1e-6)
    # A little blur: a camera in the wind is no other view.
    doubled = np.dstack([(across * across - down * down) * weight, 2 * across * down * weight])
    return np.asarray(cv2.blur(doubled, (3, 3)), np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    if one.shape != other.shape:
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / spread if spread > 1.0 else 0.0
