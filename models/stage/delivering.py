"""A vehicle drives in, stops, tips a load and drives off: its own way through its clip, in another time."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from models.stage import cameras, carrying, drawing

if TYPE_CHECKING:
    from models.stage.carrying import Load
    from models.stage.drawing import Drawn
    from models.stage.figures import Cut, Track
    from models.stage.views import View

_BRAKES = 8
"""Cut-outs over which it comes to a stand, and gets going again."""
_SMALLEST_GROWN = 0.12

Side = Literal["behind below", "behind above", "left", "right"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """In pictures of the scene; boxes in pixels of the view: left, top, width, height."""

    view: View
    track: Track
    cuts: tuple[Cut, ...]
    begin: int
    way: tuple[float, ...]
    """Which cut-out is shown from `begin` on; between two of them its place is between theirs."""
    stands: int
    """From `begin`: when it has come to a stand."""
    placed: int
    walks: int
    side: Side
    rest: tuple[float, float] = (0.0, 0.0)

    actor: ClassVar[Literal["person", "vehicle"]] = "vehicle"

    @property
    def gone(self) -> int:
        return self.begin + len(self.way)

    @property
    def hand_off(self) -> int:
        return self.placed

    @property
    def stop_box(self) -> tuple[float, float, float, float]:
        return _box(self, self.way[self.stands])

    @property
    def place(self) -> tuple[float, float]:
        left, top, width, height = self.stop_box
        return left + width / 2, top + height

    def beside(self, load: Load) -> Delivery:
        """With the place where the load comes to lie."""
        left, top, width, height = self.stop_box
        tall, wide = load.alpha.shape
        rests = {
            "behind below": (left + width / 2, top + height + 0.45 * tall),
            "behind above": (left + width / 2, top + 0.3 * tall),
            "left": (left - 0.42 * wide, top + 0.9 * height),
            "right": (left + width + 0.42 * wide, top + 0.9 * height),
        }
        return dataclasses.replace(self, rest=rests[self.side])

    def figure(self, frame: int) -> Drawn | None:
        at = frame - self.begin
        if not 0 <= at < len(self.way):
            return None
        cut = self.cuts[round(self.way[at])]
        left, top, width, height = _box(self, self.way[at])
        scale = width / cut.alpha.shape[1]
        pose = drawing.Pose(
            left + width / 2, top + height, -scale if self.view.mirrored else scale, height / cut.alpha.shape[0]
        )
        return drawing.place(cut.picture, cut.alpha, pose, shadowed=False)

    def carried(self, frame: int, load: Load) -> Drawn | None:
        """The load while it slides out and spreads."""
        starts = self.begin + self.stands + round(0.6 * (self.placed - self.begin - self.stands))
        if not starts <= frame < self.placed:
            return None
        share = carrying.smooth((frame - starts + 1) / (self.placed - starts))
        left, top, width, height = self.stop_box
        inside = {
            "behind below": (left + width / 2, top + height),
            "behind above": (left + width / 2, top + 0.2 * height),
            "left": (left + 0.15 * width, top + 0.85 * height),
            "right": (left + 0.85 * width, top + 0.85 * height),
        }[self.side]
        x, foot = (a + (b - a) * share for a, b in zip(inside, self.rest, strict=True))
        return load.drawn(x, foot, _SMALLEST_GROWN + (1 - _SMALLEST_GROWN) * share)


def _box(delivery: Delivery, index: float) -> tuple[float, float, float, float]:
    """Of the vehicle in the view, as large as it would be there."""
    before, after = int(np.floor(index)), min(int(np.ceil(index)), len(delivery.cuts) - 1)
    share = index - before
    one, other = np.array(delivery.cuts[before].box, float), np.array(delivery.cuts[after].box, float)
    left, top, width, height = (float(value) for value in one + (other - one) * share)
    own = cameras.named(delivery.track.camera)
    view = delivery.view
    foot = top + height
    larger = 1.0 if view.camera.name == own.name else view.camera.height_px(foot) / own.height_px(foot)
    middle = left + width / 2
    left, top, width, height = middle - width * larger / 2, foot - height * larger, width * larger, height * larger
    x = (left - view.crop[0]) * view.scale
    y = (top - view.crop[1]) * view.scale
    if view.mirrored:
        x = view.size[0] - x - width * view.scale
    return x, y, width * view.scale, height * view.scale


def plan(cuts: list[Cut], track: Track, view: View, random: np.random.Generator) -> Delivery | None:
    """None where the vehicle cannot stop whole in the picture."""
    if len(cuts) < 10:
        return None
    own = cameras.named(track.camera)
    cuts = _from_afar(cuts, own)
    side = _side(track, cuts, random)
    stops = [number for number, cut in enumerate(cuts) if _may_stop(cut, own.size, side)]
    if not stops:
        return None
    stop = int(random.choice(stops))
    begin = round(float(random.uniform(6, 11)) * view.camera.fps)
    fps = view.camera.fps
    waits, tips = float(random.uniform(0.8, 2.0)), float(random.uniform(1.2, 2.0))
    stays = float(random.uniform(3, 5)) if random.random() < 0.5 else float(random.uniform(12, 15))
    arrives = _eased(0, stop)
    leaves = [len(cuts) - 1 - index for index in _eased(0, len(cuts) - 1 - stop)[::-1]]
    stands = len(arrives)
    placed = stands + round((waits + tips) * fps)
    walks = placed + round(stays * fps)
    way = [*arrives, *([float(stop)] * (walks - stands)), *leaves]
    return Delivery(
        view,
        track,
        tuple(cuts),
        begin,
        tuple(way),
        stands,
        begin + placed,
        begin + walks,
        side,
    )


def _from_afar(cuts: list[Cut], own: cameras.Camera) -> list[Cut]:
    """Where the first cut-out is in the middle of the view, it came from farther away: smaller, on the same line."""
    left, top, width, height = cuts[0].box
    later = cuts[min(6, len(cuts) - 1)].box
    foot, middle = float(top + height), left + width / 2
    if top <= 2 or top + height >= own.size[1] - 2:
        return cuts
    speed = (later[1] + later[3] - foot) / min(6, len(cuts) - 1)
    along = (later[0] + later[2] / 2 - middle) / max(1.0, later[1] + later[3] - foot)
    before: list[Cut] = []
    now = foot
    while now > 3 and speed > 0 and len(before) < 60:
        smaller = own.height_px(now) / own.height_px(foot)
        now -= max(0.8, speed * smaller**2)
        smaller = own.height_px(now) / own.height_px(foot)
        size = max(4, round(width * smaller)), max(4, round(height * smaller))
        box = (round(middle + along * (now - foot) - size[0] / 2), round(now - size[1]), *size)
        before.append(dataclasses.replace(cuts[0], box=box))
    return [*before[::-1], *cuts]


def _may_stop(cut: Cut, size: tuple[int, int], side: Side) -> bool:
    """Whole in the picture; seen from above, with room for the load behind it."""
    left, top, width, height = cut.box
    bottom = top + height
    if side == "behind below":
        return 0.4 * size[1] < bottom < 0.75 * size[1]
    if side == "behind above":
        return 0.25 * size[1] < top < 0.6 * size[1]
    beside = 0.8 * width
    inside = left > beside and left + width < size[0] - beside and top > 3 and bottom < size[1] - 3
    return inside and height > 0.12 * size[1]


def _side(track: Track, cuts: list[Cut], random: np.random.Generator) -> Side:
    goes_up = cuts[-1].box[1] + cuts[-1].box[3] < cuts[0].box[1] + cuts[0].box[3]
    if track.camera == "asphalt":
        return "behind below" if goes_up else "behind above"
    return "left" if random.random() < 0.5 else "right"


def _eased(first: int, last: int) -> list[float]:
    """Cut-outs one by one, then slower and slower up to the last."""
    brakes = min(_BRAKES, last - first)
    even = [float(index) for index in range(first, last - brakes)]
    steps = np.linspace(0, 1, 2 * brakes + 1)[:-1]
    return [*even, *(last - brakes + brakes * (1 - (1 - steps) ** 2)).tolist()]
