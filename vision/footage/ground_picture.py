"""A picture laid on level ground in the camera's own direction, one pixel as long everywhere.

Only a means to compare sizes and neighbourhoods in metres: places are computed from the picture's own pixels by
`vision.georeference.place`, through `GroundPicture.box_in_picture`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.georeference import globe, place
from vision.georeference.camera import OutsideLensError
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.footage.settings import Settings
    from vision.geometry import Box
    from vision.georeference.camera import Camera
    from vision.georeference.errors import Floats
    from vision.georeference.ground import Ground
    from vision.georeference.pose import Pose

_SIDE_PX_MAX = 3200
_GRID = (33, 21)
_SEEN_PX_MIN = 64
_COARSER = 1.5
"""Than straight below: as much is looked at of small pictures."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What part of the ground a picture shows well enough, and how finely to lay it; metres from below the drone."""

    camera: Camera
    pose: Pose
    """Its height is above the ground in the picture's middle."""
    to_picture: Floats
    """3 x 3: (metres right, metres ahead, 1) to the picture's pixels."""
    left_m: float
    far_m: float
    width_px: int
    height_px: int
    cell_m: float
    reach_m: float
    """Farther from below the drone the ground is seen too flat or too coarsely."""
    native_m: float
    """Length of a picture's pixel on the ground in its middle, across."""

    @property
    def share(self) -> float:
        """To which the picture may be averaged down before it is laid."""
        return min(1.0, self.native_m / self.cell_m)

    def east_north(self, right_m: Floats, ahead_m: Floats) -> tuple[Floats, Floats]:
        yaw = math.radians(self.pose.yaw_deg)
        return (
            ahead_m * math.sin(yaw) + right_m * math.cos(yaw),
            ahead_m * math.cos(yaw) - right_m * math.sin(yaw),
        )

    def metres(self, x_px: Floats, y_px: Floats) -> tuple[Floats, Floats]:
        """Right and ahead of what a laid pixel shows."""
        return self.left_m + x_px * self.cell_m, self.far_m - y_px * self.cell_m

    def laid_to_picture(self) -> Floats:
        """3 x 3: laid pixels to the picture's."""
        laid = np.array([[self.cell_m, 0, self.left_m], [0, -self.cell_m, self.far_m], [0, 0, 1.0]])
        return np.asarray(self.to_picture @ laid, float)

    def north_up_to_picture(self, north_up: Floats) -> Floats:
        """3 x 3: `north_up` takes pixels of a map to metres east and north of below the drone."""
        yaw = math.radians(self.pose.yaw_deg)
        turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1.0]])
        return np.asarray(self.to_picture @ turn @ north_up, float)


