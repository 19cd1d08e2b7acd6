"""Whether a place is right for a thing: on the ground, in sight, and nobody walks through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.stage.carrying import Visit
    from models.stage.views import Background


def fits(visit: Visit, ground: NDArray[np.uint8], wide: float, tall: float) -> bool:
    """The whole thing is in the picture, its foot on the ground and nothing that stands there hides it."""
    (x, foot), (width, height) = visit.rest, visit.view.size
    left, right = int(x - wide / 2), int(x + wide / 2)
    if left < 4 or right > width - 5 or foot > height - 4 or foot - tall < 4:
        return False
    if not (ground[int(foot), left] and ground[int(foot), right]):
        return False
    for mask, own_foot in visit.view.occluders():
        if own_foot > foot and mask[int(foot - tall) : int(foot), left:right].mean() > 0.3:
            return False
    return True


def clear(background: Background, visit: Visit, wide: float, tall: float) -> bool:
    """Nobody of the clip walks through the walker or the thing while it is put down, nor stands there later."""
    view, motion = background.view, background.motion
    if motion is None:
        return True
    x, foot = visit.rest
    around = (int(min(x, visit.place[0]) - 0.6 * tall - wide / 2), int(foot - 1.2 * tall))
    until = (int(max(x, visit.place[0]) + 0.6 * tall + wide / 2), int(foot + 0.3 * tall))
    roi = (max(0, around[0]), max(0, around[1]), min(view.size[0], until[0]), min(view.size[1], until[1]))
    first, last = visit.frame_of(-0.5), visit.walks
    if any(_moving(background, frame, roi) > 0.05 for frame in range(first, last, 3)):
        return False
    later = [_moving(background, frame, roi) > 0.2 for frame in range(visit.walks, visit.gone + 190, 4)]
    met = [_met(background, visit, frame) for frame in range(visit.begin, visit.gone, 4)]
    return float(np.mean(later)) < 0.3 and float(np.mean(met)) < 0.2


def _moving(background: Background, frame: int, roi: tuple[int, int, int, int]) -> float:
    """The share of a part of the view that moves."""
    motion = background.motion
    return 0.0 if motion is None else float(background.view.cover(motion, background.index(frame), -1.0, roi).mean())


def _met(background: Background, visit: Visit, frame: int) -> bool:
    found = visit.step(frame)
    if found is None:
        return False
    tall, (width, height) = visit.view.height_px(found[1].foot), visit.view.size
    x0, x1 = max(0, int(found[1].x - 0.15 * tall)), min(width, int(found[1].x + 0.15 * tall))
    y0, y1 = max(0, int(found[1].foot - 0.25 * tall)), min(height, int(found[1].foot))
    return x1 > x0 and y1 > y0 and _moving(background, frame, (x0, y0, x1, y1)) > 0.3
