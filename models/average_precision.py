"""COCO's own figures for a detector, by faster-coco-eval, on pictures that people labelled."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import cv2

from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.evaluate import Picture
    from vision.detect import Detection
    from vision.geometry import Box

FIGURES = {"AP": 0, "AP50": 1, "AP75": 2, "AP_small": 3, "AP_medium": 4, "AP_large": 5, "AR_100": 8}
"""The name of each figure and its place among COCO's; AP is the mean over IoU 0.50 to 0.95."""


def is_here() -> bool:
    """Whether the package of the extra [evaluate] is installed."""
    return importlib.util.find_spec("faster_coco_eval") is not None


def average_precision(
    pictures: Sequence[Picture], found: Sequence[list[Detection]], labels: Sequence[str]
) -> dict[str, float | None]:
    """Give the figures; None where no labelled box is of that size."""
    import faster_coco_eval  # type: ignore[import-untyped] # noqa: PLC0415 -- an extra; it ships no types

    sizes = [_size_px(picture) for picture in pictures]
    truth = faster_coco_eval.COCO(_truth(pictures, sizes, labels))
    rows = _detections(found, sizes, labels)
    if not rows:
        return dict.fromkeys(FIGURES, 0.0)
    judged = faster_coco_eval.COCOeval_faster(truth, truth.loadRes(rows), iouType="bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    figures = [float(value) for value in judged.stats]
    return {name: None if figures[place] < 0 else round(figures[place], 4) for name, place in FIGURES.items()}


def _truth(
    pictures: Sequence[Picture], sizes: Sequence[tuple[int, int]], labels: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    annotations: list[dict[str, Any]] = []
    for number, (picture, size) in enumerate(zip(pictures, sizes, strict=True), 1):
        for label, box in picture.truth:
            x, y, width, height = _in_pixels(box, size)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": labels.index(label) + 1,
                    "bbox": [x, y, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                }
            )
    images = [{"id": number, "width": size[0], "height": size[1]} for number, size in enumerate(sizes, 1)]
    categories = [{"id": number, "name": label} for number, label in enumerate(labels, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def _detections(
    found: Sequence[list[Detection]], sizes: Sequence[tuple[int, int]], labels: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        {
            "image_id": number,
            "category_id": labels.index(one.label) + 1,
            "bbox": list(_in_pixels(one.box, size)),
            "score": one.confidence,
        }
        for number, (ones, size) in enumerate(zip(found, sizes, strict=True), 1)
        for one in ones
    ]


def _size_px(picture: Picture) -> tuple[int, int]:
    image = cv2.imread(str(picture.path), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelError(f"{picture.path} is no picture that can be read")
    return image.shape[1], image.shape[0]


def _in_pixels(box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    return box[0] * size[0], box[1] * size[1], (box[2] - box[0]) * size[0], (box[3] - box[1]) * size[1]
