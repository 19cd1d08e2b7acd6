"""Trains the head on one half of the data and measures it on the other; the same data give the same file."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.waste import crops, head, regression, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.waste.check import Backbone
    from models.waste.samples import Sample

NAME = "waste-1"
_COPIES = 2
"""So often each crop is degraded, each time otherwise."""
_SIDES_PX, _QUALITIES = (24, 160), (40, 95)
_PENALTIES = (1.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_FOLDS = 5
_FALSE_RATES = (0.01, 0.05, 0.10, 0.20)
_DIGITS = 6
_DATA = {
    "waste": "waste_images: photographs of dumped waste with boxes, published on Roboflow Universe as "
    "fyp-garbage-detection, version 1",
    "around waste": "the same photographs beside the boxes",
    "everyday things": "coco128: 128 pictures of COCO, all labelled boxes",
    "streets": "random squares of frames of the clips in negatives",
}
_LICENCE = (
    "The head's numbers: AGPL-3.0-or-later, as this project. The data as their publishers state: waste_images public "
    "domain; coco128 AGPL-3.0, its pictures under terms of their own; the clips state none. No picture of them is here."
)
_LIMITS = (
    "Photographs by day against everyday things and four clips: nothing by night, no things left on purpose but not "
    "dumped (bulky waste on its evening). Both kinds weigh alike, so it tells how much something looks like waste, not "
    "how often such an alert is right. A hint, never a gate."
)


@dataclass(frozen=True, slots=True)
class Table:
    """Features [n, m] of crops, with what they are."""

    features: NDArray[np.float32]
    sources: NDArray[np.str_]
    pictures: NDArray[np.str_]

    @property
    def truth(self) -> NDArray[np.bool_]:
        return np.asarray(self.sources == "waste", np.bool_)


def train(data: Path, backbone: Backbone, seed: int, *, progress: Callable[[int, int], None]) -> head.Head:
    """Choose the penalty by folds of the training half, fit, and measure on the other half."""
    halves = [samples.read(data, "train"), samples.read(data, "test")]
    total, done = sum(map(len, halves)), 0
    tables = []
    for each in halves:
        tables.append(_table(each, backbone, seed, lambda n, before=done: progress(before + n, total)))  # type: ignore[misc]
        done += len(each)
    training, test = tables
    penalty = max(_PENALTIES, key=lambda one: _by_folds(training, one))
    fitted = regression.fit(training.features, training.truth, penalty)
    rounded = regression.Regression(np.array([_rounded(w) for w in fitted.weights]), _rounded(fitted.bias))
    return head.Head(
        name=NAME,
        features_sha256=backbone.sha256,
        weights=rounded.weights.tolist(),
        bias=rounded.bias,
        card=head.Card(
            purpose="How much a thing that was left looks like dumped waste",
            data=_DATA,
            licence=_LICENCE,
            trained_on=_counted(halves[0]),
            penalty=penalty,
            seed=seed,
            measured=_measured(rounded, test, halves[1]),
            limits=_LIMITS,
        ),
    )


def _table(found: Sequence[Sample], backbone: Backbone, seed: int, progress: Callable[[int], None]) -> Table:
    random = np.random.default_rng(seed)
    rows = []
    for number, sample in enumerate(found, 1):
        for _ in range(_COPIES):
            side_px, quality = int(random.integers(*_SIDES_PX)), int(random.integers(*_QUALITIES))
            rows.append(backbone.features(crops.as_by_a_camera(sample.crop, side_px, quality)))
        progress(number)
    sources = np.repeat([sample.source for sample in found], _COPIES)
    return Table(np.array(rows), sources, np.repeat([sample.picture for sample in found], _COPIES))


def _by_folds(table: Table, penalty: float) -> float:
    """The area under the ROC where each picture is judged by a head that has not seen it."""
    folds = np.array([zlib.crc32(f"fold {name}".encode()) % _FOLDS for name in table.pictures])
    streets = np.flatnonzero(table.sources == "streets")
    folds[streets] = np.arange(len(streets)) * _FOLDS // len(streets)  # of few clips: by time
    scores = np.zeros(len(folds))
    for fold in range(_FOLDS):
        inside = folds == fold
        fitted = regression.fit(table.features[~inside], table.truth[~inside], penalty)
        scores[inside] = fitted.probabilities(table.features[inside])
    return regression.area_under_roc(scores, table.truth)


def _measured(fitted: regression.Regression, test: Table, found: Sequence[Sample]) -> head.Measured:
    told = fitted.probabilities(test.features)
    areas = {"all": regression.area_under_roc(told, test.truth)}
    for source in sorted(set(test.sources[~test.truth].tolist())):
        among = test.truth | (test.sources == source)
        areas[source] = regression.area_under_roc(told[among], test.truth[among])
    shares = regression.roc(told, test.truth, _FALSE_RATES)
    return head.Measured(
        crops=_counted(found),
        area_under_roc={source: round(area, 3) for source, area in areas.items()},
        found_at_false_rate={f"{rate:.2f}": round(share, 3) for rate, share in zip(_FALSE_RATES, shares, strict=True)},
        calibration=_calibration(told, test.truth),
    )


def _calibration(told: NDArray[np.float64], truth: NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    weight = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum())
    tenths = np.minimum((told * 10).astype(int), 9)
    rows = []
    for tenth in range(10):
        inside = tenths == tenth
        if inside.any():
            share = float(weight[inside & truth].sum() / weight[inside].sum())
            mean = float(np.average(told[inside], weights=weight[inside]))
            rows.append((round(mean, 3), round(share, 3), int(inside.sum())))
    return rows


def _counted(found: Sequence[Sample]) -> dict[str, int]:
    return dict(sorted(Counter(str(sample.source) for sample in found).items()))


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
