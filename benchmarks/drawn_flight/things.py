"""What people leave behind, and what is no waste but may be taken for it: small pictures seen from above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from benchmarks.drawn_flight.canvas import noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.drawn_flight.canvas import Image, Plane

Drawn: TypeAlias = "tuple[Image, Plane, float]"
"""Picture, outline, height in metres."""
_BAGS = ((32, 30, 30), (38, 36, 34), (225, 225, 225), (190, 120, 50), (60, 130, 60), (40, 40, 44))
_SOFAS = ((60, 75, 110), (50, 50, 130), (120, 110, 100), (70, 95, 60), (150, 160, 175))
_CARS = ((230, 230, 230), (40, 40, 42), (150, 150, 152), (160, 60, 40), (40, 40, 170), (90, 90, 95))


def _image(base: Plane) -> Image:
    return np.clip(base, 0, 255).astype(np.uint8)


def _blob(rng: np.random.Generator, shape: tuple[int, int], rough: float) -> Plane:
    """A filled irregular outline."""
    height, width = shape
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = 1 - rough * rng.random(24)
    points = np.stack(
        [width / 2 + radius * np.cos(turn) * (width / 2 - 1), height / 2 + radius * np.sin(turn) * (height / 2 - 1)], 1
    )
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.7), np.float32)


def _pixels(length_m: float, width_m: float, cell_m: float) -> tuple[int, int]:
    return max(4, round(width_m / cell_m)), max(4, round(length_m / cell_m))


def bag(rng: np.random.Generator, cell_m: float) -> Drawn:
    shape = _pixels(rng.uniform(0.55, 0.9), rng.uniform(0.5, 0.75), cell_m)
    base = np.full((*shape, 3), _BAGS[rng.integers(len(_BAGS))], np.float32)
    base += 12 * noise(rng, shape, 0.12 / cell_m)[..., None]
    shiny = noise(rng, shape, 0.1 / cell_m) > 1.2  # noqa: PLR2004 - folds in the sun
    base[shiny] += 70
    return _image(base), _blob(rng, shape, 0.3), 0.5


def bags(rng: np.random.Generator, cell_m: float) -> Drawn:
    """Several side by side."""
    side = round(2.6 / cell_m)
    image, alpha = np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(3, 6))):
        one, outline, _ = bag(rng, cell_m)
        top, left = (int(rng.integers(0, side - size)) for size in outline.shape)
        cut = slice(top, top + outline.shape[0]), slice(left, left + outline.shape[1])
        image[cut] = np.where(outline[..., None] > 0.5, one, image[cut])  # noqa: PLR2004 - inside
        alpha[cut] = np.maximum(alpha[cut], outline)
    return image, alpha, 0.5


def sofa(rng: np.random.Generator, cell_m: float) -> Drawn:
    shape = _pixels(rng.uniform(1.7, 2.3), rng.uniform(0.8, 1.0), cell_m)
    base = np.full((*shape, 3), _SOFAS[rng.integers(len(_SOFAS))], np.float32)
    base[: shape[0] // 3] *= 0.75
    for line in (1 / 3, 2 / 3):
        column = round(shape[1] * line)
        base[shape[0] // 3 :, column : column + max(1, round(0.05 / cell_m))] *= 0.6
    base += 6 * noise(rng, shape, 0.1 / cell_m)[..., None]
    return _image(base), np.ones(shape, np.float32), 0.8


def mattress(rng: np.random.Generator, cell_m: float) -> Drawn:
    shape = _pixels(rng.uniform(1.8, 2.0), rng.uniform(0.9, 1.5), cell_m)
    base = np.full((*shape, 3), (195, 210, 222), np.float32) + 8 * noise(rng, shape, 0.25 / cell_m)[..., None]
    return _image(base), np.ones(shape, np.float32), 0.25


def heap(rng: np.random.Generator, cell_m: float) -> Drawn:
    """Rubble and rubbish, a few metres wide."""
    shape = _pixels(rng.uniform(1.8, 4.5), rng.uniform(1.5, 3.5), cell_m)
    base = np.full((*shape, 3), (120, 130, 140), np.float32)
    for _ in range(90):
        colour = rng.choice(
            [(200, 200, 200), (60, 70, 120), (170, 120, 70), (40, 40, 40), (90, 140, 180), (120, 120, 125)]
        )
        size = rng.uniform(0.1, 0.6) / cell_m, rng.uniform(0.08, 0.3) / cell_m
        middle = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
        corners = cv2.boxPoints((middle, size, float(rng.uniform(0, 180))))
        cv2.fillPoly(base, [np.round(corners).astype(np.int32)], [float(value) for value in colour])
    base += 14 * noise(rng, shape, 0.08 / cell_m)[..., None]
    return _image(base), _blob(rng, shape, 0.35), 0.8


def planks(rng: np.random.Generator, cell_m: float) -> Drawn:
    side = round(2.8 / cell_m)
    base, alpha = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(4, 9))):
        size = rng.uniform(1.4, 2.4) / cell_m, rng.uniform(0.12, 0.3) / cell_m
        middle = side / 2 + rng.uniform(-0.3, 0.3) * side / 2, side / 2 + rng.uniform(-0.3, 0.3) * side / 2
        corners = np.round(cv2.boxPoints((middle, size, float(rng.uniform(0, 180))))).astype(np.int32)
        colour = np.array([90, 140, 180]) * rng.uniform(0.75, 1.2)
        cv2.fillPoly(base, [corners], colour.tolist())
        cv2.fillPoly(alpha, [corners], 1.0)
    return _image(base), alpha, 0.3


def tyres(rng: np.random.Generator, cell_m: float) -> Drawn:
    side = round(2.0 / cell_m)
    base, alpha = np.full((side, side, 3), 34, np.float32), np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(2, 5))):
        middle = tuple(int(value) for value in rng.uniform(0.2, 0.8, 2) * side)
        cv2.circle(alpha, middle, round(0.32 / cell_m), 1.0, max(1, round(0.2 / cell_m)))
    base += 8 * noise(rng, (side, side), 0.06 / cell_m)[..., None]
    return _image(base), alpha, 0.2


def fridge(rng: np.random.Generator, cell_m: float) -> Drawn:
    shape = _pixels(rng.uniform(1.4, 1.8), 0.62, cell_m)
    base = np.full((*shape, 3), 232, np.float32) + 3 * noise(rng, shape, 0.3 / cell_m)[..., None]
    base[:, round(shape[1] * 0.6)] = 120
    return _image(base), np.ones(shape, np.float32), 0.6


WASTE: dict[str, Callable[[np.random.Generator, float], Drawn]] = {
    "bag": bag,
    "bags": bags,
    "sofa": sofa,
    "mattress": mattress,
    "heap": heap,
    "planks": planks,
    "tyres": tyres,
    "fridge": fridge,
}


def car(rng: np.random.Generator, cell_m: float) -> Drawn:
    shape = _pixels(rng.uniform(3.9, 4.8), rng.uniform(1.7, 1.9), cell_m)
    base = np.full((*shape, 3), _CARS[rng.integers(len(_CARS))], np.float32)
    high, wide = shape
    base[round(0.12 * high) : round(0.88 * high), round(0.24 * wide) : round(0.36 * wide)] = 45
    base[round(0.15 * high) : round(0.85 * high), round(0.78 * wide) : round(0.86 * wide)] = 50
    alpha = np.zeros(shape, np.float32)
    inset = max(1, round(0.25 / cell_m))
    cv2.rectangle(alpha, (inset, 0), (wide - 1 - inset, high - 1), 1.0, -1)
    cv2.rectangle(alpha, (0, inset), (wide - 1, high - 1 - inset), 1.0, -1)
    return _image(base), np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.8), np.float32), 1.4


def person(rng: np.random.Generator, cell_m: float) -> Drawn:
    shape = _pixels(0.55, 0.4, cell_m)
    base = np.full((*shape, 3), rng.uniform(30, 220, 3), np.float32)
    cv2.circle(base, (shape[1] // 2, shape[0] // 2), max(1, round(0.11 / cell_m)), (40, 50, 70), -1)
    return _image(base), _blob(rng, shape, 0.1), 1.7


def bush(rng: np.random.Generator, cell_m: float) -> Drawn:
    width = rng.uniform(0.8, 2.5)
    shape = _pixels(width, width * rng.uniform(0.8, 1.1), cell_m)
    base = np.full((*shape, 3), (45, 95, 70), np.float32) * rng.uniform(0.8, 1.2)
    base += 16 * noise(rng, shape, 0.15 / cell_m)[..., None] + 10 * noise(rng, shape, 0.06 / cell_m)[..., None]
    return _image(base), _blob(rng, shape, 0.4), width * 0.6


def crown(rng: np.random.Generator, cell_m: float) -> Drawn:
    width = rng.uniform(4, 8)
    shape = _pixels(width, width, cell_m)
    base = np.full((*shape, 3), (40, 85, 60), np.float32) * rng.uniform(0.85, 1.15)
    base += 20 * noise(rng, shape, 0.5 / cell_m)[..., None] + 14 * noise(rng, shape, 0.12 / cell_m)[..., None]
    return _image(base), _blob(rng, shape, 0.3), 5.0


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing of the truth."""

    kind: str
    east_m: float
    north_m: float
    length_m: float
