"""What known points tell about a flight's lasting errors: yaw and pitch above all, but also height, place and lens.

Each source has its sigma; a known point is a measurement of what they do together. The most probable errors given
all known points (normal distributions, Gauss and Newton) are taken off every other picture of the flight, and what
stays uncertain stays in CE90. One click cannot tell a gimbal that looks too low from a drone that flies too high; it
need not, as both are corrected in the share that their sigmas give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vision.georeference import errors, globe
from vision.georeference.errors import LASTING, SOURCES, Floats
from vision.georeference.place import Bias, View, locate

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROUNDS = 5
SURVEY_M = 0.5
"""How well a person places a known point on a map."""


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """A pixel and the place that it is known to show."""

    view: View
    x_px: float
    y_px: float
    lat: float
    lon: float
    sigma_m: float = SURVEY_M


def estimate(points: Sequence[KnownPoint]) -> Bias:
    """From points of one flight. Raise RefusedError where one of them cannot be placed, ValueError for none."""
    if not points:
        raise ValueError("a correction needs a known point")
    bias = Bias(np.zeros(len(SOURCES)), np.zeros((LASTING, LASTING)), len(points))
    for _ in range(_ROUNDS):
        bias = _step(points, bias)
    return bias


def _step(points: Sequence[KnownPoint], bias: Bias) -> Bias:
    """One round: linear about the present offsets, always from the prior of no error."""
    rows, misses, noises = [], [], []
    prior = np.zeros(LASTING)
    for point in points:
        placed = locate(replace(point.view, bias=bias), point.x_px, point.y_px)
        lasting = placed.jacobian[:, :LASTING]
        miss = globe.offset_m((placed.lat, placed.lon), (point.lat, point.lon))
        own = placed.sigmas**2
        own[:LASTING] *= 1 - errors.LASTING_SHARE
        rows.append(lasting)
        misses.append(np.array(miss) + lasting @ bias.offsets[:LASTING])
        noises.append(placed.jacobian @ np.diag(own) @ placed.jacobian.T + np.eye(2) * point.sigma_m**2)
        prior = np.maximum(prior, errors.LASTING_SHARE * placed.sigmas[:LASTING] ** 2)
    return _posterior(np.diag(prior), np.concatenate(rows), np.concatenate(misses), noises, len(points))


def _posterior(prior: Floats, rows: Floats, misses: Floats, noises: list[Floats], count: int) -> Bias:
    noise = np.zeros((len(rows), len(rows)))
    for place, one in enumerate(noises):
        noise[2 * place : 2 * place + 2, 2 * place : 2 * place + 2] = one
    gain = np.linalg.solve(rows @ prior @ rows.T + noise, rows @ prior).T
    offsets = np.zeros(len(SOURCES))
    offsets[:LASTING] = gain @ misses
    return Bias(offsets, prior - gain @ rows @ prior, count)
