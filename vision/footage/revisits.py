"""Which picture of a flight shows a place best, and that picture: for what was there before."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vision.footage import ground_picture, sampling
from vision.footage.change import Shot
from vision.footage.settings import Settings
from vision.footage.video import Footage
from vision.georeference import globe, orthophoto
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from vision.footage.flown import Flown
    from vision.footage.video import Facts

_EDGE = 0.06
"""Nearer to the picture's border than this share of its width a place is not well seen."""


@dataclass(slots=True)
class Flight:
    """One flight's video and telemetry, to be asked for places. Usable from several threads."""

    path: Path
    flown: Flown
    facts: Facts
    settings: Settings = field(default_factory=Settings)
    _looks: list[sampling.Look] | None = None

    def looks(self) -> list[sampling.Look]:
        if self._looks is None:
            looks, _ = sampling.choose(self.flown, self.facts.duration_s, self.facts.key_times_s, self.settings)
            self._looks = looks
        return self._looks

    def best_look(self, lat: float, lon: float) -> sampling.Look | None:
        """The one that shows a place nearest to its middle and steeply; None where none shows it."""
        judged = [(self._worth(look, lat, lon), -number, look) for number, look in enumerate(self.looks())]
        best = max(judged, key=lambda each: each[:2], default=None)
        return best[2] if best is not None and best[0] > 0 else None

    def worth(self, lat: float, lon: float) -> float:
        """Of the look that shows a place best; 0: none does."""
        look = self.best_look(lat, lon)
        return 0.0 if look is None else self._worth(look, lat, lon)

    def _worth(self, look: sampling.Look, lat: float, lon: float) -> float:
        """1 in the middle straight below, 0 where it is not seen."""
        try:
            view = self.flown.view(look.time_s)
        except RefusedError:
            return 0.0
        pose, camera = view.pose, view.camera
        east, north = globe.offset_m((pose.lat, pose.lon), (lat, lon))
        away = math.hypot(east, north)
        if away > max(pose.height_m, 1.0) / math.tan(math.radians(self.settings.depression_deg_min)):
            return 0.0
        x, y = orthophoto.project(camera, pose, np.array([east]), np.array([north]))
        across, down = float(x[0]) / camera.width_px, float(y[0]) / camera.height_px
        edge = min(across, 1 - across, down, 1 - down)
        if not edge > _EDGE:
            return 0.0
        steep = math.sin(math.atan2(pose.height_m, away))
        return (0.2 + min(edge, 0.35)) * steep

    def shot(self, look: sampling.Look) -> Shot | None:
        """The decoded picture of a look; None where it is damaged."""
        with Footage(self.path) as footage:
            picture = footage.key_picture(look.time_s) if look.alone else footage.picture(look.time_s)
            if picture is None:
                return None
            try:
                view = self.flown.view(picture.time_s)
                frame = ground_picture.frame_of(view.camera, view.pose, view.ground, self.settings)
            except RefusedError:
                return None
            return Shot(picture.bgr(frame.share), view)

    def shot_of(self, lat: float, lon: float) -> Shot | None:
        look = self.best_look(lat, lon)
        return None if look is None else self.shot(look)


@dataclass(frozen=True, slots=True)
class Flights:
    """The videos of one flight, asked as one."""

    parts: tuple[Flight, ...]

    def shot_of(self, lat: float, lon: float) -> Shot | None:
        best = max(self.parts, key=lambda part: part.worth(lat, lon))
        return best.shot_of(lat, lon)
