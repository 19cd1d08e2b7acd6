"""What is left behind: cut out of labelled photographs by GrabCut, chosen by eye, each with its real height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from models.stage import StageError, figures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.stage.cameras import Split
    from models.stage.footage import Alpha, Library, Picture

_WORK_PX = 220
_COCO, _WASTE = "coco128/labels/train2017", "waste_images"


@dataclass(frozen=True, slots=True)
class Source:
    """One labelled box; pictures that show the same thing twice are in the same half."""

    name: str
    split: Split
    folder: str
    stem: str
    """The picture's name, or its unique end."""
    line: int
    height_m: float
    kind: Literal["carried", "load"]


def _coco(split: Split, name: str, number: int, line: int, height_m: float) -> Source:
    return Source(name, split, _COCO, f"{number:012d}", line, height_m, "carried")


def _waste(split: Split, stem: str, line: int, height_m: float, kind: Literal["carried", "load"]) -> Source:
    part = "train" if stem.isdecimal() else "valid"
    return Source(f"waste {stem}.{line}", split, f"{_WASTE}/{part}/labels", stem, line, height_m, kind)


SOURCES = (
    _coco("tune", "suitcase", 572, 2, 0.75),
    _coco("tune", "teddy bear", 612, 1, 0.8),
    _coco("tune", "broken microwave", 595, 0, 0.6),
    _coco("tune", "orange cloth", 315, 6, 0.9),
    _coco("tune", "vase", 30, 1, 0.7),
    _coco("tune", "brown toy bear", 612, 2, 0.75),
    _waste("tune", "17ea7", 0, 0.8, "carried"),
    _waste("tune", "20f0e", 1, 0.9, "carried"),
    _waste("tune", "1803f", 0, 0.7, "carried"),
    _waste("tune", "37c5e", 0, 0.6, "carried"),
    _waste("tune", "0056", 2, 0.8, "carried"),
    _waste("tune", "c1e1f", 1, 0.9, "load"),
    _waste("tune", "0082", 1, 0.9, "load"),
    _waste("tune", "0140", 0, 0.9, "load"),
    _waste("tune", "0282", 0, 1.0, "load"),
    _waste("tune", "0112", 0, 0.8, "load"),
    _coco("held-out", "basket", 241, 9, 0.7),
    _coco("held-out", "black microwave", 294, 2, 0.6),
    _coco("held-out", "white toy dog", 491, 0, 0.7),
    _coco("held-out", "rucksack", 328, 9, 0.6),
    _coco("held-out", "grey bag", 536, 4, 0.75),
    _coco("held-out", "bag in black and white", 86, 2, 0.65),
    _coco("held-out", "plant pot", 241, 13, 0.65),
    _waste("held-out", "0168", 0, 0.9, "carried"),
    _waste("held-out", "0232", 0, 0.8, "carried"),
    _waste("held-out", "0466", 0, 0.9, "carried"),
    _waste("held-out", "0448", 0, 0.75, "carried"),
    _waste("held-out", "0bbdff", 1, 0.7, "carried"),
    _waste("held-out", "0336", 1, 0.9, "load"),
    _waste("held-out", "0454", 0, 0.9, "load"),
    _waste("held-out", "0154", 0, 0.9, "load"),
    _waste("held-out", "0208", 2, 1.0, "load"),
    _waste("held-out", "0144", 0, 0.9, "load"),
)


@dataclass(frozen=True, slots=True)
class Thing:
    source: Source
    picture: Picture
    alpha: Alpha


def of_split(split: Split, kind: Literal["carried", "load"]) -> tuple[Source, ...]:
    return tuple(source for source in SOURCES if source.split == split and source.kind == kind)


def picture_file(library: Library, source: Source) -> tuple[str, str]:
    """The label file and the picture of a source, under the data folder."""
    stems = [name for name in library.names(source.folder) if name.removesuffix(".txt").endswith(source.stem)]
    if len(stems) != 1:
        message = f"{source.folder} has {len(stems)} labels of {source.stem}, not 1; see --data"
        raise StageError(message)
    return stems[0], stems[0].replace("labels", "images").removesuffix(".txt") + ".jpg"


def cut_out(library: Library, source: Source) -> Thing:
    labels, file = picture_file(library, source)
    picture = library.picture(file)
    lines = library.path(labels).read_text().splitlines()
    if source.line >= len(lines):
        message = f"{labels} has no line {source.line + 1}: is it another data set?"
        raise StageError(message)
    x0, y0, x1, y1 = _box([float(number) for number in lines[source.line].split()[1:]], picture.shape)
    pad = int(0.2 * max(x1 - x0, y1 - y0))
    left, top = max(0, x0 - pad), max(0, y0 - pad)
    piece = picture[top : y1 + pad, left : x1 + pad]
    scale = min(1.0, _WORK_PX / max(piece.shape[:2]))
    piece = np.asarray(cv2.resize(piece, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    box = tuple(round(number * scale) for number in (x0 - left, y0 - top, x1 - left, y1 - top))
    mask = _grabbed(piece, box)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size < 12 or columns.size < 12:
        message = f"nothing can be cut out of {file}: is it another data set?"
        raise StageError(message)
    cut = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    alpha = cv2.GaussianBlur(cv2.erode(mask, np.ones((3, 3), np.uint8)).astype(np.float32), (5, 5), 1.0)
    return Thing(source, figures.unfringed(piece[cut], mask[cut]), np.ascontiguousarray(alpha[cut], np.float32))


def _box(numbers: list[float], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Of a YOLO line without its class: a box or a polygon."""
    height, width = shape[:2]
    if len(numbers) > 4:
        xs, ys = numbers[0::2], numbers[1::2]
        x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    else:
        x, y, across, down = numbers
        x0, x1, y0, y1 = x - across / 2, x + across / 2, y - down / 2, y + down / 2
    return max(0, int(x0 * width)), max(0, int(y0 * height)), min(width, int(x1 * width)), min(height, int(y1 * height))


def _grabbed(piece: Picture, box: tuple[int, ...]) -> NDArray[np.uint8]:
    """The thing fills the middle of its box: the rest GrabCut finds."""
    x0, y0, x1, y1 = box
    mask: NDArray[np.uint8] = np.full(piece.shape[:2], cv2.GC_BGD, np.uint8)
    mask[y0:y1, x0:x1] = cv2.GC_PR_BGD
    centre, across, down = ((x0 + x1) // 2, (y0 + y1) // 2), x1 - x0, y1 - y0
    for share, value in ((0.46, cv2.GC_PR_FGD), (0.25, cv2.GC_FGD)):
        cv2.ellipse(mask, centre, (int(across * share), int(down * share)), 0, 0, 360, value, -1)
    cv2.setRNGSeed(1)
    cv2.grabCut(piece, mask, figures.NO_BOX, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    found = np.asarray(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)), np.uint8)
    found = np.asarray(cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(found)
    if contours:
        cv2.drawContours(whole, [max(contours, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return whole
