"""COCO's figures come out of our boxes as they must."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models import average_precision
from models.evaluate import Picture
from vision.detect import Detection

pytest.importorskip("faster_coco_eval", reason="faster-coco-eval is not here: it is an extra")
LEFT, RIGHT = (0.0, 0.0, 0.4, 1.0), (0.6, 0.0, 1.0, 1.0)
SHIFTED = (0.0, 0.0, 0.29, 1.0)
"""Overlaps LEFT by an IoU of 0.725: right at five of the ten limits, at the other five half of half is left."""


@pytest.mark.parametrize(
    ("found", "ap", "ap50", "ap75"),
    [
        ([("cat", 0.9, LEFT), ("cat", 0.8, RIGHT)], 1.0, 1.0, 1.0),
        ([("cat", 0.9, SHIFTED), ("cat", 0.8, RIGHT)], 0.626, 1.0, 0.252),
        ([("dog", 0.9, LEFT)], 0.0, 0.0, 0.0),
        ([], 0.0, 0.0, 0.0),
    ],
)
def test_the_figures_follow_the_overlap(
    tmp_path: Path,
    found: list[tuple[str, float, tuple[float, float, float, float]]],
    ap: float,
    ap50: float,
    ap75: float,
) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((200, 300, 3), np.uint8))
    pictures = [Picture(path, [("cat", LEFT), ("cat", RIGHT)])]
    figures = average_precision.average_precision(pictures, [[Detection(*one) for one in found]], ["cat", "dog"])
    assert (figures["AP50"], figures["AP75"]) == pytest.approx((ap50, ap75), abs=0.01)
    assert figures["AP"] == pytest.approx(ap, abs=0.01)
    if found and ap:
        assert figures["AP_small"] is None
