"""One span of a video: its looks decoded, laid on the ground, searched, and followed. Its result is one JSON object."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vision.footage import change, charts, ground_picture, tiles, unusual
from vision.footage.linking import Linker
from vision.footage.sightings import CHANGED, DETECTED, UNUSUAL, Sighting, same_things
from vision.footage.video import Footage
from vision.georeference import globe
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vision.detect import Detector
    from vision.footage.flown import Flown
    from vision.footage.revisits import Flight, Flights
    from vision.footage.sampling import Look
    from vision.footage.settings import Settings
    from vision.footage.video import Picture
    from vision.georeference.place import View

_BOX_M_MIN = 0.2


@dataclass(slots=True)
class Seen:
    """One look that was made."""

    time_s: float
    outline: list[tuple[float, float]]
    """lat, lon of the corners of the ground that it shows."""
    detected: bool = False
    """The detector saw it."""


@dataclass(slots=True)
class Span:
    """What a span gave. Times are the video's."""

    from_s: float
    to_s: float
    looks: list[Seen] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    refused: list[tuple[float, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "from_s": self.from_s,
            "to_s": self.to_s,
            "looks": [
                {
                    "time_s": one.time_s,
                    "outline": [[round(lat, 7), round(lon, 7)] for lat, lon in one.outline],
                    "detected": one.detected,
                }
                for one in self.looks
            ],
            "sightings": [one.to_json() for one in self.sightings],
            "refused": [list(one) for one in self.refused],
            "seconds": {stage: round(taken, 4) for stage, taken in self.seconds.items()},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Span:
        return cls(
            stored["from_s"],
            stored["to_s"],
            [
                Seen(one["time_s"], [(lat, lon) for lat, lon in one["outline"]], one.get("detected", False))
                for one in stored["looks"]
            ],
            [Sighting.from_json(one) for one in stored["sightings"]],
            [(at, why) for at, why in stored["refused"]],
            dict(stored["seconds"]),
        )


@dataclass(frozen=True, slots=True)
class Searcher:
    """What every span is searched with."""

    path: Path
    flown: Flown
    settings: Settings
    detector: Detector | None = None
    previous: Flight | Flights | None = None

    def search(self, looks: list[Look], from_s: float, to_s: float) -> Span:
        """Raise VideoError where the video cannot be opened."""
        return _Search(self, Span(from_s, to_s)).run(looks)


class _Search:
    """The state of one span while it is searched."""

    def __init__(self, with_: Searcher, span: Span) -> None:
        self._with = with_
        self._span = span
        self._linker = Linker()
        self._origin: tuple[float, float] | None = None
        self._compared: tuple[float, float] | None = None
        """lat, lon in the middle of the look that was last compared with the flight before."""
        self._chart: charts.Chart | None = None
        self._moved = (0.0, 0.0)
        """East and north by which the telemetry's ground is moved to lie on that of the span's first look."""

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.thread_time()
        yield
        self._span.seconds[stage] = self._span.seconds.get(stage, 0.0) + time.thread_time() - began

    def run(self, looks: list[Look]) -> Span:
        with Footage(self._with.path) as footage:
            for look in looks:
                with self._timed("decode"):
                    picture = footage.key_picture(look.time_s) if look.alone else footage.picture(look.time_s)
                if picture is None:
                    self._span.refused.append((look.time_s, "the picture is damaged or missing"))
                    continue
                try:
                    self._look(picture)
                except RefusedError as error:
                    self._span.refused.append((picture.time_s, str(error)))
        self._span.sightings = _worth_keeping(self._span.sightings, self._with.settings)
        return self._span

    def _look(self, picture: Picture) -> None:
        settings = self._with.settings
        view = self._with.flown.view(picture.time_s)
        frame = ground_picture.frame_of(view.camera, view.pose, view.ground, settings)
        with self._timed("convert"):
            image = picture.bgr(frame.share)
        with self._timed("lay"):
            laid = ground_picture.lay(image, frame)
            chart = charts.draw(laid, self._start(view))
        number = len(self._span.looks)
        self._span.looks.append(Seen(round(picture.time_s, 4), laid.outline()))
        with self._timed("unusual"):
            found = [_unusual(number, patch, laid) for patch in unusual.find(laid, settings)]
        if self._with.detector is not None and number % settings.detect_every == 0:
            self._span.looks[number].detected = True
            with self._timed("detect"):
                found += self._detected(number, image, frame)
        if self._with.previous is not None:
            with self._timed("change"):
                found += self._changed(number, change.Shot(image, view), laid)
        with self._timed("follow"):
            self._follow(found, frame, chart, picture.time_s)

    def _start(self, view: View) -> tuple[float, float]:
        if self._origin is None:
            self._origin = (view.pose.lat, view.pose.lon)
        return self._origin

    def _detected(
        self, number: int, image: np.ndarray[Any, np.dtype[np.uint8]], frame: ground_picture.Frame
    ) -> list[Sighting]:
        detector = self._with.detector
        if detector is None:
            return []
        found = []
        for one in tiles.detect(image, detector, self._with.settings):
            size = _size_m(one.box, frame)
            if size is not None:
                found.append(Sighting(number, DETECTED, one.label, one.confidence, one.box, *size))
        return found

    def _changed(self, number: int, now: change.Shot, laid: ground_picture.GroundPicture) -> list[Sighting]:
        """What came since the last flight; nothing where that did not see this ground, or it cannot be recognised."""
        previous = self._with.previous
        frame = laid.frame
        middle = frame.metres(np.array([frame.width_px / 2]), np.array([frame.height_px / 2]))
        east, north = (float(each[0]) for each in frame.east_north(*middle))
        place = globe.moved((frame.pose.lat, frame.pose.lon), east, north)
        xs, ys = np.array([0.0, frame.width_px]), np.array([0.0, frame.height_px])
        corners = frame.east_north(*frame.metres(xs[[0, 1, 1, 0]], ys[[0, 0, 1, 1]]))
        halves = float(np.ptp(corners[0]) / 2), float(np.ptp(corners[1]) / 2)
        step_m = self._with.settings.change_step * min(halves)
        if self._compared is not None and math.hypot(*globe.offset_m(self._compared, place)) < step_m:
            return []
        before = None if previous is None else previous.shot_of(*place)
        if before is None:
            return []
        self._compared = place
        try:
            pair = change.compare(before, now, place, halves, self._with.settings)
        except RefusedError:
            return []
        return [
            Sighting(number, CHANGED, None, one.strength, box, one.length_m, one.width_m, one.fill)
            for one in pair.patches
            if one.appeared and (box := _box_of(one, pair, frame)) is not None
        ]

    def _follow(self, found: list[Sighting], frame: ground_picture.Frame, chart: charts.Chart, time_s: float) -> None:
        """Number what was found, on ground that the pictures agree on."""
        shift = None if self._chart is None else charts.moved_m(self._chart, chart)
        if shift is not None:
            # The chart before was drawn by its own telemetry and lies `_moved` off the span's ground.
            self._moved = self._moved[0] + shift[0], self._moved[1] + shift[1]
        self._chart = chart
        start = globe.offset_m(self._origin or (frame.pose.lat, frame.pose.lon), (frame.pose.lat, frame.pose.lon))
        groups = same_things(found)
        placed = []
        for group in groups:
            east, north = _middle_m(group[0], frame)
            placed.append((group[0], start[0] + east + self._moved[0], start[1] + north + self._moved[1]))
        for group, (_, *at), track in zip(groups, placed, self._linker.add(placed, time_s), strict=True):
            self._span.sightings += [replace(one, track=track, at_m=(at[0], at[1])) for one in group]


def _unusual(number: int, patch: unusual.Patch, laid: ground_picture.GroundPicture) -> Sighting:
    return Sighting(
        number,
        UNUSUAL,
        None,
        patch.peak,
        laid.box_in_picture(patch.box),
        patch.length_m,
        patch.width_m,
        min(1.0, patch.fill),
        patch.colour,
        patch.around,
        patch.texture,
        patch.repeats,
    )


def _size_m(box: tuple[float, float, float, float], frame: ground_picture.Frame) -> tuple[float, float] | None:
    """Length and width on the ground of a box in 0..1; None where it is not ground within reach."""
    width, height = frame.camera.width_px, frame.camera.height_px
    x1, y1, x2, y2 = box
    corners = np.array(
        [
            [x1 * width, x2 * width, x1 * width, x2 * width],
            [y1 * height, y1 * height, y2 * height, y2 * height],
            np.ones(4),
        ]
    )
    back = np.linalg.inv(frame.to_picture) @ corners
    if not np.all(np.sign(back[2]) == np.sign(back[2][0])):
        return None
    right, ahead = back[0] / back[2], back[1] / back[2]
    if np.hypot(right.mean(), ahead.mean()) > frame.reach_m:
        return None
    sides = sorted((max(_BOX_M_MIN, float(np.ptp(right))), max(_BOX_M_MIN, float(np.ptp(ahead)))))
    return sides[1], sides[0]


def _middle_m(one: Sighting, frame: ground_picture.Frame) -> tuple[float, float]:
    x, y = (one.box[0] + one.box[2]) / 2 * frame.camera.width_px, (one.box[1] + one.box[3]) / 2 * frame.camera.height_px
    back = np.linalg.inv(frame.to_picture) @ np.array([x, y, 1.0])
    east, north = frame.east_north(np.array([back[0] / back[2]]), np.array([back[1] / back[2]]))
    return float(east[0]), float(north[0])


def _box_of(
    one: change.Changed, pair: change.Pair, frame: ground_picture.Frame
) -> tuple[float, float, float, float] | None:
    """The changed patch in 0..1 of the later picture; None where it lies outside."""
    x1, y1, x2, y2 = one.box
    places = [pair.place_of(x, y) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
    metres = np.array([globe.offset_m((frame.pose.lat, frame.pose.lon), place) for place in places]).T
    there = frame.north_up_to_picture(np.eye(3)) @ np.stack([metres[0], metres[1], np.ones(4)])
    if np.any(there[2] <= 0):
        return None
    x, y = there[0] / there[2] / frame.camera.width_px, there[1] / there[2] / frame.camera.height_px
    box = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    return box if box[0] >= 0 and box[1] >= 0 and box[2] <= 1 and box[3] <= 1 else None


def _worth_keeping(sightings: list[Sighting], settings: Settings) -> list[Sighting]:
    """Of the merely unusual, only what once was unusual enough."""
    strong = {one.track for one in sightings if one.kind != UNUSUAL or one.strength >= settings.unusual_min}
    return [one for one in sightings if one.track in strong]
