"""The crops that the waste check is trained and measured on, out of the data folder; the same at every run."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from models import evaluate
from models.centernet import LABELS
from models.errors import UsageError
from models.waste import crops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from vision.geometry import Box

Source = Literal["waste", "around waste", "everyday things", "streets"]
Half = Literal["train", "test"]

CLIPS: dict[Half, tuple[str, ...]] = {
    "train": ("negatives/vtest.avi", "negatives/car-detection.mp4"),
    "test": ("negatives/one-by-one-person-detection.mp4", "negatives/road_bgs_video03.avi"),
}
_FRAMES, _CROPS_A_FRAME, _CROPS_AROUND = 40, 6, 3
_SIDE_PX_MIN = 24
"""Smaller boxes of photographs are left out."""
_OVER_WASTE_MAX = 0.05
"""So much of a crop around waste may be labelled waste."""
_TRIES = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """One crop before it is degraded."""

    picture: str
    source: Source
    crop: NDArray[np.uint8]

    @property
    def is_waste(self) -> bool:
        return self.source == "waste"


def read(data: Path, half: Half) -> list[Sample]:
    """Give one half of the samples; no picture and no clip is in both.

    Raises:
        UsageError: the data is not there.
    """
    found = [*_waste(data, half), *_everyday(data, half), *_streets(data, half)]
    if not all(any(each.source == source for each in found) for source in ("waste", "everyday things", "streets")):
        raise UsageError(f"DATA: got {data}; allowed: a folder with waste_images, coco128 and negatives")
    return found


def _waste(data: Path, half: Half) -> Iterator[Sample]:
    """Labelled waste, and as much beside it: the same photographs, so that not their look is learned."""
    folder = data / "waste_images" / ("train" if half == "train" else "valid")
    for picture in _pictures(folder, ["garbage"]):
        image = _image(picture.path)
        boxes = [box for _, box in picture.truth]
        for box in boxes:
            if _is_large(image, box):
                yield Sample(picture.path.name, "waste", crops.cut(image, box))
        for box in _beside(boxes, _random(picture.path.name)):
            yield Sample(picture.path.name, "around waste", crops.cut(image, box))


def _beside(boxes: Sequence[Box], random: np.random.Generator) -> Iterator[Box]:
    for _ in range(_CROPS_AROUND if boxes else 0):
        for _ in range(_TRIES):
            side = float(random.uniform(0.1, 0.35))
            x, y = random.uniform(0, 1 - side, 2).tolist()
            box = (x, y, x + side, y + side)
            if sum(_common(box, other) for other in boxes) <= _OVER_WASTE_MAX * side * side:
                yield box
                break


def _common(box: Box, other: Box) -> float:
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(0.0, width) * max(0.0, height)


def _everyday(data: Path, half: Half) -> Iterator[Sample]:
    for picture in _pictures(data / "coco128", list(LABELS)):
        if _half_of(picture.path.name) != half:
            continue
        image = _image(picture.path)
        for _, box in picture.truth:
            if _is_large(image, box):
                yield Sample(picture.path.name, "everyday things", crops.cut(image, box))


def _streets(data: Path, half: Half) -> Iterator[Sample]:
    """Cut boxes of any place and size out of frames over the whole clip: ground, walls, people, cars."""
    for name in CLIPS[half]:
        video = cv2.VideoCapture(str(data / name))
        every = max(1, int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // _FRAMES)
        random, number = _random(name), 0
        while video.grab():
            number += 1
            if number % every:
                continue
            read, frame = video.retrieve()
            if not read:
                continue
            for _ in range(_CROPS_A_FRAME):
                side = float(random.uniform(0.06, 0.25))
                x, y = random.uniform(0, 1 - side, 2).tolist()
                yield Sample(name, "streets", crops.cut(np.asarray(frame, np.uint8), (x, y, x + side, y + side)))
        video.release()


def _pictures(folder: Path, labels: Sequence[str]) -> list[evaluate.Picture]:
    return evaluate.read_folder(folder, labels)


def _half_of(name: str) -> Half:
    return "train" if zlib.crc32(name.encode()) % 2 == 0 else "test"


def _random(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def _image(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise UsageError(f"{path} is no picture that can be read")
    return np.asarray(image, np.uint8)


def _is_large(image: NDArray[np.uint8], box: Box) -> bool:
    height_px, width_px = image.shape[:2]
    return bool(min((box[2] - box[0]) * width_px, (box[3] - box[1]) * height_px) >= _SIDE_PX_MIN)
