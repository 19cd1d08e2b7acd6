"""One scene in which something is left behind: chosen by a seed, drawn picture by picture, and its truth."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from models.stage import (
    StageError,
    cameras,
    carrying,
    delivering,
    drawing,
    figures,
    light,
    places,
    things,
    truths,
    views,
    walking,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.stage.cameras import Split
    from models.stage.carrying import Load, Visit
    from models.stage.delivering import Delivery
    from models.stage.drawing import Drawn
    from models.stage.footage import Library, Picture
    from models.stage.views import Background, View

_EVERY_VEHICLE = 6
"""One scene in so many is a load tipped from a vehicle."""
_WIDEST_LOAD_M = 2.2
_WIDEST_M = 1.1
"""Nobody carries a wider thing."""
_TRIES = 4000
_AFTER_S = (17.0, 20.0)
"""How long a scene goes on after its owner is gone: the rule's 10 s, the 5 s that it may take, and some."""
_LONGEST_S = 53.0
_LIGHTS: tuple[light.Light, ...] = ("steady", "steady", "steady", "gradual", "cloud", "auto exposure", "dusk", "sudden")
_CONTRASTS = ("low", "medium", "high")
_CROWDS = ("as filmed", "passers-by")


@dataclass(slots=True)
class Studio:
    """What a half is made from, cut out once."""

    library: Library
    split: Split
    motions: dict[str, views.Motion] = field(default_factory=dict)
    walkers: dict[str, figures.Walker] = field(default_factory=dict)
    vehicles: dict[str, list[figures.Cut]] = field(default_factory=dict)
    cut: dict[str, things.Thing] = field(default_factory=dict)

    def tracks(self) -> list[figures.Track]:
        return [track for track in figures.WALKERS if figures.split_of(track) == self.split]

    def motion(self, camera: cameras.Camera) -> views.Motion | None:
        if not camera.busy:
            return None
        if camera.name not in self.motions:
            self.motions[camera.name] = views.Motion(self.library, camera)
        return self.motions[camera.name]

    def walker(self, track: figures.Track) -> figures.Walker:
        if track.name not in self.walkers:
            self.walkers[track.name] = figures.walker(self.library, track)
        return self.walkers[track.name]

    def vehicle(self, track: figures.Track) -> list[figures.Cut]:
        if track.name not in self.vehicles:
            self.vehicles[track.name] = figures.cut_out(self.library, track, figure="vehicle")
        return self.vehicles[track.name]

    def thing(self, source: things.Source) -> things.Thing:
        if source.name not in self.cut:
            self.cut[source.name] = things.cut_out(self.library, source)
        return self.cut[source.name]


@dataclass(frozen=True, slots=True)
class Passer:
    gait: walking.Gait
    steps: tuple[walking.Step, ...]
    begin: int

    def drawn(self, frame: int) -> Drawn | None:
        at = frame - self.begin
        return self.gait.drawn(self.steps[at]) if 0 <= at < len(self.steps) else None


class Played(Protocol):
    """Something that can be drawn to a clip and told of."""

    @property
    def view(self) -> View: ...
    @property
    def fps(self) -> float: ...
    def pictures(self) -> Iterator[Picture]: ...
    def truth(self, clip: str) -> dict[str, Any]:
        """Its entry of ground_truth.json; after its pictures are drawn."""
        ...

    def sources(self) -> dict[str, Any]: ...


