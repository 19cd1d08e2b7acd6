"""Counts what a detector finds and misses on pictures that people labelled, in a folder of YOLO's form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.errors import ModelError
from vision import detect, geometry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MATCH_IOU = 0.5
LOWEST_CONFIDENCE = 0.01
"""What average precision needs: it looks at all that a detector says, however unsure."""
CONFIDENCES = (0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.50, 0.60)
_PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}
_LABEL_FIELDS = 5  # class, centre x, centre y, width, height


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture and what is truly in it."""

    path: Path
    truth: list[tuple[str, geometry.Box]]


@dataclass(frozen=True, slots=True)
class Score:
    """At one threshold: of all boxes found, how many are true; of all true ones, how many are found."""

    confidence: float
    found_true: int
    found_false: int
    missed: int

    @property
    def precision(self) -> float | None:
        found = self.found_true + self.found_false
        return self.found_true / found if found else None

    @property
    def recall(self) -> float | None:
        there = self.found_true + self.missed
        return self.found_true / there if there else None


def read_folder(folder: Path, labels: Sequence[str]) -> list[Picture]:
    """Read `images/**` with `labels/**` beside it; a picture without a label file shows nothing of the classes."""
    images = folder / "images"
    paths = sorted(path for path in images.rglob("*") if path.suffix.lower() in _PICTURE_SUFFIXES)
    if not paths:
        raise ModelError(f"{folder} has no pictures under images/; allowed: a folder in YOLO's form")
    return [Picture(path, _truth(folder / "labels" / path.relative_to(images), labels)) for path in paths]


def _truth(beside: Path, labels: Sequence[str]) -> list[tuple[str, geometry.Box]]:
    path = beside.with_suffix(".txt")
    if not path.is_file():
        return []
    truth = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            index, *values = line.split()
            box = _box([float(value) for value in values])
            truth.append((labels[int(index)], box))
        except (ValueError, IndexError) as error:
            raise ModelError(f"{path}:{number}: {line!r}; allowed: a class of the model, then 4 shares 0..1") from error
    return truth


def _box(values: list[float]) -> geometry.Box:
    """Take YOLO's centre and extent; a polygon, which some data sets mix in, becomes the box around it."""
    if len(values) == _LABEL_FIELDS - 1:
        x, y, width, height = values
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    xs, ys = values[0::2], values[1::2]
    if len(xs) != len(ys):
        raise ValueError("an odd number of coordinates")
    return min(xs), min(ys), max(xs), max(ys)


def evaluate(
    detector: detect.Detector, pictures: Sequence[Picture], *, progress: Callable[[int, int], None]
) -> list[Score]:
    """Run the detector, which must be loaded at the lowest of CONFIDENCES or less, and count at each of them."""
    return scores(pictures, find(detector, pictures, progress=progress))


def find(
    detector: detect.Detector, pictures: Sequence[Picture], *, progress: Callable[[int, int], None]
) -> list[list[detect.Detection]]:
    """Run the detector on each picture."""
    found: list[list[detect.Detection]] = []
    for number, picture in enumerate(pictures, 1):
        found.append(detector.detect(_pixels(picture.path)))
        progress(number, len(pictures))
    return found


def scores(pictures: Sequence[Picture], found: Sequence[list[detect.Detection]]) -> list[Score]:
    """Count at each of CONFIDENCES."""
    return [_score(pictures, found, confidence) for confidence in CONFIDENCES]


def _pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelError(f"{path} is no picture that can be read")
    return np.asarray(image, np.uint8)


def _score(pictures: Sequence[Picture], found: Iterable[list[detect.Detection]], confidence: float) -> Score:
    true = false = missed = 0
    for picture, detections in zip(pictures, found, strict=True):
        kept = [each for each in detections if each.confidence >= confidence]
        matched = count_matches(kept, picture.truth)
        true += matched
        false += len(kept) - matched
        missed += len(picture.truth) - matched
    return Score(confidence, true, false, missed)


def count_matches(detections: list[detect.Detection], truth: list[tuple[str, geometry.Box]]) -> int:
    """Give each detection, best first, the true box of its label that it overlaps most, if by MATCH_IOU; each once."""
    open_truth = list(truth)
    matched = 0
    for each in sorted(detections, key=lambda detection: -detection.confidence):
        rivals = [item for item in open_truth if item[0] == each.label]
        best = max(rivals, key=lambda item: geometry.iou(item[1], each.box), default=None)
        if best is not None and geometry.iou(best[1], each.box) >= MATCH_IOU:
            open_truth.remove(best)
            matched += 1
    return matched


def only(pictures: Iterable[Picture], labels: set[str]) -> list[Picture]:
    """Leave other labels out of the truth; pictures without any stay, for what is found there is false."""
    return [Picture(each.path, [item for item in each.truth if item[0] in labels]) for each in pictures]
