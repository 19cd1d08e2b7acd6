"""A walker's way through a view: straight, as long as it needs, the feet as fast as the legs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.stage import drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.stage.drawing import Drawn
    from models.stage.figures import Walker
    from models.stage.views import View

_CUT_FPS = 10.0
"""Of the clips that walkers are cut out of, after `step`."""
_STEPS_MAX = 260


@dataclass(frozen=True, slots=True)
class Step:
    x: float
    foot: float
    cut: float
    """Which cut-out of the walk; -1 stands still."""


@dataclass(frozen=True, slots=True)
class Gait:
    """One walker in one view: which way it can go, and how it is drawn."""

    walker: Walker
    view: View
    mirrored: bool
    angle: float
    """Radians that its own heading is turned by: a little."""
    gain: float = 1.0

    @property
    def heading(self) -> tuple[float, float]:
        along, down = self.walker.heading
        along = -along if self.mirrored else along
        turn = np.array([[np.cos(self.angle), -np.sin(self.angle)], [np.sin(self.angle), np.cos(self.angle)]])
        turned = turn @ np.array([along, down])
        return float(turned[0]), float(turned[1])

    def turned_back(self) -> Gait:
        """The same walker, mirrored: it walks to the other side."""
        return Gait(self.walker, self.view, not self.mirrored, -self.angle, self.gain)

    def steps(self, start: tuple[float, float], *, back: bool = False) -> list[Step]:
        """From `start` until it is out of the picture; `back`: where it came from, in the order it was walked."""
        (x, foot), (along, down) = start, self.heading
        rate = _CUT_FPS / self.view.camera.fps
        sign = -1.0 if back else 1.0
        found: list[Step] = []
        for count in range(_STEPS_MAX):
            pace = self.walker.heights_a_step * rate * self.view.height_px(foot)
            x, foot = x + sign * along * pace, foot + sign * down * pace
            cut = (sign * (count + 1) * rate) % len(self.walker.cuts)
            if not self._visible(x, foot):
                break
            found.append(Step(x, foot, cut))
        return found[::-1] if back else found

    def _visible(self, x: float, foot: float) -> bool:
        tall = self.view.height_px(foot)
        width, height = self.view.size
        return -0.25 * tall < x < width + 0.25 * tall and foot > 0 and foot - tall < height

    def leaves(self, steps: Sequence[Step], start: tuple[float, float]) -> bool:
        return 0 < len(steps) < _STEPS_MAX and abs(steps[-1].x - start[0]) + abs(steps[-1].foot - start[1]) > 1

    def on_ground(self, steps: Sequence[Step], ground: NDArray[np.uint8]) -> float:
        """The share of its steps inside the picture that are on the ground."""
        inside = [
            ground[int(step.foot), int(step.x)]
            for step in steps
            if 0 <= step.foot < ground.shape[0] and 0 <= step.x < ground.shape[1]
        ]
        return float(np.mean(inside)) if inside else 1.0

    def drawn(self, step: Step, *, crouch: float = 0.0, lean: float = 0.0) -> Drawn:
        """`crouch` 0..1: how far it bends down; `lean`: to which side meanwhile."""
        number = self.walker.standing if step.cut < 0 else int(step.cut) % len(self.walker.cuts)
        cut = self.walker.cuts[number]
        scale = self.view.height_px(step.foot) * self.walker.scales[number]
        picture = cut.picture
        if self.view.camera.grey:
            picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
        if self.gain != 1.0:
            picture = np.clip(picture * self.gain, 0, 255).astype(np.uint8)
        pose = drawing.Pose(
            step.x,
            step.foot,
            scale * (-1 if self.mirrored else 1) * (1 + 0.12 * crouch),
            scale * (1 - 0.3 * crouch),
            lean * crouch,
        )
        return drawing.place(picture, cut.alpha, pose)
