"""What happens to the tampered camera: covered, put out of focus, turned away, frozen; in between it sees."""

from dataclasses import dataclass

import cv2
import numpy as np

from launch.footage.thing import Picture

CLOTH = (48, 60, 84)
SLIDE_S = 1.5
BLUR_PX = 6.0
VIEW = (0.42, 0.0, 1.0, 0.58)  # what it sees once it is turned, of the whole picture
GRAIN_LEVELS = 2.0


@dataclass(frozen=True)
class Act:
    kind: str
    begins_s: float
    ends_s: float


ACTS = (
    Act("covered", 20.0, 45.0),
    Act("defocused", 60.0, 105.0),
    Act("moved", 120.0, 145.0),
    Act("frozen", 160.0, 200.0),
)
LENGTH_S = 212.0


class Tampering:
    """Does it to the pictures of one clip, which come in order."""

    def __init__(self) -> None:
        self._generator = np.random.default_rng(4)
        self._last: Picture | None = None

    def at(self, picture: Picture, time_s: float) -> Picture:
        act = next((one for one in ACTS if one.begins_s <= time_s < one.ends_s), None)
        match None if act is None else act.kind:
            case "covered":
                return self._cover(picture, time_s - ACTS[0].begins_s)
            case "defocused":
                return np.asarray(cv2.GaussianBlur(picture, (0, 0), BLUR_PX), np.uint8)
            case "moved":
                return _turned(picture)
            case "frozen":
                return picture if self._last is None else self._last
            case _:
                self._last = picture
                return picture

    def _cover(self, picture: Picture, since_s: float) -> Picture:
        covered = picture.copy()
        width_px = round(picture.shape[1] * min(1.0, since_s / SLIDE_S))
        grain = self._generator.normal(0, GRAIN_LEVELS, (picture.shape[0], width_px, 3))
        covered[:, :width_px] = (np.array(CLOTH) + grain).clip(0, 255).astype(np.uint8)
        return covered


def _turned(picture: Picture) -> Picture:
    height_px, width_px = picture.shape[:2]
    x1, y1, x2, y2 = (round(edge * side) for edge, side in zip(VIEW, (width_px, height_px) * 2, strict=True))
    return np.asarray(cv2.resize(picture[y1:y2, x1:x2], (width_px, height_px), interpolation=cv2.INTER_CUBIC), np.uint8)
