"""The ground: fields and grass, roads with markings and patches, a car park, roofs, trees; and what lies on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.drawn_flight import things
from benchmarks.drawn_flight.canvas import Canvas, noise

if TYPE_CHECKING:
    from benchmarks.drawn_flight.canvas import Image, Plane

_ASPHALT = (112, 110, 108)
_SOIL = (105, 135, 160)
_GRASS = (70, 125, 105)
_CONCRETE = (165, 172, 176)
_WHITE = (225, 228, 228)
_APART_M = 9.0
_BORDER_M = 12.0


@dataclass(slots=True)
class Scene:
    """A map and what lies on it."""

    canvas: Canvas
    waste: list[things.Placed] = field(default_factory=list)
    cars: list[things.Placed] = field(default_factory=list)
    roads: list[tuple[float, float, float]] = field(default_factory=list)
    """North of the middle, half width, all from west to east: metres."""


def draw(seed: int, size_m: tuple[float, float], cell_m: float, *, waste: int = 14) -> Scene:
    """Everything follows from the seed."""
    rng = np.random.default_rng(seed)
    shape = round(size_m[1] / cell_m), round(size_m[0] / cell_m)
    scene = Scene(Canvas(_land(rng, shape, cell_m), cell_m))
    _roads(rng, scene)
    _yard(rng, scene)
    _roofs(rng, scene)
    taken: list[tuple[float, float, float]] = []
    _plants(rng, scene, taken)
    _cars(rng, scene, taken)
    _waste(rng, scene, taken, waste)
    return scene


def _textured(
    rng: np.random.Generator, shape: tuple[int, int], cell_m: float, bgr: tuple[float, float, float], rough: float
) -> Plane:
    base = np.full((*shape, 3), bgr, np.float32)
    for scale_m, weight in ((6.0, 0.8), (1.0, 0.7), (0.25, 0.8), (0.08, 1.0)):
        base += rough * weight * noise(rng, shape, scale_m / cell_m)[..., None]
    return base


def _land(rng: np.random.Generator, shape: tuple[int, int], cell_m: float) -> Image:
    soil = _textured(rng, shape, cell_m, _SOIL, 7.0)
    grass = _textured(rng, shape, cell_m, _GRASS, 9.0)
    share = 1 / (1 + np.exp(-3 * (noise(rng, shape, 25 / cell_m) + 0.4 * noise(rng, shape, 2 / cell_m))))
    return np.asarray(
        np.clip(soil * (1 - share[..., None]) + grass * share[..., None], 0, 255).astype(np.uint8), np.uint8
    )


def _fill(scene: Scene, box_m: tuple[float, float, float, float], texture: Plane) -> None:
    """West, south, east, north."""
    canvas = scene.canvas
    left, top = canvas.pixel(box_m[0], box_m[3])
    rows, columns = slice(round(top), round(top) + texture.shape[0]), slice(round(left), round(left) + texture.shape[1])
    there = canvas.image[rows, columns]
    there[:] = np.clip(texture[: there.shape[0], : there.shape[1]], 0, 255).astype(np.uint8)


def _paint(
    scene: Scene, box_m: tuple[float, float, float, float], bgr: tuple[int, int, int], wear: float = 0.85
) -> None:
    canvas = scene.canvas
    (left, top), (right, bottom) = canvas.pixel(box_m[0], box_m[3]), canvas.pixel(box_m[2], box_m[1])
    there = canvas.image[
        round(top) : max(round(top) + 1, round(bottom)), round(left) : max(round(left) + 1, round(right))
    ]
    there[:] = (there * (1 - wear) + np.array(bgr) * wear).astype(np.uint8)


def _roads(rng: np.random.Generator, scene: Scene) -> None:
    width_m, height_m = scene.canvas.size_m
    cell = scene.canvas.cell_m
    for share in (0.28, 0.72):
        middle, half = height_m * share + rng.uniform(-4, 4), rng.uniform(3.2, 4.5)
        shape = round(2 * half / cell), round(width_m / cell)
        _fill(scene, (0, middle - half, width_m, middle + half), _textured(rng, shape, cell, _ASPHALT, 3.0))
        for edge in (-half, half - 0.15):
            _paint(scene, (0, middle + edge, width_m, middle + edge + 0.15), _CONCRETE)
        for west in np.arange(1.0, width_m - 3, 5.5):
            _paint(scene, (west, middle - 0.06, west + 2.5, middle + 0.06), _WHITE)
        crossing = rng.uniform(0.3, 0.7) * width_m
        for bar in np.arange(-half + 0.5, half - 0.5, 1.0):
            _paint(scene, (crossing, middle + bar, crossing + 3.0, middle + bar + 0.5), _WHITE)
        for _ in range(6):  # repaired asphalt and covers
            west, long_m = rng.uniform(5, width_m - 10), rng.uniform(1.0, 5.0)
            low = middle + rng.uniform(-half, half - 1.2)
            _paint(scene, (west, low, west + long_m, low + rng.uniform(0.6, 1.2)), (85, 84, 83), 0.55)
            x, y = scene.canvas.pixel(rng.uniform(5, width_m - 5), middle + rng.uniform(-half + 0.5, half - 0.5))
            cv2.circle(scene.canvas.image, (round(x), round(y)), round(0.35 / cell), (80, 80, 82), -1)
        scene.roads.append((middle, half, width_m))


def _yard(rng: np.random.Generator, scene: Scene) -> None:
    """A car park of concrete with bays."""
    width_m, height_m = scene.canvas.size_m
    west, south = rng.uniform(0.15, 0.5) * width_m, height_m * 0.4
    wide, high = min(42.0, width_m * 0.3), height_m * 0.18
    shape = round(high / scene.canvas.cell_m), round(wide / scene.canvas.cell_m)
    _fill(scene, (west, south, west + wide, south + high), _textured(rng, shape, scene.canvas.cell_m, _CONCRETE, 3.0))
    for bay in np.arange(0, wide, 2.6):
        _paint(scene, (west + bay, south + 0.3, west + bay + 0.1, south + 5.0), _WHITE)


def _roofs(rng: np.random.Generator, scene: Scene) -> None:
    width_m, height_m = scene.canvas.size_m
    cell = scene.canvas.cell_m
    for _ in range(3):
        wide, high = rng.uniform(9, 16), min(rng.uniform(8, 12), height_m * 0.14)
        west, south = rng.uniform(_BORDER_M, width_m - 30), height_m * rng.choice([0.05, 0.84])
        shape = round(high / cell), round(wide / cell)
        roof = _textured(rng, shape, cell, (70, 95, 165), 6.0)
        roof[:: max(2, round(0.3 / cell))] *= 0.85
        outline = np.ones(shape, np.float32)
        middle = west + wide / 2, south + high / 2
        scene.canvas.shade(outline, *middle, 0.0, 5.0)
        scene.canvas.put(np.clip(roof, 0, 255).astype(np.uint8), outline, *middle, 0.0)


def _free(
    rng: np.random.Generator, scene: Scene, taken: list[tuple[float, float, float]], room_m: float
) -> tuple[float, float] | None:
    width_m, height_m = scene.canvas.size_m
    for _ in range(200):
        east, north = rng.uniform(_BORDER_M, width_m - _BORDER_M), rng.uniform(_BORDER_M, height_m - _BORDER_M)
        if all(np.hypot(east - other[0], north - other[1]) > room_m + other[2] for other in taken):
            return float(east), float(north)
    return None


def _set(scene: Scene, drawn: things.Drawn, east: float, north: float, turn_deg: float) -> None:
    image, alpha, height_m = drawn
    scene.canvas.shade(alpha, east, north, turn_deg, height_m)
    scene.canvas.put(image, alpha, east, north, turn_deg)


def _plants(rng: np.random.Generator, scene: Scene, taken: list[tuple[float, float, float]]) -> None:
    width_m, height_m = scene.canvas.size_m
    for maker, an_are in ((things.crown, 0.12), (things.bush, 0.25)):
        for _ in range(round(an_are * width_m * height_m / 100)):
            place = _free(rng, scene, taken, 3.0)
            if place is None or _on_road(scene, place[1], 3.0):
                continue
            drawn = maker(rng, scene.canvas.cell_m)
            _set(scene, drawn, *place, float(rng.uniform(0, 360)))
            taken.append((*place, drawn[0].shape[1] * scene.canvas.cell_m / 2))


def _on_road(scene: Scene, north: float, margin_m: float = 0.0) -> bool:
    return any(abs(north - middle) < half + margin_m for middle, half, _ in scene.roads)


def _cars(rng: np.random.Generator, scene: Scene, taken: list[tuple[float, float, float]]) -> None:
    width_m, _ = scene.canvas.size_m
    for middle, half, _ in scene.roads:
        for _ in range(max(2, round(width_m / 40))):
            east = float(rng.uniform(_BORDER_M, width_m - _BORDER_M))
            north = middle + (half - 1.2) * float(rng.choice([-1, 1]))
            if any(np.hypot(east - one[0], north - one[1]) < 5 + one[2] for one in taken):
                continue
            drawn = things.car(rng, scene.canvas.cell_m)
            _set(scene, drawn, east, north, float(rng.choice([0, 180])))
            scene.cars.append(things.Placed("car", east, north, 4.5))
            taken.append((east, north, 2.5))


def _waste(rng: np.random.Generator, scene: Scene, taken: list[tuple[float, float, float]], count: int) -> None:
    """At roadsides, in the yard and in the fields; each far enough from the next to be a place of its own."""
    kinds = list(things.WASTE)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        place = _free(rng, scene, taken, _APART_M / 2)
        if place is None:
            continue
        east, north = place
        if number % 2 == 0:  # at the side of a road
            middle, half, _ = scene.roads[int(rng.integers(len(scene.roads)))]
            beside = middle + float(rng.choice([-1, 1])) * (half + float(rng.uniform(-1.2, 1.5)))
            if all(np.hypot(east - one[0], beside - one[1]) > _APART_M / 2 + one[2] for one in taken):
                north = beside
        drawn = things.WASTE[kind](rng, scene.canvas.cell_m)
        _set(scene, drawn, east, north, float(rng.uniform(0, 360)))
        length = max(drawn[0].shape[:2]) * scene.canvas.cell_m
        scene.waste.append(things.Placed(kind, east, north, length))
        taken.append((east, north, _APART_M / 2))
