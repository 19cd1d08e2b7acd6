"""Prints what a back end finds, as JSON: `python print_detections.py BACKEND MODEL INPUT_PX CONFIDENCE PICTURE...`."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np

import models


def main(backend: models.Backend, model: str, input_px: str, confidence: str, *pictures: str) -> None:
    detector = models.load_detector(backend, model, int(input_px), float(confidence))
    found = [detector.detect(np.asarray(cv2.imread(path), np.uint8)) for path in pictures]
    boxes = [[[each.label, each.confidence, *each.box] for each in detections] for detections in found]
    sys.stdout.write(json.dumps({"labels": detector.labels, "pictures": boxes}))


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]
