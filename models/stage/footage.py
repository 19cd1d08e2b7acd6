"""Pictures of the sources: read once, hashed, and told apart into the view and what moves in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.stage import StageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from models.stage.cameras import Camera

    Picture = NDArray[np.uint8]
    """Height, width, 3: BGR."""
    Alpha = NDArray[np.float32]
    """Height, width: 0..1."""

_MOVED_GREY = 26
"""A pixel that differs from the empty view by more is not the view."""
_PLATE_PICTURES = 45


class Library:
    """The data folder; remembers the pictures it read and the hash of every file used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames: dict[str, NDArray[np.uint8]] = {}
        self._plates: dict[str, Picture] = {}
        self.sha256: dict[str, str] = {}

    def path(self, file: str) -> Path:
        """Raises StageError where the source is absent."""
        found = self._folder / file
        if not found.is_file():
            message = f"there is no {found}; scenes are made from the data folder, see --data"
            raise StageError(message)
        if file not in self.sha256:
            self.sha256[file] = hashlib.sha256(found.read_bytes()).hexdigest()
        return found

    def picture(self, file: str) -> Picture:
        read = cv2.imread(str(self.path(file)), cv2.IMREAD_COLOR)
        if read is None:
            message = f"{self._folder / file} is not a picture"
            raise StageError(message)
        return np.asarray(read, np.uint8)

    def names(self, folder: str) -> list[str]:
        return sorted(str(path.relative_to(self._folder)) for path in (self._folder / folder).glob("*"))

    def frames(self, camera: Camera) -> NDArray[np.uint8]:
        """All its pictures: count, height, width, 3."""
        if camera.name not in self._frames:
            self._frames[camera.name] = self._read(camera)
        return self._frames[camera.name]

    def _read(self, camera: Camera) -> NDArray[np.uint8]:
        capture = cv2.VideoCapture(str(self.path(camera.file)))
        frames: list[Picture] = []
        count = 0
        while capture.grab():
            if count % camera.step == 0:
                read, frame = capture.retrieve()
                if not read:
                    break
                frames.append(np.asarray(cv2.resize(frame, camera.size, interpolation=cv2.INTER_CUBIC), np.uint8))
            count += 1
        capture.release()
        if not frames:
            message = f"{self._folder / camera.file} holds no picture"
            raise StageError(message)
        return np.stack(frames)

    def plate(self, camera: Camera) -> Picture:
        """The view without what moves in it."""
        if camera.name not in self._plates:
            frames = self.frames(camera)
            index = np.concatenate([np.arange(*span) for span in camera.empty])
            chosen = index[np.linspace(0, len(index) - 1, min(_PLATE_PICTURES, len(index))).astype(int)]
            chosen = chosen[chosen < len(frames)]
            plate: Picture = np.empty((camera.size[1], camera.size[0], 3), np.uint8)
            for row in range(0, camera.size[1], 48):
                plate[row : row + 48] = np.median(frames[chosen, row : row + 48], axis=0)
            self._plates[camera.name] = plate
        return self._plates[camera.name]


def moved(frame: Picture, plate: Picture, *, threshold: int = _MOVED_GREY) -> NDArray[np.uint8]:
    """1 where the frame is not the empty view; a camera's own change of gain is taken out first."""
    gain = float(np.median(frame[::8, ::8])) / max(1.0, float(np.median(plate[::8, ::8])))
    even = frame if 0.96 < gain < 1.04 else cv2.convertScaleAbs(frame, alpha=1 / gain)
    difference = cv2.GaussianBlur(cv2.absdiff(even, plate), (3, 3), 0).max(axis=2)
    mask = np.asarray(difference > threshold, np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    tall = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 11))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, tall), np.uint8)


def components(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int32], list[tuple[int, int, int, int, int]]]:
    """Labels, and of each label from 1 its x, y, width, height and area."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    return np.asarray(labels, np.int32), [tuple(int(v) for v in row) for row in stats[1:]]  # type: ignore[misc]


def outlined(size: tuple[int, int], outlines: Iterable[Iterable[tuple[float, float]]]) -> NDArray[np.uint8]:
    """1 inside any of the outlines, in a picture of `size` (width, height)."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.asarray([*outline], np.float64).round().astype(np.int32)], 1)
    return mask
