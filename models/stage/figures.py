"""People and vehicles cut out of the clips, picture by picture, as they moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.stage import StageError, cameras, footage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.stage.cameras import Camera
    from models.stage.footage import Alpha, Library, Picture

Box = tuple[int, int, int, int]
"""x, y, width, height."""

_LOOP_MIN, _LOOP_MAX = 8, 34
NO_BOX = (0, 0, 1, 1)
"""GrabCut ignores the box where it is given a mask."""
_FOLLOW_IOU = 0.25


@dataclass(frozen=True, slots=True)
class Track:
    """Where somebody is found in a clip, noted by eye."""

    name: str
    person: str
    """Who it is: the same person may walk several times."""
    camera: str
    first: int
    """The picture in which `box` holds the figure."""
    box: Box
    use: tuple[int, int]
    """Pictures in which it is whole and alone."""


WALKERS = (
    Track("campus-1", "dark jacket, jeans", "campus", 43, (720, 272, 40, 118), (56, 118)),
    Track("campus-3", "short jacket", "campus", 174, (456, 214, 43, 91), (176, 222)),
    Track("campus-7", "dark suit", "campus", 232, (704, 283, 44, 113), (235, 263)),
    Track("campus-18", "bald, jeans", "campus", 503, (555, 232, 37, 109), (504, 528)),
    Track("campus-20", "bald, jeans", "campus", 353, (490, 164, 56, 116), (359, 386)),
    Track("campus-23", "dark suit", "campus", 171, (533, 208, 33, 97), (172, 200)),
    Track("campus-24", "dark suit", "campus", 371, (499, 256, 54, 100), (373, 400)),
    Track("campus-26", "bald, jeans", "campus", 179, (583, 128, 37, 73), (182, 203)),
    Track("late-campus-2", "fur hood", "campus", 625, (358, 406, 54, 153), (632, 700)),
    Track("late-campus-14", "black coat", "campus", 628, (562, 274, 46, 111), (632, 668)),
    Track("late-campus-17", "red and blue jacket", "campus", 628, (611, 238, 39, 101), (630, 664)),
    Track("late-campus-21", "red jacket", "campus", 541, (157, 169, 30, 69), (541, 568)),
    Track("pavement-1", "brown jacket", "pavement", 301, (254, 263, 64, 207), (304, 345)),
)
VEHICLES = (
    Track("asphalt-1", "white hatchback", "asphalt", 62, (270, 300, 190, 132), (60, 106)),
    Track("asphalt-2", "white saloon", "asphalt", 320, (190, 0, 150, 120), (318, 345)),
    Track("motorway-1", "white estate car", "motorway", 97, (330, 69, 75, 82), (97, 130)),
    Track("motorway-2", "white off-roader", "motorway", 127, (295, 88, 96, 89), (127, 153)),
    Track("motorway-3", "beige car", "motorway", 313, (322, 89, 76, 65), (313, 340)),
)
LAST_TUNE_PICTURE = 540
"""The campus clip is long: its first part belongs to the half that is tuned on, the rest gives walkers to the other."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One picture of a figure, as tight as its mask."""

    picture: Picture
    alpha: Alpha
    box: Box
    """Where it was in its camera's view."""


@dataclass(frozen=True, slots=True)
class Walker:
    """Cut-outs that join into an endless walk."""

    track: Track
    cuts: tuple[Cut, ...]
    scales: tuple[float, ...]
    """Multiplies a cut's pixels so that the person is 1 px tall."""
    standing: int
    """The cut in which the feet are closest together."""
    heading: tuple[float, float]
    """The way it walks in the picture, length 1."""
    heights_a_step: float
    """How far it gets from one cut to the next, in its own heights."""


def walker(library: Library, track: Track) -> Walker:
    cuts = cut_out(library, track, figure="person")
    if len(cuts) <= _LOOP_MIN:
        message = f"{track.name} cannot be followed in {cameras.named(track.camera).file}: is it another file?"
        raise StageError(message)
    feet = np.array([(cut.box[0] + cut.box[2] / 2, cut.box[1] + cut.box[3]) for cut in cuts])
    index = np.arange(len(cuts))
    tall = np.polyval(np.polyfit(index, [cut.box[3] for cut in cuts], 1), index)
    path = np.stack([np.polyval(np.polyfit(index, feet[:, axis], 1), index) for axis in (0, 1)], axis=1)
    step = path[-1] - path[0]
    heading = step / max(1e-6, float(np.hypot(*step)))
    pace = float(np.hypot(*step)) / max(1, len(cuts) - 1) / float(tall.mean())
    begin, end = _loop(cuts)
    chosen = cuts[begin:end]
    widths = [cut.alpha[int(cut.alpha.shape[0] * 0.75) :].max(axis=0).sum() / cut.alpha.shape[0] for cut in chosen]
    return Walker(
        track,
        tuple(chosen),
        tuple(1.0 / float(height) for height in tall[begin:end]),
        int(np.argmin(widths)),
        (float(heading[0]), float(heading[1])),
        pace,
    )


def _loop(cuts: list[Cut]) -> tuple[int, int]:
    """Begin and end (excluded) of the stretch whose ends look alike, the longer the better."""
    shapes = [cv2.resize(cut.alpha, (24, 48), interpolation=cv2.INTER_AREA) for cut in cuts]
    best, found = np.inf, (0, len(cuts))
    for begin in range(len(cuts) - _LOOP_MIN):
        for end in range(begin + _LOOP_MIN, min(len(cuts), begin + _LOOP_MAX + 1)):
            unlike = float(np.abs(shapes[begin] - shapes[end]).mean()) - 0.001 * (end - begin)
            if unlike < best:
                best, found = unlike, (begin, end)
    return found