@dataclass(frozen=True, slots=True)
class GroundPicture:
    """The laid picture. `seen` is 0 where nothing is known."""

    frame: Frame
    image: NDArray[np.uint8]
    seen: NDArray[np.uint8]

    def box_in_picture(self, box: tuple[float, float, float, float]) -> Box:
        """A box of laid pixels as a box in 0..1 of the picture."""
        x1, y1, x2, y2 = box
        corners = np.array([[[x1, y1], [x2, y1], [x2, y2], [x1, y2]]], float)
        there = cv2.perspectiveTransform(corners, self.frame.laid_to_picture())[0]
        size = np.array([self.frame.camera.width_px, self.frame.camera.height_px], float)
        low, high = np.clip(there.min(axis=0) / size, 0, 1), np.clip(there.max(axis=0) / size, 0, 1)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def outline(self) -> list[tuple[float, float]]:
        """lat, lon of the corners of the ground that it shows."""
        contours, _ = cv2.findContours(self.seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if not contours:
            return []
        largest = max(contours, key=cv2.contourArea)
        corners = cv2.approxPolyDP(largest, 1.0 / self.frame.cell_m, closed=True)[:, 0, :].astype(float)
        east, north = self.frame.east_north(*self.frame.metres(corners[:, 0], corners[:, 1]))
        start = (self.frame.pose.lat, self.frame.pose.lon)
        return [globe.moved(start, float(e), float(n)) for e, n in zip(east, north, strict=True)]


def frame_of(camera: Camera, pose: Pose, ground: Ground, settings: Settings) -> Frame:
    """Raise RefusedError where no ground can be seen well enough."""
    pose = replace(pose, height_m=_height_above(pose, ground, settings))
    to_picture = _homography(camera, pose)
    reach = _reach_m(camera, pose.height_m, settings)
    right, ahead = _seen_grid(camera, pose, to_picture, reach)
    if right.size == 0:
        raise RefusedError(
            f"no ground in the picture is seen steeper than {settings.depression_deg_min:g} degrees "
            f"and finer than {settings.coarsest_m:g} m a pixel"
        )
    native = float(np.hypot(pose.height_m, np.median(np.hypot(right, ahead))) / camera.fx_px)
    left, far = float(right.min()), float(ahead.max())
    wide, high = float(right.max()) - left, far - float(ahead.min())
    cell = max(settings.fine_m, min(native, settings.coarsest_m), max(wide, high) / _SIDE_PX_MAX)
    size = max(1, math.ceil(wide / cell)), max(1, math.ceil(high / cell))
    return Frame(camera, pose, to_picture, left, far, *size, cell, reach, native)


def lay(picture: NDArray[np.uint8], frame: Frame) -> GroundPicture:
    """Any scale of the picture. Raise RefusedError."""
    share = picture.shape[1] / frame.camera.width_px
    shrink = np.diag([share, share, 1.0])
    size = (frame.width_px, frame.height_px)
    matrix = shrink @ frame.laid_to_picture()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    image = cv2.warpPerspective(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    seen = _seen(frame, size)
    if cv2.countNonZero(seen) < _SEEN_PX_MIN**2:
        raise RefusedError("too little ground is seen well enough")
    return GroundPicture(frame, np.asarray(image, np.uint8), seen)


def _seen(frame: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """255 inside the picture's border and within reach."""
    width, height = frame.camera.width_px, frame.camera.height_px
    margin = 0.004 * width
    corners = np.array(
        [[margin, margin], [width - margin, margin], [width - margin, height - margin], [margin, height - margin]]
    )
    seen = np.zeros((size[1], size[0]), np.uint8)
    back = np.linalg.inv(frame.laid_to_picture())
    depths = corners @ back[2, :2] + back[2, 2]
    if np.all(depths > 0) or np.all(depths < 0):
        there = cv2.perspectiveTransform(corners[None], back)[0]
        if np.abs(there).max() < 1e6:  # noqa: PLR2004 - no horizon in the picture
            cv2.fillConvexPoly(seen, np.round(there).astype(np.int32), 255)
    if not seen.any():  # the horizon is in it: each laid pixel is asked
        inside = np.full((8 * _GRID[1], 8 * _GRID[0]), 255, np.uint8)
        scale = np.diag([inside.shape[1] / width, inside.shape[0] / height, 1.0])
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        matrix = scale @ frame.laid_to_picture()
        seen = np.asarray(cv2.warpPerspective(inside, matrix, size, flags=flags, borderValue=0), np.uint8)
    near = np.zeros_like(seen)
    centre = -frame.left_m / frame.cell_m, frame.far_m / frame.cell_m
    cv2.circle(near, (round(centre[0]), round(centre[1])), round(frame.reach_m / frame.cell_m), 255, -1)
    return np.asarray(cv2.bitwise_and(seen, near), np.uint8)


def _height_above(pose: Pose, ground: Ground, settings: Settings) -> float:
    """The drone's height above the ground about the picture's middle; nearer where the middle looks too flat."""
    steepest = min(-settings.depression_deg_min, pose.pitch_deg)
    yaw, pitch = math.radians(pose.yaw_deg), math.radians(max(-89.9, steepest))
    ray = np.array([math.cos(pitch) * math.sin(yaw), math.cos(pitch) * math.cos(yaw), math.sin(pitch)])
    height = pose.height_m - ground.below(pose, ray).height_m
    if height < place.HEIGHT_M_MIN:
        raise RefusedError(f"the drone is {height:.1f} m above the ground, less than {place.HEIGHT_M_MIN:g}")
    return height


def _homography(camera: Camera, pose: Pose) -> Floats:
    """Of a pinhole; for a lens with distortion, the one that fits it best."""
    pitch, roll = math.radians(pose.pitch_deg), math.radians(pose.roll_deg)
    across = np.array([1.0, 0.0, 0.0])
    down = np.array([0.0, math.sin(pitch), pose.height_m * math.cos(pitch)])
    depth = np.array([0.0, math.cos(pitch), -pose.height_m * math.sin(pitch)])
    turned = np.stack(
        [across * math.cos(roll) + down * math.sin(roll), down * math.cos(roll) - across * math.sin(roll), depth]
    )
    lens = np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1.0]])
    if not any(camera.distortion):
        return np.asarray(lens @ turned, float)
    x, y = np.meshgrid(np.linspace(0, camera.width_px, _GRID[0]), np.linspace(0, camera.height_px, _GRID[1]))
    try:
        right, below = camera.towards(x.ravel(), y.ravel())
    except OutsideLensError:
        return np.asarray(lens @ turned, float)
    straight = np.stack([right, below], axis=1)
    bent = np.stack([x.ravel(), y.ravel()], axis=1)
    fitted, _ = cv2.findHomography(straight, bent)
    best = lens if fitted is None else np.asarray(fitted, float)
    return np.asarray(best @ turned, float)


def _reach_m(camera: Camera, height_m: float, settings: Settings) -> float:
    """How far from below the drone the ground is still seen steeply and finely enough."""
    flattest = height_m / math.tan(math.radians(settings.depression_deg_min))
    away = np.linspace(0.0, flattest, 200)
    slant = np.hypot(away, height_m)
    cells = slant / camera.fx_px * np.sqrt(slant / height_m)  # geometric mean of across and along
    below = height_m / camera.fx_px  # a small picture from high up has nothing finer
    fine = away[cells <= max(settings.coarse_m, min(settings.coarsest_m, _COARSER * below))]
    return float(fine.max()) if fine.size else 0.0


def _seen_grid(camera: Camera, pose: Pose, to_picture: Floats, reach_m: float) -> tuple[Floats, Floats]:
    """Metres right and ahead of what a grid of the picture's pixels shows, within reach."""
    x, y = np.meshgrid(np.linspace(0, camera.width_px, _GRID[0]), np.linspace(0, camera.height_px, _GRID[1]))
    back = np.linalg.inv(to_picture) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    with np.errstate(divide="ignore", invalid="ignore"):
        right, ahead = back[0] / back[2], back[1] / back[2]
    depth = ahead * math.cos(math.radians(pose.pitch_deg)) - pose.height_m * math.sin(math.radians(pose.pitch_deg))
    seen = (depth > 0) & (np.hypot(right, ahead) <= reach_m)
    return right[seen], ahead[seen]
