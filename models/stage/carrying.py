"""A person brings a thing, stops, bends, puts it down and leaves: who is where in each picture, and when."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import cv2
import numpy as np

from models.stage import drawing, walking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.stage.drawing import Drawn
    from models.stage.figures import Track
    from models.stage.footage import Alpha, Picture
    from models.stage.things import Thing
    from models.stage.views import View
    from models.stage.walking import Gait, Step

_PERSON_M = 1.7


@dataclass(frozen=True, slots=True)
class Load:
    """A thing at the size and brightness that it has in one view."""

    picture: Picture
    alpha: Alpha
    mirrored: bool

    def drawn(self, x: float, foot: float, grown: float = 1.0, *, over: float = 0.0, lift: float = 0.0) -> Drawn:
        pose = drawing.Pose(x, foot, -grown if self.mirrored else grown, grown, over=over, lift=lift)
        return drawing.place(self.picture, self.alpha, pose)


def load(thing: Thing, view: View, foot: float, *, height_m: float, gain: float, mirrored: bool) -> Load:
    """As large as it is at the row where it is put down."""
    tall = height_m / _PERSON_M * view.height_px(foot)
    picture, alpha = drawing.shrunk(thing.picture, thing.alpha, tall / thing.alpha.shape[0])
    if tall > thing.alpha.shape[0]:
        size = max(2, round(thing.alpha.shape[1] * tall / thing.alpha.shape[0])), round(tall)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), np.float32)
    soft = view.camera.blur * view.scale
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), max(0.3, soft)), np.uint8)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(0.3, soft)), np.float32)
    if view.camera.grey:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    return Load(np.clip(picture * gain, 0, 255).astype(np.uint8), alpha, mirrored)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of what a person does at the place."""

    stands_s: float
    bends_s: float
    holds_s: float
    """It stays bent with the thing on the ground."""
    rises_s: float
    lingers_s: float

    @property
    def total_s(self) -> float:
        return self.stands_s + self.bends_s + self.holds_s + self.rises_s + self.lingers_s


@dataclass(frozen=True, slots=True)
class Visit:
    """The whole of it, in pictures of the scene."""

    view: View
    gait: Gait
    leaving: Gait
    place: tuple[float, float]
    """Where the walker stands."""
    rest: tuple[float, float]
    """Where the thing stands: x of its middle, row of its foot."""
    arrive: tuple[Step, ...]
    leave: tuple[Step, ...]
    begin: int
    timing: Timing
    side: float
    """The thing is carried on this side: -1 left, 1 right."""
    in_front: bool

    actor: ClassVar[Literal["person", "vehicle"]] = "person"

    @property
    def track(self) -> Track:
        return self.gait.walker.track

    @property
    def fps(self) -> float:
        return self.view.camera.fps

    def frame_of(self, seconds: float) -> int:
        """So many seconds after it stopped at the place."""
        return self.begin + len(self.arrive) + round(seconds * self.fps)

    @property
    def placed(self) -> int:
        return self.frame_of(self.timing.stands_s + self.timing.bends_s)

    @property
    def hand_off(self) -> int:
        return self.frame_of(self.timing.stands_s + self.timing.bends_s + self.timing.holds_s)

    @property
    def walks(self) -> int:
        return self.frame_of(self.timing.total_s)

    @property
    def gone(self) -> int:
        return self.walks + len(self.leave)

    def crouch(self, frame: int) -> float:
        """0 upright, 1 bent down."""
        timing = self.timing
        since = (frame - self.begin - len(self.arrive)) / self.fps - timing.stands_s
        if since < timing.bends_s:
            return smooth(since / timing.bends_s)
        return 1 - smooth((since - timing.bends_s - timing.holds_s) / timing.rises_s)

    def step(self, frame: int) -> tuple[Gait, Step] | None:
        """Where the walker is; None: not in the picture."""
        at = frame - self.begin
        if at < 0 or frame >= self.gone:
            return None
        if at < len(self.arrive):
            return self.gait, self.arrive[at]
        if frame < self.walks:
            who = self.gait if frame < self.hand_off else self.leaving
            return who, walking.Step(*self.place, -1)
        return self.leaving, self.leave[frame - self.walks]

    def figure(self, frame: int) -> Drawn | None:
        found = self.step(frame)
        if found is None:
            return None
        gait, step = found
        crouch = self.crouch(frame) if step.cut < 0 else 0.0
        return gait.drawn(step, crouch=crouch, lean=0.1 * self.side)

    def carried(self, frame: int, thing: Load) -> Drawn | None:
        """The thing until it is on the ground, with the walker; None once it is, or nobody is there."""
        found = self.step(frame)
        if found is None or frame >= self.placed:
            return None
        lowered = self.crouch(frame) if found[1].cut < 0 else 0.0
        return in_hand(self.view, found[1], thing, self.rest, self.side, lowered=lowered, in_front=self.in_front)


