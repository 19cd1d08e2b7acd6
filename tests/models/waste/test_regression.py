"""The regression finds what separates two clouds, and its figures are those of the books."""

from __future__ import annotations

import numpy as np
import pytest

from models.waste import regression

TRUTH = np.array([True, True, False, False])


@pytest.mark.parametrize(
    ("scores", "area"),
    [
        ([0.9, 0.8, 0.2, 0.1], 1.0),
        ([0.1, 0.2, 0.8, 0.9], 0.0),
        ([0.5, 0.5, 0.5, 0.5], 0.5),
        ([0.9, 0.2, 0.5, 0.1], 0.75),
    ],
)
def test_the_area_under_the_roc_counts_pairs_in_order(scores: list[float], area: float) -> None:
    assert regression.area_under_roc(np.array(scores), TRUTH) == area


def test_the_roc_gives_the_share_found_at_a_share_of_false_ones() -> None:
    scores = np.concatenate([np.linspace(0, 1, 101), [0.3, 0.92]])
    truth = np.array([False] * 101 + [True] * 2)
    assert regression.roc(scores, truth, (0.05, 0.10, 0.80)) == [0.0, 0.5, 1.0]


def test_two_clouds_are_told_apart_whatever_the_scale_of_their_numbers() -> None:
    random = np.random.default_rng(1)
    truth = np.arange(400) < 40
    features = random.normal(size=(400, 3)) * [1, 100, 0.01] + [5, 0, 0]
    features[:, 1] += np.where(truth, 150.0, -150.0)
    fitted = regression.fit(features, truth, penalty=1.0)
    told = fitted.probabilities(features)
    assert regression.area_under_roc(told, truth) > 0.95
    assert abs(float(told[truth].mean()) - (1 - float(told[~truth].mean()))) < 0.05  # the few weigh as the many
    assert np.argmax(np.abs(fitted.weights * features.std(axis=0))) == 1


def test_a_larger_penalty_makes_smaller_weights() -> None:
    random = np.random.default_rng(2)
    truth = np.arange(100) < 50
    features = random.normal(size=(100, 2)) + truth[:, None]
    small, large = (np.linalg.norm(regression.fit(features, truth, one).weights) for one in (1.0, 100.0))
    assert large < small / 2
