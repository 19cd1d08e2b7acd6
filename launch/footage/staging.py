"""Puts the carton into the pedestrian clip: carried, lowered, left, hidden by whoever passes before it."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from launch.footage import carrier
from launch.footage.thing import Layer, Picture, Thing

# Where he holds it, in his heights from his feet: a little before him (he walks to the left), at the belt.
HOLD_AHEAD, HOLD_UP = 0.12, 0.29
STEP_BOB_PX, STEP_FRAMES = 0.7, 5.2  # it rises and falls with his steps
TORSO = -0.19, 0.22  # from his middle, in his heights: what of him hides the carton while he holds it

FOREGROUND_FROM, FOREGROUND_TO = 12.0, 30.0  # grey levels off the background: alpha 0 to 1
PASSER_BY_MIN_PX = 60  # smaller changes are the clip's noise
STRIDE_PX = 13  # feet may be this far, in all, from straight below
LENS_BLUR_PX = 0.2
GRAIN_LEVELS = 2.0  # the clip's own noise, grey levels
GRAIN_SIZE_PX = 0.6
CONTACT_SHADOW, SKY_SHADOW = 0.50, 0.25  # how much darker right under it, and around it
SHADOW_FADES_M = 0.5  # no shadow from higher than this
AROUND_PX, BELOW_PX = 60, 130  # what is looked at around it: a passer-by down to the feet


@dataclass(frozen=True)
class Pose:
    """Where the carton is in one frame."""

    foot_px: tuple[float, float]
    ground_y_px: float  # the row on the ground that the foot is above
    scale: float  # px of the picture for one px of the cut-out
    lowered: float  # 0 in his arms .. 1 on the ground


class Window(NamedTuple):
    """A part of the picture, in px."""

    x1: int
    y1: int
    x2: int
    y2: int

    def of(self, picture: NDArray[np.generic]) -> NDArray[np.generic]:
        return picture[self.y1 : self.y2, self.x1 : self.x2]


def pose(frame: int, metre_px: float) -> Pose | None:
    """None while the carton is not there yet; `metre_px` is the cut-out's."""
    if frame < carrier.FIRST_FRAME:
        return None
    begin, end = carrier.LOWERING_FRAMES
    progress = min(max((frame - begin) / (end - begin), 0.0), 1.0)
    lowered = progress * progress * (3 - 2 * progress)
    man = carrier.stance(min(frame, end))
    bob = STEP_BOB_PX * float(np.sin(2 * np.pi * frame / STEP_FRAMES))
    held = man.feet_px[0] - HOLD_AHEAD * man.height_px, man.feet_px[1] - HOLD_UP * man.height_px + bob
    x, y = ((1 - lowered) * a + lowered * b for a, b in zip(held, carrier.PLACED_PX, strict=True))
    ground_y_px = (1 - lowered) * man.feet_px[1] + lowered * carrier.PLACED_PX[1]
    return Pose((x, y), ground_y_px, carrier.metre_px(ground_y_px) / metre_px, lowered)


