"""Where the camera was at any time of the video: telemetry, lens and ground together."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from vision.georeference.errors import Sigmas
from vision.georeference.ground import FlatGround, Ground
from vision.georeference.place import View
from vision.georeference.pose import Track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vision.georeference.camera import Camera
    from vision.telemetry.sample import Sample


class Lens(Protocol):
    """What is known of the camera; `vision.georeference.cameras.nominal` is one."""

    def __call__(self, sample: Sample, size_px: tuple[int, int], /) -> Camera:
        """The camera at that sample. Raise RefusedError."""
        ...


@dataclass(slots=True)
class Flown:
    """A flight as its telemetry has it. Times are the video's: the telemetry's with `offset_s` added."""

    samples: Sequence[Sample]
    lens: Lens
    size_px: tuple[int, int]
    ground: Ground = field(default_factory=FlatGround)
    offset_s: float = 0.0
    sigmas: Sigmas = field(default_factory=Sigmas)
    _track: Track = field(init=False)
    _clock: list[tuple[float, datetime]] = field(init=False)

    def __post_init__(self) -> None:
        self._track = Track(self.samples)
        timed = {
            one.time_s: one.time_utc for one in self.samples if one.time_s is not None and one.time_utc is not None
        }
        self._clock = sorted(timed.items())

    def view(self, time_s: float) -> View:
        """Raise RefusedError where something that a place needs is not there."""
        pose, sample = self._track.at_time(time_s - self.offset_s)
        return View(self.lens(sample, self.size_px), pose, self.ground, self.sigmas)

    def utc(self, time_s: float) -> str | None:
        """By the telemetry's clock, RFC 3339 with milliseconds."""
        if not self._clock:
            return None
        at = time_s - self.offset_s
        near = self._clock[max(0, bisect.bisect_right(self._clock, at, key=lambda each: each[0]) - 1)]
        told = near[1] + timedelta(seconds=at - near[0])
        return told.isoformat(timespec="milliseconds").replace("+00:00", "Z")
