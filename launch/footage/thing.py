"""The thing that is dumped: a carton cut out of one picture of the package's other clip."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from launch.footage import carrier

Picture: TypeAlias = NDArray[np.uint8]
"""BGR, shape (height_px, width_px, 3)."""
Layer: TypeAlias = NDArray[np.float32]
"""Shape (height_px, width_px), 0..1, or (height_px, width_px, 3), 0..255."""

CARTON_FRAME = 145
# The carton's corners in that frame, in px: the upper face, then the lower corners that are seen.
CORNERS = {
    "left": (116.0, 111.0),
    "front": (375.0, 207.0),
    "right": (496.0, 126.0),
    "back": (264.0, 53.0),
    "left low": (131.0, 192.0),
    "front low": (365.0, 307.0),
    "right low": (489.0, 195.0),
}
FACES = {
    "left": ("left", "front", "front low", "left low"),
    "right": ("front", "right", "right low", "front low"),
    "top": ("left", "front", "right", "back"),
}
OUTLINE = ("left", "left low", "front low", "right low", "right", "back")

# The photograph was taken from close by, so its faces converge; the street is seen from afar. Each face is
# therefore turned to where a distant camera sees it, of a carton with these edges that stands on its base.
LEFT_EDGE_M, RIGHT_EDGE_M, HEIGHT_M = 0.64, 0.46, 0.42
YAW_DEG = 33.0  # of the left face, from straight across the picture
METRE_PX = 260.0
MARGIN_PX = 12.0

SATURATION = 0.72  # printed board under a clouded sky, not under a lamp
LIGHT = {"top": 1.04, "left": 0.74, "right": 0.58}  # from above, as on the street's own stones
UNCERTAIN_PX = 12  # how far from the marked outline the cut may go
GRABCUT_ROUNDS = 4


@dataclass(frozen=True)
class Thing:
    """A cut-out, larger than it is pasted, colours premultiplied by alpha."""

    colour: Layer
    alpha: Layer
    metre_px: float  # a metre across the cut-out
    foot: tuple[float, float]  # the point that stands nearest to the camera, in px of the cut-out
    base: Layer  # shape (n, 2): outline of what touches the ground
    bounds: tuple[float, float, float, float]  # x1, y1, x2, y2 of what is not transparent


def carton(photograph: Picture) -> Thing:
    """Cut the carton out of its picture, stand it upright and light it like the street."""
    cut = _cut(photograph)
    clouded = _clouded(photograph.astype(np.float32))
    corners = upright_corners()
    points = np.array(list(corners.values()), np.float32)
    width_px, height_px = (int(edge) for edge in np.ceil(points.max(axis=0) + MARGIN_PX))
    colour = np.zeros((height_px, width_px, 3), np.float32)
    alpha = np.zeros((height_px, width_px), np.float32)
    for face, light in LIGHT.items():
        names = FACES[face]
        target = np.array([corners[name] for name in names], np.float32)
        turn = cv2.getPerspectiveTransform(np.array([CORNERS[name] for name in names], np.float32), target)
        inside = np.zeros((height_px, width_px), np.uint8)
        cv2.fillConvexPoly(inside, target.round().astype(np.int32), 255)
        seen = inside > 0
        colour[seen] = cv2.warpPerspective(clouded, turn, (width_px, height_px), flags=cv2.INTER_AREA)[seen] * light
        alpha[seen] = cv2.warpPerspective(cut, turn, (width_px, height_px), flags=cv2.INTER_AREA)[seen]
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.0), np.float32)
    left, front, right = (np.array(corners[name]) for name in ("left low", "front low", "right low"))
    return Thing(
        colour=colour * alpha[..., None],
        alpha=alpha,
        metre_px=METRE_PX,
        foot=(float(front[0]), float(front[1])),
        base=np.array([left, front, right, left + right - front], np.float32),
        bounds=_bounds(alpha),
    )


def upright_corners() -> dict[str, tuple[float, float]]:
    """The carton's corners as the street's camera sees them, in px of the cut-out."""
    yaw, down = math.radians(YAW_DEG), math.radians(carrier.DEPRESSION_DEG)
    along_left = -LEFT_EDGE_M * math.cos(yaw), -LEFT_EDGE_M * math.sin(yaw) * math.sin(down)
    along_right = RIGHT_EDGE_M * math.sin(yaw), -RIGHT_EDGE_M * math.cos(yaw) * math.sin(down)
    rise = -HEIGHT_M * math.cos(down)
    places_m = {
        "front low": (0.0, 0.0),
        "left low": along_left,
        "right low": along_right,
        "front": (0.0, rise),
        "left": (along_left[0], along_left[1] + rise),
        "right": (along_right[0], along_right[1] + rise),
        "back": (along_left[0] + along_right[0], along_left[1] + along_right[1] + rise),
    }
    x0, y0 = (min(place[axis] for place in places_m.values()) for axis in (0, 1))
    return {
        name: ((x - x0) * METRE_PX + MARGIN_PX, (y - y0) * METRE_PX + MARGIN_PX) for name, (x, y) in places_m.items()
    }


def _cut(photograph: Picture) -> Layer:
    """Alpha of the carton: GrabCut decides near the marked outline, so the hand that holds it stays out."""
    marked = np.zeros(photograph.shape[:2], np.uint8)
    cv2.fillPoly(marked, [np.array([CORNERS[name] for name in OUTLINE], np.int32)], 1)
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * UNCERTAIN_PX + 1, 2 * UNCERTAIN_PX + 1))
    labels = np.full(marked.shape, cv2.GC_BGD, np.uint8)
    labels[cv2.dilate(marked, reach) > 0] = cv2.GC_PR_BGD
    labels[marked > 0] = cv2.GC_PR_FGD
    labels[cv2.erode(marked, reach) > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)  # GrabCut's clusters start at random
    here, elsewhere = np.zeros((1, 65)), np.zeros((1, 65))
    nowhere = (0, 0, 1, 1)  # unused: the labels say where to begin
    cv2.grabCut(photograph, labels, nowhere, here, elsewhere, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    whole = cv2.morphologyEx(cut, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15)))
    smooth = cv2.morphologyEx(whole, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    return np.asarray(cv2.GaussianBlur(smooth, (0, 0), 1.2), np.float32)


def _clouded(colour: Layer) -> Layer:
    grey = colour.mean(axis=2, keepdims=True)
    return np.asarray(grey + (colour - grey) * SATURATION, np.float32)


def _bounds(alpha: Layer) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(alpha > 0.5)  # noqa: PLR2004  # half covered is the edge
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
