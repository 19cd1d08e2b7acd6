"""One thing seen several times, over frames and passes: its place, and how sure that is.

Each look weighs by the inverse of its own covariance. What is wrong in the same way in every look of a flight (a
gimbal that looks too low, a clock that is late) does not become smaller by looking again: the error of the mean is
propagated with what the looks have in common, source by source. It shrinks where it should, namely where the looks
come from different sides, so that a lasting error pushes them in different directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vision.georeference import errors, globe
from vision.georeference.errors import LASTING, Covariance, Floats

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from vision.georeference.place import Placed

_ROUNDS = 20
_FAR = 2.447
"""Mahalanobis distance that 95 % of looks stay within; those farther weigh less the farther they are."""


@dataclass(frozen=True, slots=True)
class Look:
    """One placed sight of the thing. Looks with the same `flight` share its lasting errors."""

    placed: Placed
    flight: Hashable = None
    confidence: float = 1.0
    """Above 0; of a detector, say."""


@dataclass(frozen=True, slots=True)
class Fused:
    """The joint place. `outliers`: positions in the list of looks that hardly counted."""

    lat: float
    lon: float
    covariance: Covariance
    looks: int
    outliers: tuple[int, ...]

    @property
    def ce90_m(self) -> float:
        return self.covariance.ce90_m


def fuse(looks: Sequence[Look]) -> Fused:
    """Raise ValueError for no looks."""
    if not looks:
        raise ValueError("nothing to fuse")
    start = (looks[0].placed.lat, looks[0].placed.lon)
    places = np.array([globe.offset_m(start, (look.placed.lat, look.placed.lon)) for look in looks])
    inverses = np.array([np.linalg.inv(look.placed.covariance.matrix) for look in looks])
    trust = np.array([look.confidence for look in looks])
    mean = np.median(places, axis=0)
    robust = np.ones(len(looks))
    for _ in range(_ROUNDS):
        away = places - mean
        far = np.sqrt(np.einsum("ni,nij,nj->n", away, inverses, away))
        robust = np.minimum(1.0, (_FAR / np.maximum(far, 1e-9)) ** 2)
        weights = inverses * (trust * robust)[:, None, None]
        mean, before = np.linalg.solve(weights.sum(axis=0), np.einsum("nij,nj->i", weights, places)), mean
        if np.hypot(*(mean - before)) < 1e-4:  # noqa: PLR2004 - a tenth of a millimetre
            break
    weights = np.linalg.solve(weights.sum(axis=0), weights)
    covariance = _of_mean(looks, weights) * _scatter(places - mean, inverses, robust)
    lat, lon = globe.moved(start, float(mean[0]), float(mean[1]))
    outliers = tuple(int(place) for place in np.flatnonzero(robust < 0.5))  # noqa: PLR2004 - counts less than half
    return Fused(lat, lon, Covariance.of(covariance), len(looks), outliers)


def _of_mean(looks: Sequence[Look], weights: Floats) -> Floats:
    """Of the weighted mean, with what the looks of each flight have in common."""
    whole = np.zeros((2, 2))
    for flight in {look.flight for look in looks}:
        common = np.zeros((2, LASTING))
        for look, weight in zip(looks, weights, strict=True):
            if look.flight != flight:
                continue
            sigmas = look.placed.sigmas
            pushes = weight @ look.placed.jacobian * sigmas
            common += pushes[:, :LASTING]
            own = pushes * np.sqrt(1 - errors.LASTING_SHARE)
            own[:, LASTING:] = pushes[:, LASTING:]
            whole += own @ own.T
        whole += errors.LASTING_SHARE * common @ common.T
    return whole


def _scatter(away: Floats, inverses: Floats, robust: Floats) -> float:
    """How much wider the looks lie than their covariances say; never less than 1."""
    freedom = 2 * (robust.sum() - 1)
    if freedom < 1:
        return 1.0
    spread = np.einsum("n,ni,nij,nj->", robust, away, inverses, away)
    return max(1.0, float(spread / freedom))
