"""The van that stops where it must not: cut out of the street's own picture, where it is parked at the end of the road.

It is seen from behind, so it comes from the lower right and drives away from the camera.
"""

import cv2
import numpy as np

from launch.footage import carrier
from launch.footage.thing import Layer, Picture

# Its outline in the pedestrian clip's first picture, in px.
OUTLINE = (
    (657.0, 43.0),
    (716.0, 40.0),
    (720.0, 60.0),
    (721.0, 90.0),
    (712.0, 97.0),
    (660.0, 97.0),
    (652.0, 88.0),
    (651.0, 62.0),
)
FOOT_PX = (686.0, 97.0)
MARGIN_PX = 4
# Second, and where its foot is. In between it stands.
WAY = ((4.0, 900.0, 520.0), (14.0, 610.0, 262.0), (44.0, 610.0, 262.0), (52.0, 700.0, 130.0))
SHADOW = 0.55


class Van:
    def __init__(self, picture: Picture) -> None:
        points = np.array(OUTLINE)
        (left, top), (right, bottom) = points.min(axis=0) - MARGIN_PX, points.max(axis=0) + MARGIN_PX
        part = slice(int(top), int(bottom)), slice(int(left), int(right))
        self._colour = picture[part].copy()
        mask = np.zeros(self._colour.shape[:2], np.uint8)
        cv2.fillPoly(mask, [(points - (int(left), int(top))).round().astype(np.int32)], 255, cv2.LINE_AA)
        self._alpha: Layer = np.asarray(cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.8), np.float32)
        self._foot = FOOT_PX[0] - int(left), FOOT_PX[1] - int(top)

    def drive(self, picture: Picture, time_s: float) -> Picture:
        """The picture with the van where it is at that second; the picture itself while it is not there."""
        if not WAY[0][0] <= time_s <= WAY[-1][0]:
            return picture
        times, across, down = (np.array(column) for column in zip(*WAY, strict=True))
        foot = float(np.interp(time_s, times, across)), float(np.interp(time_s, times, down))
        scale = carrier.height_at(foot[1]) / carrier.height_at(FOOT_PX[1])
        place = np.array([[scale, 0, foot[0] - scale * self._foot[0]], [0, scale, foot[1] - scale * self._foot[1]]])
        size = picture.shape[1], picture.shape[0]
        alpha = np.asarray(cv2.warpAffine(self._alpha, place, size, flags=cv2.INTER_CUBIC), np.float32).clip(0, 1)
        colour = cv2.warpAffine(self._colour, place, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        shade = np.zeros(alpha.shape, np.float32)
        width_px = scale * (OUTLINE[3][0] - OUTLINE[7][0])
        cv2.ellipse(
            shade, (round(foot[0]), round(foot[1])), (round(width_px * 0.55), round(width_px * 0.1)), 0, 0, 360, 1.0, -1
        )
        ground = picture * (1 - SHADOW * cv2.GaussianBlur(shade, (0, 0), 3)[..., None])
        return (
            np.asarray(ground * (1 - alpha[..., None]) + colour * alpha[..., None], np.float32)
            .clip(0, 255)
            .astype(np.uint8)
        )
