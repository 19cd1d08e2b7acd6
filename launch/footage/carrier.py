"""Where the man who carries the carton walks in the pedestrian clip, and what he does with it.

Facts about that one file, read off it once with a detector; `package.STREET` names the file by its hash.
A man in a dark jacket comes in from the right, walks along the road, stops for a second at the edge of the
grass, turns round and leaves the way he came.
"""

import math
from dataclasses import dataclass

import numpy as np

FRAME_RATE = 10

# Frame, and where his feet stand, in px. Until frame 226 he is outside, to the right.
_FEET = (
    (210, 863.0, 440.0),
    (220, 801.0, 418.0),
    (230, 741.0, 398.0),
    (240, 680.0, 377.0),
    (250, 616.0, 355.0),
    (260, 550.0, 340.0),
    (270, 482.0, 333.0),
    (280, 423.0, 320.0),
    (290, 374.0, 309.0),
    (300, 332.0, 296.0),
    (305, 311.0, 288.5),
    (310, 288.0, 284.0),
    (314, 275.5, 279.5),
    (318, 269.0, 277.0),
    (321, 269.0, 277.0),
    (324, 277.5, 278.0),
    (330, 307.0, 282.0),
    (340, 352.0, 298.0),
    (350, 398.0, 318.0),
    (360, 449.0, 337.0),
    (370, 517.0, 351.0),
    (380, 583.0, 369.0),
    (390, 651.0, 391.0),
    (400, 716.0, 410.0),
    (405, 745.0, 415.0),
)
FIRST_FRAME, LAST_FRAME = 210, 405  # the carton may be seen from the first on; he is gone after the last
LOWERING_FRAMES = (310, 321)  # from his arms to the ground
PLACED_PX = (238.0, 297.0)  # the foot of the carton, on the grass beside the road
STANDING_MAN_M = 1.72
DEPRESSION_DEG = 31.0  # of the camera at that place: from the heights of people near and far


@dataclass(frozen=True)
class Stance:
    feet_px: tuple[float, float]
    height_px: float  # of him, upright


def stance(frame: int) -> Stance:
    """Where he stands in that frame of the clip (the nearest end of his path outside it)."""
    frames, across, down = (np.array(column) for column in zip(*_FEET, strict=True))
    feet = float(np.interp(frame, frames, across)), float(np.interp(frame, frames, down))
    return Stance(feet, height_at(feet[1]))


def height_at(feet_y_px: float) -> float:
    """How high a standing man looks whose feet are at that row: people of the clip, fitted by a line."""
    return 82.0 + 0.233 * (feet_y_px - 278.0)


def metre_px(feet_y_px: float) -> float:
    """A metre across the picture, of something that stands at that row."""
    return height_at(feet_y_px) / (STANDING_MAN_M * math.cos(math.radians(DEPRESSION_DEG)))


# What stands between the camera and his path: the lamp post with its sign.
POLES_STAND_AT_PX = 391.0
POLES = (
    ((423.5, 90.0), (429.0, 90.0), (437.5, 391.0), (428.5, 391.0)),
    ((413.0, 202.0), (445.5, 202.0), (445.5, 244.0), (413.0, 244.0)),
)