@dataclass(slots=True)
class Scene:
    """What is drawn, and what is known of it."""

    number: int
    seed: int
    frames: int
    background: Background
    visit: Visit | Delivery
    load: Load
    source: things.Source
    passers: list[Passer]
    light: light.Light
    seen: list[float] = field(default_factory=list)
    """Of each picture, the share of the thing that is seen; filled as the pictures are drawn."""
    walker_boxes: list[tuple[int, list[int]]] = field(default_factory=list)

    @property
    def view(self) -> View:
        return self.background.view

    @property
    def fps(self) -> float:
        return self.view.camera.fps

    def truth(self, clip: str) -> dict[str, Any]:
        return truths.truth(self, clip)

    def sources(self) -> dict[str, Any]:
        actors = [self.visit.track.name, *(passer.gait.walker.track.name for passer in self.passers)]
        return {"camera": self.view.camera.name, "walkers": sorted(set(actors)), "objects": [self.source.name]}

    def resting(self) -> Drawn:
        return self.load.drawn(*self.visit.rest)

    def box(self) -> list[int]:
        """x0, y0, x1, y1 of the thing at rest."""
        drawn = self.resting()
        rows, columns = (np.flatnonzero((drawn.alpha > 0.5).any(axis=axis)) for axis in (1, 0))
        left, top = drawn.left + int(columns[0]), drawn.top + int(rows[0])
        return [left, top, drawn.left + int(columns[-1]) + 1, drawn.top + int(rows[-1]) + 1]

    def pictures(self) -> Iterator[Picture]:
        compositor = drawing.Compositor(self.background, np.random.default_rng(self.seed))
        weather = light.Weather(self.light, self.frames, self.fps, self.view.size, self.seed + 1)
        resting = self.resting()
        for frame in range(self.frames):
            layers = [passer.drawn(frame) for passer in self.passers]
            walker = self.visit.figure(frame)
            layers.append(walker)
            thing = resting if frame >= self.visit.placed else self.visit.carried(frame, self.load)
            layers.append(thing)
            present = [layer for layer in layers if layer is not None]
            picture, seen = compositor.draw(frame, present)
            self.seen.append(seen[-1] if thing is not None else 0.0)
            if walker is not None:
                self.walker_boxes.append((frame, [int(v) for v in walker.box]))
            yield weather.apply(_grained(picture, self.background, compositor, frame), frame)


def _grained(picture: Picture, background: Background, compositor: drawing.Compositor, frame: int) -> Picture:
    """A still view gets the grain that a camera has; played pictures have it."""
    return compositor.grained(picture, frame) if background.still else picture


def choose(studio: Studio, number: int, seed: int) -> Scene:
    """Raises StageError where no place can be found; it has tried thousands."""
    random = np.random.default_rng([seed, number, 0 if studio.split == "tune" else 1])
    if number % _EVERY_VEHICLE == _EVERY_VEHICLE - 1:
        return _by_vehicle(studio, number, seed, random)
    sources = things.of_split(studio.split, "carried")
    source = sources[(number + int(random.integers(0, 2)) * 5) % len(sources)]
    views_left = [camera for camera in cameras.of_split(studio.split) if camera.walkers and camera.crops]
    weights = np.array([len(camera.crops) for camera in views_left], float)
    camera = views_left[int(random.choice(len(views_left), p=weights / weights.sum()))]
    kind = _light(camera, random)
    contrast = _CONTRASTS[number % len(_CONTRASTS)]
    crowd = _CROWDS[int(random.random() < 0.5)]
    for tried in range(1, _TRIES):
        if tried % 400 == 0:
            camera = views_left[int(random.choice(len(views_left), p=weights / weights.sum()))]
            kind = _light(camera, random)
        scene = _attempt(studio, camera, source, random, number)
        if scene is None:
            continue
        scene.light = kind
        scene.load = _contrasted(scene, contrast)
        if crowd == "passers-by":
            scene.passers = _passers(studio, scene, random)
        scene.seed = int(random.integers(0, 2**31))
        return scene
    message = f"scene {number} of seed {seed} finds no place in {camera.name}"
    raise StageError(message)


def _light(camera: cameras.Camera, random: np.random.Generator) -> light.Light:
    able = [kind for kind in _LIGHTS if kind != "cloud" or camera.outdoors]
    return able[int(random.integers(0, len(able)))]


