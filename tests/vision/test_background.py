"""The layers of the picture and the light on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vision.background import PixelLayers
from vision.frame import shrink

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SHAPE = (60, 80)
NOBODY = np.zeros(SHAPE, np.bool_)
GROUND = np.random.default_rng(5).normal(110, 12, (*SHAPE, 3))
SPOT = (slice(20, 32), slice(30, 44))


def run(
    layers: PixelLayers,
    from_s: float,
    to_s: float,
    paint: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda image: image,
    occupied: NDArray[np.bool_] = NOBODY,
) -> None:
    for n in range(round((to_s - from_s) * 5)):
        image = paint(GROUND.copy()) + np.random.default_rng(n).normal(0, 1.5, GROUND.shape)
        layers.update(np.clip(image, 0, 255).astype(np.uint8), from_s + n / 5, occupied, NOBODY)


def with_spot(image: NDArray[np.float64]) -> NDArray[np.float64]:
    image[SPOT] = 30
    return image


def test_what_stays_becomes_static_with_the_time_it_came_and_leaves_again() -> None:
    layers = PixelLayers(SHAPE)
    run(layers, 0, 5)
    assert layers.known.all()
    run(layers, 5, 9, with_spot)
    inner = (slice(22, 30), slice(32, 42))
    assert layers.has_static[inner].all()
    assert np.allclose(layers.born_s[inner], 5.0, atol=0.3)
    assert layers.has_static.sum() <= 14 * 16  # with the rim that the lens blurs
    run(layers, 9, 11)
    assert not layers.has_static.any()


def test_what_passes_in_front_keeps_the_age_of_what_lies_behind() -> None:
    layers = PixelLayers(SHAPE)
    run(layers, 0, 5)
    run(layers, 5, 9, with_spot)

    def passing(image: NDArray[np.float64]) -> NDArray[np.float64]:
        image[10:40, 25:50] = 200
        return image

    somebody = NOBODY.copy()
    somebody[10:40, 25:50] = True
    run(layers, 9, 13, passing, somebody)
    run(layers, 13, 14, with_spot)
    assert np.allclose(layers.born_s[22:30, 32:42], 5.0, atol=0.3)


def test_where_somebody_stands_from_the_start_nothing_is_learned() -> None:
    layers = PixelLayers(SHAPE)
    somebody = NOBODY.copy()
    somebody[SPOT] = True
    run(layers, 0, 5, with_spot, somebody)
    assert not layers.known[SPOT].any()
    run(layers, 5, 8)
    assert layers.known.all()
    assert not layers.has_static[SPOT].any()


def test_dimmed_light_changes_the_gain_and_nothing_else() -> None:
    layers = PixelLayers(SHAPE)
    run(layers, 0, 5)
    run(layers, 5, 12, lambda image: image * 0.6)
    assert layers.foreground.mean() < 0.01
    assert not layers.has_static.any()


def test_another_picture_is_held_and_then_learned_afresh() -> None:
    layers = PixelLayers(SHAPE)
    run(layers, 0, 5)
    other = np.random.default_rng(9).normal(110, 40, GROUND.shape)
    restarted = []
    for n in range(40):
        layers.update(np.clip(other, 0, 255).astype(np.uint8), 5 + n / 5, NOBODY, NOBODY)
        restarted.append(layers.restarted)
    assert sum(restarted) == 1
    assert 3.0 <= restarted.index(True) / 5 <= 3.4
    assert layers.known.all()
    assert layers.has_static.mean() < 0.01


def test_pictures_are_analysed_at_320_pixels() -> None:
    assert shrink(np.zeros((1080, 1920, 3), np.uint8)).shape == (180, 320, 3)
    assert shrink(np.zeros((120, 160, 3), np.uint8)).shape == (120, 160, 3)


def test_what_is_overexposed_after_the_light_rose_is_still_the_same() -> None:
    layers = PixelLayers(SHAPE)

    def lit(image: NDArray[np.float64], gain: float = 1.0) -> NDArray[np.float64]:
        image[:, :50] += 110  # a pale wall over most of the picture
        return image * gain

    run(layers, 0, 5, lit)
    run(layers, 5, 8, lambda image: lit(image, 1.7))
    assert not layers.held
    assert layers.foreground.mean() < 0.1