def cut_out(library: Library, track: Track, *, figure: str) -> list[Cut]:
    """The figure in each picture of its track that it can be followed in."""
    camera = cameras.named(track.camera)
    frames, plate = library.frames(camera), library.plate(camera)
    box, cuts = track.box, []
    for at in range(track.first, min(track.use[1], len(frames))):
        mask = footage.moved(frames[at], plate)
        found = _follow(mask, box)
        if found is None:
            continue
        box, own = found
        if at >= track.use[0]:
            cut = _cut(frames[at], plate, own, box, camera, person=figure == "person")
            if cut is not None:
                cuts.append(cut)
    return cuts


def _follow(mask: NDArray[np.uint8], box: Box) -> tuple[Box, NDArray[np.uint8]] | None:
    labels, parts = footage.components(mask)
    best, label, found = _FOLLOW_IOU, 0, box
    for number, (x, y, width, height, _) in enumerate(parts, 1):
        across = max(0, min(x + width, box[0] + box[2]) - max(x, box[0]))
        down = max(0, min(y + height, box[1] + box[3]) - max(y, box[1]))
        iou = across * down / (width * height + box[2] * box[3] - across * down)
        if iou > best:
            best, label, found = iou, number, (x, y, width, height)
    return (found, np.asarray(labels == label, np.uint8)) if label else None


def _cut(
    frame: Picture, plate: Picture, own: NDArray[np.uint8], box: Box, camera: Camera, *, person: bool
) -> Cut | None:
    """Its mask made sharp by GrabCut between what surely moved and what surely did not."""
    x, y, width, height = box
    if person and (x <= 1 or y <= 1 or x + width >= camera.size[0] - 1 or y + height >= camera.size[1] - 1):
        return None
    pad = max(4, height // 12)
    x0, y0 = max(0, x - pad), max(0, y - pad)
    x1, y1 = min(camera.size[0], x + width + pad), min(camera.size[1], y + height + pad)
    piece, mine = np.ascontiguousarray(frame[y0:y1, x0:x1]), own[y0:y1, x0:x1]
    sharp = _grab(piece, plate[y0:y1, x0:x1], mine) if person else _without_spikes(mine)
    rows, columns = np.flatnonzero(sharp.any(axis=1)), np.flatnonzero(sharp.any(axis=0))
    if rows.size < height * 0.6 or columns.size < 4:
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    alpha = cv2.GaussianBlur(sharp[top:bottom, left:right].astype(np.float32), (3, 3), 0.7)
    alpha = np.clip((alpha - 0.35) / 0.6, 0, 1).astype(np.float32)
    where = (int(x0 + left), int(y0 + top), int(right - left), int(bottom - top))
    return Cut(unfringed(piece[top:bottom, left:right], sharp[top:bottom, left:right]), alpha, where)


def unfringed(picture: Picture, mask: NDArray[np.uint8]) -> Picture:
    """The rim of a cut-out holds some of what was behind it: it takes the colour from further in."""
    inner = cv2.erode(mask, np.ones((5, 5), np.uint8) if min(mask.shape) > 24 else np.ones((3, 3), np.uint8))
    inner = inner.astype(np.float32)
    weight = cv2.GaussianBlur(inner, (0, 0), 2.0)[..., None]
    bled = cv2.GaussianBlur(picture * inner[..., None], (0, 0), 2.0) / np.maximum(weight, 1e-3)
    rim = (inner < 0.5)[..., None] & (weight > 0.02)
    return np.ascontiguousarray(np.where(rim, np.clip(bled, 0, 255), picture), np.uint8)


def _grab(piece: Picture, behind: Picture, mine: NDArray[np.uint8]) -> NDArray[np.uint8]:
    difference = cv2.absdiff(piece, behind).max(axis=2)
    mask: NDArray[np.uint8] = np.full(mine.shape, cv2.GC_BGD, np.uint8)
    mask[cv2.dilate(mine, np.ones((5, 5), np.uint8)) > 0] = cv2.GC_PR_BGD
    mask[mine > 0] = cv2.GC_PR_FGD
    mask[(mine > 0) & (difference > 2.2 * 26)] = cv2.GC_FGD
    if not (mask == cv2.GC_FGD).any():
        return _filled(mine)
    cv2.setRNGSeed(1)
    cv2.grabCut(piece, mask, NO_BOX, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    sure = np.asarray(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)), np.uint8)
    sure = np.asarray(cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    return _filled(sure)


def _without_spikes(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A vehicle is round: what sticks out of it is the tree behind."""
    across = max(5, min(mask.shape) // 8) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    whole = np.asarray(cv2.morphologyEx(_filled(mask), cv2.MORPH_CLOSE, disc), np.uint8)
    return _filled(np.asarray(cv2.morphologyEx(whole, cv2.MORPH_OPEN, disc), np.uint8))


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest part, without holes smaller than a tenth of it."""
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return mask
    outer = [number for number in range(len(contours)) if tree[0][number][3] < 0]
    largest = max(outer, key=lambda number: cv2.contourArea(contours[number]))
    area = cv2.contourArea(contours[largest])
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, contours, largest, 1, cv2.FILLED)
    for number, contour in enumerate(contours):
        if tree[0][number][3] == largest and cv2.contourArea(contour) > area / 10:
            cv2.drawContours(filled, contours, number, 0, cv2.FILLED)
    return filled


def split_of(track: Track) -> cameras.Split:
    """The half that a walker plays in; the end of the campus clip plays in the other one than its beginning."""
    if track.camera == "campus" and track.first > LAST_TUNE_PICTURE:
        return "held-out"
    return cameras.named(track.camera).split
