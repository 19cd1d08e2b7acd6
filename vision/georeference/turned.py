"""Stills whose picture was turned after the flight, while their XMP still tells how the camera looked then.

Three witnesses, the later the stronger: the shape and EXIF orientation of the file; the small preview that the camera
put into it, which most programs forget to turn along; and the neighbours of the same flight, whose ground must fit.
A turn is counted in quarters, clockwise, from the sensor's picture to the one that is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.georeference import orthophoto
from vision.georeference.embedded import best_turn_of_previews

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vision.georeference.camera import Camera
    from vision.georeference.orthophoto import Gray
    from vision.georeference.pose import Pose

_FIT_MIN = 0.3
_LEAD_MIN = 0.12
"""Over the next best pair of turns."""
_DOUBT_MIN = 0.2
"""Over what was believed: a turn that is wrongly undone is worse than one that is not found."""
_NEIGHBOURS = 3


@dataclass(slots=True)
class Still:
    """A still with what its file says. `camera` is of the sensor's picture, which is never upright."""

    path: Path
    pose: Pose
    camera: Camera
    shown_px: tuple[int, int]
    """Width and height as every viewer shows it, EXIF orientation obeyed."""
    turn: int = 0
    """By EXIF orientation."""
    picture: Gray | None = None
    """The shown picture, small and grey; read when it is needed."""
    witnesses: list[str] = field(default_factory=list)

    def possible(self) -> tuple[int, ...]:
        """By the shape of the picture."""
        width, height = self.shown_px
        if width == height:
            return (0, 1, 2, 3)
        return (1, 3) if (width < height) != (self.camera.width_px < self.camera.height_px) else (0, 2)

    def gray(self) -> Gray:
        if self.picture is None:
            try:
                read = cv2.imread(str(self.path), cv2.IMREAD_REDUCED_GRAYSCALE_4)
            except cv2.error:  # larger than OpenCV reads
                read = None
            self.picture = np.zeros((1, 1), np.uint8) if read is None else np.asarray(read, dtype=np.uint8)
        return self.picture

    def sensor_gray(self, turn: int) -> Gray:
        return np.ascontiguousarray(np.rot90(self.gray(), turn))


def to_sensor_px(shown_px: tuple[int, int], turn: int, x_px: float, y_px: float) -> tuple[float, float]:
    """From the shown picture, of that size, to the sensor's."""
    width, height = shown_px
    return {0: (x_px, y_px), 1: (y_px, width - x_px), 2: (width - x_px, height - y_px), 3: (height - y_px, x_px)}[turn]


def words(still: Still) -> str:
    """For `method`; empty where the picture is as the camera took it."""
    if not still.turn:
        return ""
    degrees = {1: "90 degrees clockwise", 2: "180 degrees", 3: "90 degrees anticlockwise"}[still.turn]
    return f"rotated after the flight by {degrees} ({', '.join(still.witnesses) or 'EXIF orientation'}), undone"


def settle(stills: Sequence[Still]) -> None:
    """Decide the turn of each; writes `turn` and `witnesses`. Stills of one flight together, in any order."""
    for still in stills:
        _by_itself(still)
    links = _links(stills)
    settled: set[int] = set()
    while links:
        best = max(links, key=lambda link: link.strength + (1.0 if {link.one, link.other} & settled else 0.0))
        links.remove(best)
        _agree(stills, best, settled)


def _by_itself(still: Still) -> None:
    possible = still.possible()
    if still.turn:
        still.witnesses.append("EXIF orientation")
    if still.turn not in possible:
        still.turn = possible[0]
        still.witnesses.append("swapped size")
    seen = best_turn_of_previews(still.path, still.gray(), possible)
    if seen is not None and seen != still.turn:
        still.turn, still.witnesses = seen, ["its own preview"]
    elif seen is not None and seen:
        still.witnesses.append("its own preview")


@dataclass(frozen=True, slots=True)
class _Link:
    """How well two stills fit for each pair of turns."""

    one: int
    other: int
    fits: dict[tuple[int, int], float]
    shared: float

    @property
    def strength(self) -> float:
        """A narrow strip fits many ways by chance."""
        ranked = sorted(self.fits.values(), reverse=True)
        return (ranked[0] - ranked[1] if len(ranked) > 1 else 0.0) * math.sqrt(self.shared)


def _links(stills: Sequence[Still]) -> list[_Link]:
    """Of each still to its nearest neighbours that see the same ground."""
    pairs: set[tuple[int, int]] = set()
    for here, still in enumerate(stills):
        apart = sorted(
            (orthophoto.distance_m(still.pose, other.pose), there)
            for there, other in enumerate(stills)
            if there != here
        )
        pairs.update((min(here, there), max(here, there)) for _, there in apart[:_NEIGHBOURS])
    links = []
    for one, other in sorted(pairs):
        fits = _fits(stills[one], stills[other])
        correlations = {turns: fit.correlation for turns, fit in fits.items()}
        if fits and max(correlations.values()) >= _FIT_MIN:
            links.append(_Link(one, other, correlations, max(fit.shared for fit in fits.values())))
    return links


def _fits(one: Still, other: Still) -> dict[tuple[int, int], orthophoto.Fit]:
    found = {}
    for turn in one.possible():
        first = orthophoto.Picture(one.sensor_gray(turn), one.camera, one.pose)
        for another in other.possible():
            second = orthophoto.Picture(other.sensor_gray(another), other.camera, other.pose)
            fit = orthophoto.fit(first, second)
            if fit is not None:
                found[turn, another] = fit
    return found


def _agree(stills: Sequence[Still], link: _Link, settled: set[int]) -> None:
    """Give both the turns that fit best, where they fit clearly better than what was believed."""
    allowed = {
        turns: fit
        for turns, fit in link.fits.items()
        if (link.one not in settled or turns[0] == stills[link.one].turn)
        and (link.other not in settled or turns[1] == stills[link.other].turn)
    }
    if not allowed:
        return
    best = max(allowed, key=lambda turns: allowed[turns])
    believed = (stills[link.one].turn, stills[link.other].turn)
    second = max((fit for turns, fit in allowed.items() if turns != best), default=-1.0)
    if allowed[best] < _FIT_MIN or allowed[best] - second < _LEAD_MIN:
        return
    if best != believed and allowed[best] - link.fits.get(believed, -1.0) < _DOUBT_MIN:
        return
    for place, turn, before in zip((link.one, link.other), best, believed, strict=True):
        still = stills[place]
        if turn != before:
            still.turn, still.witnesses = turn, ["its neighbours"]
        elif turn and "its neighbours" not in still.witnesses:
            still.witnesses.append("its neighbours")
        settled.add(place)
