"""What the light and the camera do to a whole picture: gains, clouds, rain, noise, shake and text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.stage.footage import Picture

Light = Literal[
    "steady", "gradual", "sudden", "auto exposure", "cloud", "dusk", "rain", "night noise", "shake", "clock", "caption"
]


class Weather:
    """One clip's light; the same seed gives the same."""

    def __init__(self, kind: Light, frames: int, fps: float, size: tuple[int, int], seed: int) -> None:
        self.kind, self._fps, self._size = kind, fps, size
        self._random = np.random.default_rng(seed)
        self._gains = _gains(kind, frames, fps, self._random)
        self._cloud_begin = int(self._random.uniform(0.2, 0.4) * frames)
        self._cloud_frames = int(self._random.uniform(12, 20) * fps)
        self._cloud_dark = float(self._random.uniform(0.35, 0.55))
        self._shake = _shake(frames, self._random)
        self._noise = self._random.normal(0, 9.0, (5, size[1] + 16, size[0] + 16)).astype(np.float32)
        self._caption_at = int(self._random.uniform(0.35, 0.6) * frames)

    def apply(self, picture: Picture, frame: int) -> Picture:
        gain = self._gains[frame]
        if abs(gain - 1) > 0.004:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)
        if self.kind == "cloud":
            picture = self._clouded(picture, frame)
        elif self.kind == "rain":
            picture = self._rained(picture)
        elif self.kind == "night noise":
            picture = self._noisy(picture, frame)
        elif self.kind == "shake":
            matrix = np.array([[1, 0, self._shake[frame, 0]], [0, 1, self._shake[frame, 1]]])
            moved = cv2.warpAffine(picture, matrix, self._size, borderMode=cv2.BORDER_REPLICATE)
            picture = np.asarray(moved, np.uint8)
        elif self.kind == "clock" or (self.kind == "caption" and frame >= self._caption_at):
            self._write(picture, frame)
        return picture

    def _clouded(self, picture: Picture, frame: int) -> Picture:
        """A soft-edged shadow comes over the ground, stays a little and goes on."""
        width, height = self._size
        soft = 0.18 * width
        travelled = (frame - self._cloud_begin) / self._cloud_frames * 3.2 * width
        x = np.arange(width)[None] + 0.35 * np.arange(height)[:, None]
        inside = 1 / (1 + np.exp(np.clip(-(travelled - x) / (0.3 * soft), -30, 30)))
        inside *= 1 / (1 + np.exp(np.clip((travelled - 1.6 * width - x) / (0.3 * soft), -30, 30)))
        return np.asarray(picture * (1 - self._cloud_dark * inside)[..., None], np.uint8)

    def _rained(self, picture: Picture) -> Picture:
        """Streaks that are elsewhere in each picture, and a grey veil."""
        streaks = np.zeros((self._size[1], self._size[0]), np.uint8)
        for _ in range(140):
            x, y = self._random.integers(0, self._size[0]), self._random.integers(-20, self._size[1])
            length = int(self._random.integers(10, 26))
            end = (int(x - length // 5), int(y + length))
            cv2.line(streaks, (int(x), int(y)), end, int(self._random.integers(50, 130)), 1, cv2.LINE_AA)
        veil = cv2.addWeighted(picture, 0.86, np.full_like(picture, 128), 0.14, 0)
        streaked = cv2.add(veil, cv2.merge([cv2.GaussianBlur(streaks, (3, 3), 0)] * 3))
        return np.asarray(streaked, np.uint8)

    def _noisy(self, picture: Picture, frame: int) -> Picture:
        """Dark, amplified: grain that is coarser than a pixel and loses the colours."""
        row, column = self._random.integers(0, 16, 2)
        noise = self._noise[frame % 5, row : row + self._size[1], column : column + self._size[0]]
        grey = picture.astype(np.float32).mean(axis=2)
        faded = 0.35 * picture + (0.65 * grey)[..., None]
        return np.asarray(np.clip(faded + noise[..., None], 0, 255), np.uint8)

    def _write(self, picture: Picture, frame: int) -> None:
        width, height = self._size
        if self.kind == "clock":
            second = int(frame / self._fps)
            text = f"14-05-2026 17:{40 + second // 60:02d}:{second % 60:02d}"
            where = (10, 24)
        else:
            text, where = "CAM 07 - REC", (width // 2 - 90, height - 14)
        for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 2)):
            cv2.putText(picture, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, thick, cv2.LINE_AA)


def _gains(kind: Light, frames: int, fps: float, random: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(frames) / fps
    end = float(time[-1]) if frames else 0.0
    if kind == "gradual":
        begin, length, to = random.uniform(0, 0.3) * end, random.uniform(20, 40), random.choice([0.65, 0.75, 1.25, 1.4])
        return np.asarray(1 + (to - 1) * np.clip((time - begin) / length, 0, 1))
    if kind == "sudden":
        at, to = random.uniform(0.3, 0.7) * end, random.choice([0.6, 0.7, 1.35, 1.5])
        return np.asarray(1 + (to - 1) * np.clip((time - at) / 0.3, 0, 1))
    if kind == "auto exposure":
        gains = np.ones(frames)
        for at in np.arange(random.uniform(5, 9), end, random.uniform(9, 15)):
            depth = random.uniform(-0.3, 0.25)
            gains += (
                depth
                * (1 / (1 + np.exp(np.clip(-(time - at) / 0.2, -30, 30))))
                * np.exp(-np.clip(time - at, 0, None) / 3.0)
            )
        return np.asarray(np.clip(gains, 0.5, 1.6))
    if kind == "dusk":
        return np.full(frames, 0.55)
    if kind == "night noise":
        return np.full(frames, 0.4)
    return np.ones(frames)


def _shake(frames: int, random: np.random.Generator) -> NDArray[np.float64]:
    """A mast in the wind: up to about 3 px, slower than the pictures."""
    steps = random.normal(0, 1.0, (frames + 8, 2))
    smooth = np.stack([np.convolve(steps[:, axis], np.hanning(7), mode="same") for axis in (0, 1)], axis=1)
    gusts = 0.4 + 0.6 * (np.sin(np.arange(frames + 8) / 37.0) ** 2)[:, None]
    return np.asarray(np.clip(smooth[:frames] * gusts[:frames], -3, 3))