def in_hand(
    view: View, step: Step, thing: Load, rest: tuple[float, float], side: float, *, lowered: float, in_front: bool
) -> Drawn:
    """Beside the walker at the length of an arm; `lowered` 1: on the ground at `rest`."""
    tall = view.height_px(step.foot)
    grown = tall / view.height_px(rest[1])
    height, width = thing.alpha.shape[0] * grown, thing.alpha.shape[1] * grown
    swing = 0.012 * tall * np.sin(step.cut * 2 * np.pi / 5) if step.cut >= 0 else 0.0
    lift = (max(0.06 * tall, 0.42 * tall - 0.8 * height) + abs(swing)) * (1 - lowered)
    x = step.x + side * (0.13 * tall + 0.2 * width)
    x += (rest[0] - x) * lowered + swing
    foot = step.foot + (rest[1] - step.foot) * lowered
    drawn = thing.drawn(x, foot, grown, lift=lift)
    order = 0.6 if in_front else -0.6
    return dataclasses.replace(drawn, foot=step.foot + order, shadowed=lowered > 0.3)


def smooth(share: float) -> float:
    bounded = min(1.0, max(0.0, share))
    return bounded * bounded * (3 - 2 * bounded)


def plan_visit(
    gait: Gait, ground: NDArray[np.uint8], spot: tuple[float, float], random: np.random.Generator, *, width_px: float
) -> Visit | None:
    """A visit to a spot, or None where the walker would have to go through walls."""
    view = gait.view
    arrive = gait.steps(spot, back=True)
    onward = gait.steps(spot)
    back = gait.turned_back()
    backward = back.steps(spot)
    ways = [(gait, onward), (back, backward)]
    if random.random() < 0.5:
        ways.reverse()
    if not gait.leaves(arrive, spot) or gait.on_ground(arrive, ground) < 0.93:
        return None
    for leaving, leave in ways:
        if leaving.leaves(leave, spot) and leaving.on_ground(leave, ground) >= 0.93:
            break
    else:
        return None
    tall = view.height_px(spot[1])
    heading = gait.heading[0]
    side = float(np.sign(heading)) if abs(heading) > 0.5 else float(random.choice([-1, 1]))
    in_front = bool(gait.walker.heading[1] > -0.5 or random.random() < 0.5)
    across = spot[0] + side * (0.17 * tall + 0.5 * width_px)
    down = spot[1] + (0.03 if in_front else -0.02) * tall
    timing = Timing(
        stands_s=float(random.uniform(0.4, 1.5)),
        bends_s=float(random.uniform(0.7, 1.2)),
        holds_s=float(random.uniform(0.3, 0.8)),
        rises_s=float(random.uniform(0.5, 0.8)),
        lingers_s=float(random.uniform(0.3, 1.5)),
    )
    return Visit(view, gait, leaving, spot, (across, down), tuple(arrive), tuple(leave), 0, timing, side, in_front)