def _by_vehicle(studio: Studio, number: int, seed: int, random: np.random.Generator) -> Scene:
    """A load tipped from a vehicle."""
    tracks = [track for track in figures.VEHICLES if figures.split_of(track) == studio.split]
    sources = things.of_split(studio.split, "load")
    source = sources[number // _EVERY_VEHICLE % len(sources)]
    able = [camera for camera in cameras.of_split(studio.split) if camera.vehicles]
    camera = able[number // _EVERY_VEHICLE % len(able)]
    view = views.View(camera, camera.crops[0], camera.mirrors and bool(random.random() < 0.5))
    for _ in range(_TRIES):
        track = tracks[int(random.integers(0, len(tracks)))]
        delivery = delivering.plan(studio.vehicle(track), track, view, random)
        if delivery is None:
            continue
        thing, height_m = studio.thing(source), source.height_m * float(random.uniform(0.8, 1.15))
        height_m = min(height_m, _WIDEST_LOAD_M * thing.alpha.shape[0] / thing.alpha.shape[1])
        foot = delivery.stop_box[1] + delivery.stop_box[3]
        load = carrying.load(thing, view, foot, height_m=height_m, gain=1.0, mirrored=bool(random.random() < 0.5))
        delivery = delivery.beside(load)
        if not _whole(view, delivery.rest, load):
            continue
        frames = max(delivery.placed + round(17 * camera.fps), delivery.gone + round(5 * camera.fps))
        background = views.Background(studio.library, view, None, camera.empty[-1][0], camera.quiet or None)
        scene = Scene(number, 0, frames, background, delivery, load, source, [], "steady")
        scene.light = _light(camera, random)
        scene.load = _contrasted(scene, _CONTRASTS[1 + number % 2])
        scene.seed = int(random.integers(0, 2**31))
        return scene
    message = f"scene {number} of seed {seed} finds no place for a vehicle in {camera.name}"
    raise StageError(message)


def _whole(view: View, rest: tuple[float, float], load: Load) -> bool:
    (x, foot), (tall, wide) = rest, load.alpha.shape
    return bool(wide / 2 + 4 < x < view.size[0] - wide / 2 - 4 and tall + 4 < foot < view.size[1] - 4)


def _attempt(
    studio: Studio, camera: cameras.Camera, source: things.Source, random: np.random.Generator, number: int
) -> Scene | None:
    crop = camera.crops[int(random.integers(0, len(camera.crops)))]
    view = views.View(camera, crop, camera.mirrors and bool(random.random() < 0.5))
    tracks = studio.tracks()
    track = tracks[int(random.integers(0, len(tracks)))]
    gait = _gait(studio, view, track, random)
    ground = view.ground()
    width, height = view.size
    spot = (float(random.uniform(0.08, 0.92) * width), float(random.uniform(0.15, 0.97) * height))
    if not ground[int(spot[1]), int(spot[0])]:
        return None
    height_m = source.height_m * float(random.uniform(0.9, 1.25))
    thing = studio.thing(source)
    height_m = min(height_m, _WIDEST_M * thing.alpha.shape[0] / thing.alpha.shape[1])
    tall = height_m / 1.7 * view.height_px(spot[1])
    wide = tall * thing.alpha.shape[1] / thing.alpha.shape[0]
    if tall * truths.ANALYSIS_WIDTH_PX / width < truths.SMALLEST_PX * 0.9 or tall > 0.4 * height:
        return None
    visit = carrying.plan_visit(gait, ground, spot, random, width_px=wide)
    if visit is None or not places.fits(visit, ground, wide, tall):
        return None
    before = round(float(random.uniform(5, 11)) * camera.fps)
    visit = dataclasses.replace(visit, begin=before)
    frames = visit.gone + round(float(random.uniform(*_AFTER_S)) * camera.fps)
    if frames > _LONGEST_S * camera.fps:
        return None
    motion = studio.motion(camera)
    background = views.Background(studio.library, view, motion, _start(camera, frames, random))
    if motion is not None and not places.clear(background, visit, wide, tall):
        return None
    loaded = carrying.load(
        thing, view, visit.rest[1], height_m=height_m, gain=1.0, mirrored=bool(random.random() < 0.5)
    )
    return Scene(number, 0, frames, background, visit, loaded, source, [], "steady")


def _gait(studio: Studio, view: View, track: figures.Track, random: np.random.Generator) -> walking.Gait:
    gain = 0.8 if view.camera.grey else 1.0
    return walking.Gait(studio.walker(track), view, bool(random.random() < 0.5), float(random.uniform(-0.2, 0.2)), gain)


def _start(camera: cameras.Camera, frames: int, random: np.random.Generator) -> int:
    if not camera.spans:
        return 0
    begin, end = camera.spans[int(random.integers(0, len(camera.spans)))]
    return begin + int(random.integers(0, max(1, end - begin - frames)))


def _contrasted(scene: Scene, contrast: str) -> Load:
    """The thing as bright as is asked for against the ground that it hides; what is chosen is measured later."""
    resting, (width, height) = scene.resting(), scene.view.size
    y0, x0 = max(0, resting.top), max(0, resting.left)
    y1, x1 = min(height, resting.box[3]), min(width, resting.box[2])
    alpha = resting.alpha[y0 - resting.top : y1 - resting.top, x0 - resting.left : x1 - resting.left]
    ground = float((scene.background.plate[y0:y1, x0:x1].mean(axis=2) * alpha).sum() / alpha.sum())
    own = float((scene.load.picture.mean(axis=2) * scene.load.alpha).sum() / scene.load.alpha.sum())
    wanted = {"low": 28.0, "medium": 48.0, "high": 75.0}[contrast] * (1.5 if scene.light in {"dusk", "cloud"} else 1.0)
    darker = own < ground if abs(own - ground) > 8 else ground > 100
    target = ground - wanted if darker else ground + wanted
    if not 22 <= target <= 225:
        target = ground + wanted if darker else ground - wanted
    gain = float(np.clip(np.clip(target, 14, 235) / max(own, 1.0), 0.65, 1.6))
    picture = np.clip(scene.load.picture * gain, 0, 245).astype(np.uint8)
    return dataclasses.replace(scene.load, picture=picture)


def _passers(studio: Studio, scene: Scene, random: np.random.Generator) -> list[Passer]:
    """Others who cross, one of them before the thing if one can."""
    ground, found = scene.view.ground(), []
    tall = scene.view.height_px(scene.visit.rest[1])
    own = scene.visit.track.person
    tracks = [track for track in studio.tracks() if track.person != own]
    for wanted in range(min(int(random.integers(1, 4)), len(tracks))):
        for _ in range(120):
            gait = _gait(studio, scene.view, tracks[int(random.integers(0, len(tracks)))], random)
            if wanted == 0:
                x = scene.visit.rest[0] + float(random.uniform(-0.1, 0.1)) * tall
                spot = (x, scene.visit.rest[1] + float(random.uniform(0.25, 0.5)) * tall)
                at = scene.visit.gone + int(random.uniform(0, 12) * scene.fps)
            else:
                spot = (scene.view.size[0] * random.uniform(0.2, 0.8), scene.view.size[1] * random.uniform(0.3, 1.0))
                at = int(random.integers(20, scene.frames - 20))
            way = [*gait.steps(spot, back=True), *gait.steps(spot)]
            if gait.leaves(way, (-1e3, -1e3)) and gait.on_ground(way, ground) >= 0.93:
                begin = at - len(gait.steps(spot, back=True))
                passer = Passer(gait, tuple(way), begin)
                if begin >= 0 and not _collides(scene, passer):
                    found.append(passer)
                    tracks = [track for track in tracks if track.person != gait.walker.track.person]
                    break
    return found


def _collides(scene: Scene, passer: Passer) -> bool:
    """It would walk through the owner, or over the thing."""
    x, foot = scene.visit.rest
    for at, step in enumerate(passer.steps):
        tall = scene.view.height_px(step.foot)
        if abs(step.x - x) < 0.25 * tall and abs(step.foot - foot) < 0.1 * tall:
            return True
        owner = scene.visit.step(passer.begin + at) if isinstance(scene.visit, carrying.Visit) else None
        if owner and abs(step.x - owner[1].x) < 0.3 * tall and abs(step.foot - owner[1].foot) < 0.12 * tall:
            return True
    return False