def box(at: Pose, thing: Thing) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 in px of the picture, also beyond its edges."""
    (x, y), (foot_x, foot_y) = at.foot_px, thing.foot
    x1, y1, x2, y2 = thing.bounds
    left, top = x + (x1 - foot_x) * at.scale, y + (y1 - foot_y) * at.scale
    return left, top, left + (x2 - x1) * at.scale, top + (y2 - y1) * at.scale


class Staging:
    """Stages one pass of the clip; the same frames give the same pictures."""

    def __init__(self, thing: Thing, background: Picture) -> None:
        self._thing = thing
        self._background = background
        self._background_grey = float(np.median(background[::8, ::8]))
        self._poles = _poles(background.shape[0], background.shape[1])

    def stage(self, frame: int, picture: Picture) -> Picture:
        """The picture with the carton where it is in that frame; a copy, or the picture itself before it comes."""
        at = pose(frame, self._thing.metre_px)
        if at is None:
            return picture
        window = _window(box(at, self._thing), picture)
        if window.x1 >= window.x2 or window.y1 >= window.y2:
            return picture
        part = window.of(picture).astype(np.float32)
        foreground = _foreground(part, window.of(self._background).astype(np.float32))
        colour, alpha = self._pasted(at, window)
        alpha = alpha * (1 - self._hiding(frame, at, window, foreground))
        light = float(np.median(picture[::8, ::8])) / self._background_grey
        noise = np.random.default_rng(frame).normal(0, GRAIN_LEVELS, alpha.shape).astype(np.float32)
        grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), GRAIN_SIZE_PX), np.float32)[..., None]
        shadow = self._shadow(at, window) * (1 - foreground)
        ground = part * (1 - shadow[..., None])
        mixed = ground * (1 - alpha[..., None]) + (colour * light + grain) * alpha[..., None]
        staged = picture.copy()
        staged[window.y1 : window.y2, window.x1 : window.x2] = mixed.clip(0, 255).round().astype(np.uint8)
        return staged

    def _pasted(self, at: Pose, window: Window) -> tuple[Layer, Layer]:
        """Colour (not premultiplied) and alpha of the carton at its place, as the street's lens would blur it."""
        place = self._placement(at, window)
        size = (window.x2 - window.x1, window.y2 - window.y1)
        blur = (0.45 + LENS_BLUR_PX) / at.scale  # what the smaller picture cannot hold, and the lens
        alpha = cv2.warpAffine(cv2.GaussianBlur(self._thing.alpha, (0, 0), blur), place, size)
        colour = cv2.warpAffine(cv2.GaussianBlur(self._thing.colour, (0, 0), blur), place, size)
        return np.asarray(colour / np.maximum(alpha, 1e-3)[..., None], np.float32), np.asarray(alpha, np.float32)

    def _placement(self, at: Pose, window: Window) -> NDArray[np.float64]:
        (x, y), (foot_x, foot_y) = at.foot_px, self._thing.foot
        right, down = x - window.x1 - foot_x * at.scale, y - window.y1 - foot_y * at.scale
        return np.array([[at.scale, 0, right], [0, at.scale, down]])

    def _hiding(self, frame: int, at: Pose, window: Window, foreground: Layer) -> Layer:
        """How much of each pixel something hides that is nearer to the camera."""
        hiding = foreground * _nearer(foreground, at.ground_y_px - window.y1) * at.lowered
        if at.lowered < 1:
            man = carrier.stance(frame)
            columns = np.arange(window.x1, window.x2) - man.feet_px[0]
            begin, end = TORSO[0] * man.height_px, TORSO[1] * man.height_px
            torso = np.clip((columns - begin) / 4, 0, 1) * np.clip((end - columns) / 4, 0, 1)
            hiding = np.maximum(hiding, foreground * torso.astype(np.float32)[None, :] * (1 - at.lowered))
        if at.ground_y_px < carrier.POLES_STAND_AT_PX:
            hiding = np.maximum(hiding, window.of(self._poles))
        return np.asarray(hiding, np.float32)

    def _shadow(self, at: Pose, window: Window) -> Layer:
        """What the carton takes of the sky's light, 0..1; the day is clouded, so there is no direction."""
        height_m = (at.ground_y_px - at.foot_px[1]) / (at.scale * self._thing.metre_px)
        strength = max(0.0, 1 - height_m / SHADOW_FADES_M)
        shadow = np.zeros((window.y2 - window.y1, window.x2 - window.x1), np.float32)
        place = self._placement(at, window)
        base = self._thing.base @ place[:, :2].T.astype(np.float32) + place[:, 2].astype(np.float32)
        cv2.fillPoly(shadow, [(base * 16).round().astype(np.int32)], (1.0,), cv2.LINE_AA, shift=4)
        near = cv2.GaussianBlur(shadow, (0, 0), 1.8) * CONTACT_SHADOW
        far = cv2.GaussianBlur(shadow, (0, 0), 7.0) * SKY_SHADOW
        return np.asarray((near + far) * strength, np.float32)


def _window(around: tuple[float, float, float, float], picture: Picture) -> Window:
    height_px, width_px = picture.shape[:2]
    return Window(
        max(0, int(around[0]) - AROUND_PX),
        max(0, int(around[1]) - AROUND_PX),
        min(width_px, int(around[2]) + AROUND_PX),
        min(height_px, int(around[3]) + BELOW_PX),
    )


def _foreground(part: Layer, background: Layer) -> Layer:
    """Alpha of who is in the picture and not in its background."""
    difference = np.abs(cv2.GaussianBlur(part, (0, 0), 0.7) - cv2.GaussianBlur(background, (0, 0), 0.7)).max(axis=2)
    alpha = np.clip((difference - FOREGROUND_FROM) / (FOREGROUND_TO - FOREGROUND_FROM), 0, 1).astype(np.float32)
    return np.asarray(cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.float32)


def _nearer(foreground: Layer, ground_y_px: float) -> Layer:
    """1 where somebody stands whose feet are below that row of the window.

    People who overlap are one area: whose a pixel is, the feet right below it tell.
    """
    solid = (foreground > 0.5).astype(np.uint8)  # noqa: PLR2004  # half covered is the edge
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    near = np.zeros(solid.shape, np.uint8)
    rows = np.arange(1, solid.shape[0] + 1)[:, None]
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= PASSER_BY_MIN_PX:
            person = labels == label
            feet_y = np.where(person, rows, 0).max(axis=0).astype(np.float32)[None, :]
            feet_y = cv2.dilate(feet_y, np.ones((1, STRIDE_PX), np.uint8))
            near[person & (feet_y > ground_y_px)] = 1
    return np.asarray(cv2.dilate(near, np.ones((3, 3), np.uint8)), np.float32)


def _poles(height_px: int, width_px: int) -> Layer:
    poles = np.zeros((height_px, width_px), np.float32)
    for corners in carrier.POLES:
        points = (np.array(corners) * 16).round().astype(np.int32)
        cv2.fillPoly(poles, [points], (1.0,), cv2.LINE_AA, shift=4)
    return poles
