"""Puts cut-outs into a picture: placed, shadowed, hidden by what is in front of them, and as noisy as the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.stage.footage import Alpha, Picture
    from models.stage.views import Background

_CONTACT_DARK = 0.4


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cut-out at its place in the view."""

    picture: Picture
    alpha: Alpha
    left: int
    top: int
    foot: float
    """The row where it stands: what stands lower in the picture is in front."""
    over: float = 0.0
    """In front of others of the same foot."""
    lift: float = 0.0
    """Pixels between its lower edge and the ground."""
    shadowed: bool = True

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 of the patch."""
        return self.left, self.top, self.left + self.alpha.shape[1], self.top + self.alpha.shape[0]


@dataclass(frozen=True, slots=True)
class Pose:
    x: float
    """Of the middle of its foot."""
    foot: float
    scale_x: float
    """Pixels of the view for one of the cut-out; negative: mirrored."""
    scale_y: float
    lean: float = 0.0
    """How far the top is moved aside, in its own heights."""
    over: float = 0.0
    lift: float = 0.0


def place(picture: Picture, alpha: Alpha, pose: Pose, *, shadowed: bool = True) -> Drawn:
    """Moved by parts of a pixel, so that a slow walk does not jump."""
    rows, columns = alpha.shape
    height, width = rows * pose.scale_y, columns * abs(pose.scale_x)
    aside = pose.lean * height
    bottom = pose.foot - pose.lift
    left = int(np.floor(pose.x - width / 2 + min(0.0, aside))) - 2
    top = int(np.floor(bottom - height)) - 2
    size = int(np.ceil(width + abs(aside))) + 5, int(np.ceil(height)) + 5
    shear = -aside / max(1.0, float(rows))
    matrix = np.array(
        [
            [pose.scale_x, shear, pose.x - pose.scale_x * columns / 2 - shear * rows - left],
            [0.0, pose.scale_y, bottom - pose.scale_y * rows - top],
        ]
    )
    small = max(abs(pose.scale_x), pose.scale_y) < 0.6
    if small:
        softer = 0.4 / max(0.05, pose.scale_y)
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), softer), np.uint8)
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), softer), np.float32)
    moved = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    covers = cv2.warpAffine(alpha, matrix, size, flags=cv2.INTER_LINEAR)
    placed = np.asarray(moved, np.uint8), np.asarray(covers, np.float32)
    return Drawn(*placed, left, top, pose.foot, pose.over, pose.lift, shadowed)


def shrunk(picture: Picture, alpha: Alpha, factor: float) -> tuple[Picture, Alpha]:
    """Averaged down, where a cut-out is much larger than it is ever shown."""
    if factor >= 1:
        return picture, alpha
    size = max(2, round(alpha.shape[1] * factor)), max(2, round(alpha.shape[0] * factor))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)


class Compositor:
    """Draws the cut-outs of one scene into its background."""

    def __init__(self, background: Background, random: np.random.Generator) -> None:
        self._background = background
        self._view = background.view
        self._occluders = self._view.occluders()
        noise = random.normal(0, self._view.camera.noise, (4, 300, 300, 3))
        self._noise = np.stack([cv2.GaussianBlur(each, (3, 3), 0.6) for each in noise]).astype(np.float32)
        self._random = random

    def draw(self, frame: int, drawn: list[Drawn]) -> tuple[Picture, list[float]]:
        """The picture, and for each cut-out the share of it that is seen."""
        picture = self._background.picture(frame)
        order = sorted(range(len(drawn)), key=lambda number: (drawn[number].foot, drawn[number].over))
        for number in order:
            if drawn[number].shadowed:
                self._shade(picture, frame, drawn[number])
        seen = [0.0] * len(drawn)
        for number in order:
            seen[number] = self._paste(picture, frame, drawn[number])
            for earlier in order[: order.index(number)]:
                seen[earlier] *= 1 - _overlap(drawn[earlier], drawn[number])
        return picture, seen

    def grained(self, picture: Picture, frame: int) -> Picture:
        """The whole picture with fresh noise."""
        rows, columns = picture.shape[:2]
        row, column = self._random.integers(0, 60, 2)
        tiled = np.tile(self._noise[frame % 4], (3, 3, 1))[row : row + rows, column : column + columns]
        return np.asarray(np.clip(picture + tiled, 0, 255), np.uint8)

    def _hidden(self, frame: int, foot: float, roi: tuple[int, int, int, int]) -> Alpha:
        x0, y0, x1, y1 = roi
        hidden = np.zeros((y1 - y0, x1 - x0), np.float32)
        if self._background.motion is not None:
            hidden = self._view.cover(self._background.motion, self._background.index(frame), foot, roi)
        for mask, own_foot in self._occluders:
            if own_foot > foot:
                hidden = np.maximum(hidden, mask[y0:y1, x0:x1])
        return hidden

    def _paste(self, picture: Picture, frame: int, drawn: Drawn) -> float:
        found = _inside(drawn.box, self._view.size)
        if found is None:
            return 0.0
        x0, y0, x1, y1 = found
        part = np.s_[y0 - drawn.top : y1 - drawn.top, x0 - drawn.left : x1 - drawn.left]
        alpha = drawn.alpha[part] * (1 - self._hidden(frame, drawn.foot, found))
        shape = alpha.shape
        row, column = (
            self._random.integers(0, 300 - min(299, shape[0])),
            self._random.integers(0, 300 - min(299, shape[1])),
        )
        noise = self._noise[frame % 4, row : row + shape[0], column : column + shape[1]]
        own = drawn.picture[part].astype(np.float32)
        own[: noise.shape[0], : noise.shape[1]] += noise
        target = picture[y0:y1, x0:x1]
        target[:] = np.clip(target + alpha[..., None] * (own - target), 0, 255).astype(np.uint8)
        return float(alpha.sum()) / max(1e-6, float(drawn.alpha.sum()))

    def _shade(self, picture: Picture, frame: int, drawn: Drawn) -> None:
        """A soft dark spot where it touches the ground, and its shape laid on the ground away from the sun."""
        camera = self._view.camera
        near = 1 / (1 + 0.08 * drawn.lift)
        columns = np.flatnonzero(drawn.alpha[-max(3, drawn.alpha.shape[0] // 6) :].max(axis=0) > 0.4)
        if not columns.size:
            return
        middle, half = float(columns.mean()) + drawn.left, max(3.0, (columns[-1] - columns[0]) / 2)
        flat = max(1.5, half * 0.28)
        roi = _inside(
            (int(middle - 2 * half), int(drawn.foot - 2.5 * flat), int(middle + 2 * half), int(drawn.foot + 3 * flat)),
            self._view.size,
        )
        if roi is not None:
            x, y = np.arange(roi[0], roi[2]), np.arange(roi[1], roi[3])
            across = ((x - middle) / (1.15 * half)) ** 2
            down = ((y - drawn.foot + 0.3 * flat) / (1.2 * flat)) ** 2
            self._darken(
                picture, frame, drawn.foot, roi, _CONTACT_DARK * near * np.exp(-(down[:, None] + across[None]))
            )
        if camera.sunlight:
            self._cast(picture, frame, drawn)

    def _cast(self, picture: Picture, frame: int, drawn: Drawn) -> None:
        along, down = self._view.sun
        rows, columns = drawn.alpha.shape
        reach = int(abs(along) * rows) + 2
        size = columns + reach, max(3, int(abs(down) * rows) + 3)
        left = drawn.left - (reach if along < 0 else 0)
        top = int(drawn.foot) - (size[1] if down < 0 else 1)
        matrix = np.array(
            [[1.0, -along, drawn.left - left + along * rows], [0.0, -down, down * rows + int(drawn.foot) - top]]
        )
        laid = cv2.GaussianBlur(cv2.warpAffine(drawn.alpha, matrix, size), (0, 0), 1.2)
        roi = _inside((left, top, left + size[0], top + size[1]), self._view.size)
        if roi is not None:
            part = laid[roi[1] - top : roi[3] - top, roi[0] - left : roi[2] - left]
            self._darken(picture, frame, drawn.foot, roi, self._view.camera.sunlight * part)

    def _darken(
        self, picture: Picture, frame: int, foot: float, roi: tuple[int, int, int, int], dark: NDArray[np.floating]
    ) -> None:
        x0, y0, x1, y1 = roi
        kept = 1 - dark * (1 - self._hidden(frame, foot - 2, roi))
        target = picture[y0:y1, x0:x1]
        target[:] = (target * kept[..., None]).astype(np.uint8)


def _inside(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    x0, y0, x1, y1 = max(0, box[0]), max(0, box[1]), min(size[0], box[2]), min(size[1], box[3])
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _overlap(under: Drawn, over: Drawn) -> float:
    """The share of one that the other hides."""
    x0, y0 = max(under.left, over.left), max(under.top, over.top)
    x1, y1 = min(under.box[2], over.box[2]), min(under.box[3], over.box[3])
    if x1 <= x0 or y1 <= y0:
        return 0.0
    below = under.alpha[y0 - under.top : y1 - under.top, x0 - under.left : x1 - under.left]
    above = over.alpha[y0 - over.top : y1 - over.top, x0 - over.left : x1 - over.left]
    return float((below * above).sum()) / max(1e-6, float(under.alpha.sum()))
