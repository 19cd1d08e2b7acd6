"""A camera, or a part of one, mirrored or not, as scenes see it: all in the pixels that are written."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.stage import footage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.stage.cameras import Camera
    from models.stage.footage import Alpha, Library, Picture

_WIDTH_PX = 640
_MASK_SCALE = 2
"""Masks of what moves are kept at half size."""


class Motion:
    """What moves in each picture of a camera, found once: at half size."""

    def __init__(self, library: Library, camera: Camera) -> None:
        self._frames, self._plate = library.frames(camera), library.plate(camera)
        self._found: dict[int, tuple[NDArray[np.int32], NDArray[np.int64]]] = {}
        self._size = camera.size[0] // _MASK_SCALE, camera.size[1] // _MASK_SCALE
        self._area_min = [camera.height_px(row) ** 2 * 0.02 for row in range(camera.size[1] + 1)]
        self._small_plate = cv2.resize(self._plate, self._size, interpolation=cv2.INTER_AREA)

    def at(self, index: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Labels at half size, and for each label the row of its foot in full pixels; label 0 is the view."""
        if index not in self._found:
            small = cv2.resize(self._frames[index], self._size, interpolation=cv2.INTER_AREA)
            mask = footage.moved(np.asarray(small, np.uint8), np.asarray(self._small_plate, np.uint8))
            labels, parts = footage.components(mask)
            feet = np.full(len(parts) + 1, -1, np.int64)
            for number, (_, y, _, height, area) in enumerate(parts, 1):
                foot = min((y + height) * _MASK_SCALE, len(self._area_min) - 1)
                if area * _MASK_SCALE**2 >= self._area_min[foot]:
                    feet[number] = foot
            self._found[index] = labels, feet
        return self._found[index]


@dataclass(frozen=True, slots=True)
class View:
    camera: Camera
    crop: tuple[int, int, int, int]
    mirrored: bool

    @property
    def name(self) -> str:
        x0, y0, x1, y1 = self.crop
        return f"{self.camera.name} {x0},{y0},{x1},{y1}{' mirrored' if self.mirrored else ''}"

    @property
    def scale(self) -> float:
        return _WIDTH_PX / (self.crop[2] - self.crop[0])

    @property
    def size(self) -> tuple[int, int]:
        return _WIDTH_PX, 2 * round((self.crop[3] - self.crop[1]) * self.scale / 2)

    @property
    def sun(self) -> tuple[float, float]:
        along, down = self.camera.sun
        return (-along if self.mirrored else along), down

    def height_px(self, foot_row: float) -> float:
        return self.camera.height_px(self.row(foot_row)) * self.scale

    def row(self, foot_row: float) -> float:
        return foot_row / self.scale + self.crop[1]

    def seen(self, picture: NDArray[np.uint8], *, hard: bool = False) -> NDArray[np.uint8]:
        """The part of a whole picture of the camera that this view shows."""
        x0, y0, x1, y1 = self.crop
        part = picture[y0:y1, x0:x1]
        part = part[:, ::-1] if self.mirrored else part
        how = cv2.INTER_NEAREST if hard else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(np.ascontiguousarray(part), self.size, interpolation=how), np.uint8)

    @functools.cache  # noqa: B019 -- views are few and live as long as the command
    def ground(self) -> NDArray[np.uint8]:
        whole = footage.outlined(self.camera.size, [self.camera.ground])
        return self.seen(whole, hard=True)

    @functools.cache  # noqa: B019 -- as above
    def occluders(self) -> list[tuple[Alpha, float]]:
        """Masks of what stands in the view, each with the row of its foot."""
        found = []
        for each in self.camera.occluders:
            mask = self.seen(footage.outlined(self.camera.size, [each.outline]) * 255)
            if mask.any():
                found.append(((mask / 255).astype(np.float32), (each.foot_px - self.crop[1]) * self.scale))
        return found

    def cover(self, motion: Motion, index: int, foot_row: float, roi: tuple[int, int, int, int]) -> Alpha:
        """How far whatever moves in front of `foot_row` hides each pixel of a part (x0, y0, x1, y1) of the view."""
        labels, feet = motion.at(index)
        front = (feet > self.row(foot_row)).astype(np.uint8)
        shape = roi[3] - roi[1], roi[2] - roi[0]
        if not front.any():
            return np.zeros(shape, np.float32)
        x0, y0, x1, y1 = roi
        if self.mirrored:
            x0, x1 = self.size[0] - x1, self.size[0] - x0
        matrix = np.array(
            [
                [self.scale * _MASK_SCALE, 0, -self.crop[0] * self.scale - x0],
                [0, self.scale * _MASK_SCALE, -self.crop[1] * self.scale - y0],
            ]
        )
        part = cv2.warpAffine(front[labels] * 255, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        part = part[:, ::-1] if self.mirrored else part
        return np.asarray(cv2.GaussianBlur(part, (3, 3), 0) / np.float32(255), np.float32)


class Background:
    """The pictures that a scene is played on, one a frame."""

    def __init__(
        self,
        library: Library,
        view: View,
        motion: Motion | None,
        start: int,
        spans: tuple[tuple[int, int], ...] | None = None,
    ) -> None:
        """`motion` None: nothing moves; then `spans` are stretches of the empty view, else one still picture."""
        self.view, self.motion = view, motion
        self._start, self._spans = start, spans or view.camera.spans
        self._frames = library.frames(view.camera) if motion or spans else None
        self.plate = view.seen(library.plate(view.camera))

    def index(self, frame: int) -> int:
        """Which picture of the camera: the stretches one after another, back and forth."""
        spans = self._spans
        begin, end = next((span for span in spans if span[0] <= self._start < span[1]), spans[0])
        length = end - begin
        offset = (self._start - begin + frame) % max(1, 2 * length - 2)
        return begin + (offset if offset < length else 2 * length - 2 - offset)

    @property
    def still(self) -> bool:
        return self._frames is None

    def picture(self, frame: int) -> Picture:
        if self._frames is None:
            return self.plate.copy()
        return self.view.seen(self._frames[min(self.index(frame), len(self._frames) - 1)])
