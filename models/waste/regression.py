"""Logistic regression with an L2 penalty, and how good its probabilities are; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 40
_SETTLED = 1e-8


@dataclass(frozen=True, slots=True)
class Regression:
    """On features as they come: the scaling is part of the weights."""

    weights: NDArray[np.float64]
    bias: float

    def probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Judge rows of features."""
        return _logistic(features @ self.weights + self.bias)


def fit(features: NDArray[np.floating], truth: NDArray[np.bool_], penalty: float) -> Regression:
    """Fit by Newton's steps; both classes weigh the same, as if half of all things were waste."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = np.column_stack([(features - mean) / spread, np.ones(len(features))])
    weight = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum()) * len(truth)
    penalties = np.append(np.full(features.shape[1], penalty), 0.0)
    at = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        expected = _logistic(scaled @ at)
        slope = scaled.T @ (weight * (expected - truth)) + penalties * at
        curvature = (scaled * (weight * expected * (1 - expected))[:, None]).T @ scaled + np.diag(penalties + 1e-9)
        step = np.linalg.solve(curvature, slope)
        at = at - step
        if np.abs(step).max() < _SETTLED:
            break
    weights = at[:-1] / spread
    return Regression(weights, float(at[-1] - weights @ mean))


def area_under_roc(scores: NDArray[np.floating], truth: NDArray[np.bool_]) -> float:
    """The chance that a true one scores above a false one; ties count half."""
    positive, negative = np.sort(scores[truth]), np.sort(scores[~truth])
    below = np.searchsorted(negative, positive, side="left") + np.searchsorted(negative, positive, side="right")
    return float(below.sum() / 2 / (len(positive) * len(negative)))


def roc(scores: NDArray[np.floating], truth: NDArray[np.bool_], false_rates: tuple[float, ...]) -> list[float]:
    """Give the share of true ones found where so large a share of false ones is taken for true."""
    limits = np.quantile(scores[~truth], [1 - rate for rate in false_rates])
    return [float((scores[truth] > limit).mean()) for limit in limits]


def _logistic(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -50, 50))), np.float64)
