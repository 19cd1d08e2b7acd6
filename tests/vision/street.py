"""A drawn street for the rules: textured ground, walkers, vehicles and things, with tracks made by hand.

Small (160 x 120 pixels, five frames a second) and seeded, so that a test is quick and repeats exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.frame import Frame
from vision.rules.base import Scene
from vision.track import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from vision.rules.base import Rule, RuleEvent

WIDTH, HEIGHT = 160, 120
FPS = 5
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday."""

Path = list[tuple[float, float, float]]
"""(time_s, x of the feet, y of the feet) in pixels; straight lines between, nobody before or after."""


@dataclass
class Mover:
    """A person or vehicle: a textured rectangle that stands on its path."""

    track_id: int
    path: Path
    size: tuple[int, int] = (16, 48)
    label: str = "person"
    colour: tuple[int, int, int] = (50, 40, 90)
    seen: Callable[[float], bool] = lambda _: True
    """When the detector sees it."""
    believed: bool = True
    """Its track is known to have moved."""

    def place(self, now_s: float) -> tuple[float, float] | None:
        times = [step[0] for step in self.path]
        if not times[0] <= now_s <= times[-1]:
            return None
        x = np.interp(now_s, times, [step[1] for step in self.path])
        return float(x), float(np.interp(now_s, times, [step[2] for step in self.path]))


@dataclass
class Thing:
    """What lies on the ground during a span: (x, y) of the middle of its lower edge."""

    x: float
    y: float
    from_s: float = -1.0
    to_s: float = 1e9
    size: tuple[int, int] = (14, 12)
    colour: tuple[int, int, int] = (30, 190, 200)


@dataclass
class Street:
    """The scene and how it is lit."""

    movers: list[Mover] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    light: Callable[[float], NDArray[np.float32] | float] = lambda _: 1.0
    """Factor on the whole picture, or one of shape (HEIGHT, WIDTH)."""

    def scenes(self, seconds: float, *, from_s: float = 0.0, scene_from_s: float = 0.0) -> Iterator[Scene]:
        """Frames from a media time on; the scene's own clock begins at `scene_from_s`. The first is discontinuous."""
        random = np.random.default_rng(7)
        ground = _texture(random, (HEIGHT, WIDTH), 110, 14)
        coats = {mover.track_id: _texture(random, mover.size[::-1], 0, 12) for mover in self.movers}
        stuff = [_texture(random, thing.size[::-1], 0, 10) for thing in self.things]
        tracks: dict[int, Track] = {}
        for index in range(int(seconds * FPS)):
            scene_s = scene_from_s + index / FPS
            image = ground.copy()
            for thing, coat in zip(self.things, stuff, strict=True):
                if thing.from_s <= scene_s < thing.to_s:
                    _stand(image, (thing.x, thing.y), coat + thing.colour)
            for mover in self.movers:
                place = mover.place(scene_s)
                box = _stand(image, place, coats[mover.track_id] + mover.colour) if place else None
                _track(tracks, mover, box if mover.seen(scene_s) else None, from_s + index / FPS)
            lit = image * np.atleast_3d(np.asarray(self.light(scene_s), np.float32))
            lit += random.normal(0, 1.5, image.shape)
            yield Scene(
                Frame(
                    np.clip(lit, 0, 255).astype(np.uint8),
                    index,
                    from_s + index / FPS,
                    START + timedelta(seconds=from_s + index / FPS),
                    discontinuity=index == 0 and from_s > 0,
                ),
                list(tracks.values()),
                detected=True,
            )


def watch(rule: Rule, street: Street, seconds: float, *, from_s: float = 0.0) -> list[tuple[float, RuleEvent]]:
    """Run a rule over a street; each event with the media time at which it was emitted."""
    return [
        (scene.frame.media_time_s, event)
        for scene in street.scenes(seconds, from_s=from_s)
        for event in rule.update(scene)
    ]


def walk(*steps: tuple[float, float], y: float = 90.0) -> Path:
    """A path along one row: (time_s, x)."""
    return [(at_s, x, y) for at_s, x in steps]


def _track(tracks: dict[int, Track], mover: Mover, box: tuple[float, float, float, float] | None, now_s: float) -> None:
    """Like the tracker: a mover is one after a second, and lives for two seconds after it was seen last."""
    known = tracks.get(mover.track_id)
    if box is not None:
        first_s = known.first_seen_s if known else now_s
        moved = mover.believed and ((known is not None and known.moved) or now_s - first_s >= 1.0)
        tracks[mover.track_id] = Track(mover.track_id, mover.label, 0.5, box, first_s, now_s, moved)
    elif known is not None and now_s - known.last_seen_s > 2.0:
        del tracks[mover.track_id]


def _texture(random: np.random.Generator, shape: tuple[int, ...], mean: float, spread: float) -> NDArray[np.float32]:
    grain = random.normal(0, spread, (*shape[:2], 3)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grain, (0, 0), 1.2) * 2.0 + mean, np.float32)


def _stand(
    image: NDArray[np.float32], place: tuple[float, float], coat: NDArray[np.floating]
) -> tuple[float, float, float, float] | None:
    height, width = coat.shape[:2]
    x1, y1 = round(place[0] - width / 2), round(place[1]) - height
    left, top, right, bottom = max(0, x1), max(0, y1), min(WIDTH, x1 + width), min(HEIGHT, y1 + height)
    if left >= right or top >= bottom:
        return None
    image[top:bottom, left:right] = coat[top - y1 : bottom - y1, left - x1 : right - x1]
    return left / WIDTH, top / HEIGHT, right / WIDTH, bottom / HEIGHT
