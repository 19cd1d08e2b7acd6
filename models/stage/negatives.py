"""Clips in which nothing is left behind: light, weather, people who wait, things taken, moved and put back."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from models.stage import StageError, cameras, carrying, delivering, drawing, figures, light, things, views, walking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.stage.carrying import Load
    from models.stage.drawing import Drawn
    from models.stage.footage import Picture
    from models.stage.scenes import Studio
    from models.stage.views import Background, View
    from models.stage.walking import Gait, Step

LENGTH_S = 60.0
_TRIES = 3000
_THINGS = 9
_BEND_S, _HOLD_S, _RISE_S = 0.9, 0.4, 0.6

Act = Literal["stand", "put", "take"]
Kind = Literal["light", "waits", "carries through", "puts and takes", "takes", "moves", "vehicle"]

_ACTS: dict[str, tuple[Act, ...]] = {
    "waits": ("stand",),
    "carries through": (),
    "puts and takes": ("put", "stand", "take"),
    "takes": ("take",),
}
_STORIES: tuple[tuple[Kind, light.Light], ...] = (
    ("light", "sudden"),
    ("waits", "steady"),
    ("light", "cloud"),
    ("takes", "steady"),
    ("light", "rain"),
    ("puts and takes", "steady"),
    ("light", "night noise"),
    ("waits", "cloud"),
    ("light", "auto exposure"),
    ("carries through", "shake"),
    ("light", "caption"),
    ("moves", "steady"),
    ("light", "shake"),
    ("waits", "auto exposure"),
    ("light", "clock"),
    ("takes", "gradual"),
    ("light", "gradual"),
    ("carries through", "dusk"),
    ("vehicle", "steady"),
    ("vehicle", "gradual"),
    ("waits", "rain"),
)


def count(minutes: float) -> int:
    """Clips for at least so many minutes."""
    return math.ceil(minutes * 60 / LENGTH_S)


@dataclass(frozen=True, slots=True)
class Moment:
    gait: Gait
    step: Step
    crouch: float
    held: bool


@dataclass(frozen=True, slots=True)
class Errand:
    """Somebody comes, does something and goes; at each picture from `begin`."""

    begin: int
    moments: tuple[Moment, ...]
    rests: tuple[tuple[int, tuple[float, float] | None], ...]
    """From which moment on the thing stands where; None: nowhere, or in a hand."""
    load: Load | None
    side: float

    def drawn(self, view: View, frame: int) -> list[Drawn]:
        at, found = frame - self.begin, []
        rest = next((where for since, where in reversed(self.rests) if since <= at), self.rests[0][1])
        if self.load is not None and rest is not None:
            found.append(self.load.drawn(*rest))
        if 0 <= at < len(self.moments):
            moment = self.moments[at]
            found.append(moment.gait.drawn(moment.step, crouch=moment.crouch, lean=0.1 * self.side))
            if self.load is not None and moment.held:
                near = min(
                    (where for _, where in self.rests if where is not None),
                    key=lambda where: abs(where[0] - moment.step.x) + abs(where[1] - moment.step.foot),
                    default=(moment.step.x, moment.step.foot),
                )
                lowered = moment.crouch
                found.append(
                    carrying.in_hand(view, moment.step, self.load, near, self.side, lowered=lowered, in_front=True)
                )
        return found


class Way(NamedTuple):
    """When somebody comes, how, to where, and how they go."""

    begin: int
    gait: Gait
    arrive: Sequence[Step]
    spot: tuple[float, float]
    leave: Sequence[Step]


class Carried(NamedTuple):
    load: Load | None
    rest: tuple[float, float] | None
    side: float


@dataclass(slots=True)
class Negative:
    """A clip without an event."""

    kind: Kind
    light: light.Light
    seed: int
    frames: int
    background: Background
    errands: list[Errand] = field(default_factory=list)
    parked: delivering.Delivery | None = None
    used: dict[str, list[str]] = field(default_factory=lambda: {"walkers": [], "objects": []})

    @property
    def view(self) -> View:
        return self.background.view

    @property
    def fps(self) -> float:
        return self.view.camera.fps

    def pictures(self) -> Iterator[Picture]:
        compositor = drawing.Compositor(self.background, np.random.default_rng(self.seed))
        weather = light.Weather(self.light, self.frames, self.fps, self.view.size, self.seed + 1)
        for frame in range(self.frames):
            layers = [layer for errand in self.errands for layer in errand.drawn(self.view, frame)]
            car = self.parked.figure(frame) if self.parked else None
            picture, _ = compositor.draw(frame, layers if car is None else [*layers, car])
            if self.background.still:
                picture = compositor.grained(picture, frame)
            yield weather.apply(picture, frame)

    def truth(self, clip: str) -> dict[str, Any]:
        conditions = {"story": self.kind, "light": self.light, "background": self.view.name}
        size = list(self.view.size)
        return {
            "clip": clip,
            "fps": self.fps,
            "frames": self.frames,
            "size": size,
            "events": [],
            "conditions": conditions,
        }

    def sources(self) -> dict[str, Any]:
        return {"camera": self.view.camera.name, **{key: sorted(set(names)) for key, names in self.used.items()}}


def choose(studio: Studio, number: int, seed: int) -> Negative:
    random = np.random.default_rng([seed, number, 2 if studio.split == "tune" else 3])
    kind, weather = _STORIES[number % len(_STORIES)]
    able = [camera for camera in cameras.of_split(studio.split) if _can(camera, kind, weather)]
    weights = np.array([1 + len(camera.crops) for camera in able], float)
    for tried in range(_TRIES):
        if tried % 200 == 0:
            camera = able[int(random.choice(len(able), p=weights / weights.sum()))]
        found = _attempt(studio, camera, kind, random)
        if found is not None:
            found.light, found.seed = weather, int(random.integers(0, 2**31))
            return found
    message = f"negative {number} of seed {seed} finds no place"
    raise StageError(message)


def _can(camera: cameras.Camera, kind: Kind, weather: light.Light) -> bool:
    if weather in {"rain", "cloud"} and not camera.outdoors:
        return False
    if kind == "vehicle":
        return camera.vehicles
    return camera.walkers or (kind == "light" and camera.busy)


def _attempt(studio: Studio, camera: cameras.Camera, kind: Kind, random: np.random.Generator) -> Negative | None:
    crop = camera.crops[int(random.integers(0, len(camera.crops)))]
    view = views.View(camera, crop, camera.mirrors and bool(random.random() < 0.5))
    start = int(random.integers(*camera.spans[int(random.integers(0, len(camera.spans)))])) if camera.spans else 0
    background = views.Background(studio.library, view, studio.motion(camera), start)
    negative = Negative(kind, "steady", 0, round(LENGTH_S * camera.fps), background)
    if kind == "light" and camera.busy:
        return negative
    if kind == "vehicle":
        return _parked(studio, negative, random)
    story: Kind = "waits" if kind == "light" else kind
    errand = _errand(studio, negative, story, random)
    if errand is None:
        return None
    negative.errands.append(errand)
    return negative


def _parked(studio: Studio, negative: Negative, random: np.random.Generator) -> Negative | None:
    """A car arrives and stays to the end."""
    view, camera = negative.view, negative.view.camera
    tracks = [track for track in figures.VEHICLES if figures.split_of(track) == studio.split]
    track = tracks[int(random.integers(0, len(tracks)))]
    whole = views.View(camera, camera.crops[0], view.mirrored)
    negative.background = views.Background(studio.library, whole, None, camera.empty[-1][0], camera.quiet or None)
    delivery = delivering.plan(studio.vehicle(track), track, whole, random)
    if delivery is None:
        return None
    stays = (delivery.way[delivery.stands],) * negative.frames
    negative.parked = dataclasses.replace(delivery, way=(*delivery.way[: delivery.stands], *stays))
    negative.used["walkers"].append(track.name)
    return negative


def _errand(studio: Studio, negative: Negative, kind: Kind, random: np.random.Generator) -> Errand | None:
    view, tracks = negative.view, studio.tracks()
    track = tracks[int(random.integers(0, len(tracks)))]
    gait = walking.Gait(studio.walker(track), view, bool(random.random() < 0.5), float(random.uniform(-0.2, 0.2)))
    ground, (width, height) = view.ground(), view.size
    spot = (float(random.uniform(0.1, 0.9) * width), float(random.uniform(0.25, 0.96) * height))
    if not ground[int(spot[1]), int(spot[0])]:
        return None
    arrive, leave = gait.steps(spot, back=True), gait.steps(spot)
    if not (gait.leaves(arrive, spot) and gait.leaves(leave, spot)):
        return None
    if gait.on_ground([*arrive, *leave], ground) < 0.93:
        return None
    load, rest, side = None, None, float(random.choice([-1, 1]))
    tall = view.height_px(spot[1])
    if kind != "waits":
        source = things.of_split(studio.split, "carried")[int(random.integers(0, _THINGS))]
        thing = studio.thing(source)
        height_m = min(source.height_m, 1.1 * thing.alpha.shape[0] / thing.alpha.shape[1])
        load = carrying.load(thing, view, spot[1], height_m=height_m, gain=0.9, mirrored=False)
        rest = (spot[0] + side * (0.17 * tall + 0.5 * load.alpha.shape[1]), spot[1] + 0.03 * tall)
        if not (10 < rest[0] < width - 10 and ground[int(min(height - 1, rest[1])), int(rest[0])]):
            return None
        negative.used["objects"].append(source.name)
    negative.used["walkers"].append(track.name)
    begin = round(float(random.uniform(8, 20)) * view.camera.fps)
    if kind == "moves":
        return _moving(Way(begin, gait, arrive, spot, leave), Carried(load, rest, side))
    acts = _acts(_ACTS[kind], negative.frames - begin - len(arrive) - len(leave), view.camera.fps, random)
    return _acted(Way(begin, gait, arrive, spot, leave), acts, Carried(load, rest, side), carries=kind != "waits")


def _acts(acts: Sequence[Act], spare_frames: int, fps: float, random: np.random.Generator) -> list[tuple[Act, int]]:
    """Each act with its pictures."""
    spare = max(2.0, spare_frames / fps - 8.0)
    waits = float(random.uniform(0.5, 1.0)) * min(spare, 34.0)
    bending = round((_BEND_S + _HOLD_S + _RISE_S) * fps)
    stands = waits if "put" not in acts else min(waits, float(random.uniform(4, 9)))
    return [(act, round(stands * fps) if act == "stand" else bending) for act in acts]


def _acted(way: Way, acts: Sequence[tuple[Act, int]], carried: Carried, *, carries: bool) -> Errand:
    begin, gait, arrive, spot, leave = way
    load, rest, side = carried
    fps = gait.view.camera.fps
    held = carries and not (acts and acts[0][0] == "take")
    rests: list[tuple[int, tuple[float, float] | None]] = [(0, None if held else rest)]
    moments = [Moment(gait, step, 0.0, held) for step in arrive]
    still = walking.Step(*spot, -1)
    for act, frames in acts:
        for at in range(frames):
            bent = _bent(at / fps) if act != "stand" else 0.0
            if act != "stand" and at == round(_BEND_S * fps):
                held = act == "take"
                rests.append((len(moments), None if held else rest))
            moments.append(Moment(gait, still, bent, held))
    moments.extend(Moment(gait, step, 0.0, held) for step in leave)
    return Errand(begin, tuple(moments), tuple(rests), load, side)


def _moving(way: Way, carried: Carried) -> Errand | None:
    """Taken here and put down again a few steps on."""
    begin, gait, arrive, spot, leave = way
    load, rest, side = carried
    steps = min(len(leave) - 2, 9)
    if rest is None or load is None or steps < 3:
        return None
    bending = round((_BEND_S + _HOLD_S + _RISE_S) * gait.view.camera.fps)
    first = _acted(Way(begin, gait, arrive, spot, leave[:steps]), [("take", bending)], carried, carries=True)
    there = leave[steps]
    shift = there.x - spot[0], there.foot - spot[1]
    moved = Carried(load, (rest[0] + shift[0], rest[1] + shift[1]), side)
    if not 10 < rest[0] + shift[0] < gait.view.size[0] - 10 or rest[1] + shift[1] > gait.view.size[1] - 4:
        return None
    second = _acted(Way(0, gait, [], (there.x, there.foot), leave[steps:]), [("put", bending)], moved, carries=True)
    late = [(since + len(first.moments), where) for since, where in second.rests]
    return Errand(begin, (*first.moments, *second.moments), (*first.rests, *late), load, side)


def _bent(seconds: float) -> float:
    if seconds < _BEND_S:
        return carrying.smooth(seconds / _BEND_S)
    return 1 - carrying.smooth((seconds - _BEND_S - _HOLD_S) / _RISE_S)
