"""A flown track without what its satellite receiver made up, broken where nothing is known."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from control_room.geozones import geometry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from control_room.geozones.zone import Position

FASTEST_M_S = 60.0
"""Faster than any small drone: between two such places the satellite receiver jumped."""
LONGEST_GAP = timedelta(seconds=60)
"""Over a longer silence nothing is said about the way."""
LONGEST_LEG = timedelta(minutes=10)
"""The same for a track without the samples of its straight parts."""
BRIDGED_GAP = timedelta(seconds=10)
"""A silence over this, up to `LONGEST_GAP`, is flown straight and mentioned."""
SETTLED_SAMPLES = 3
"""So many samples at a new place are a new place; fewer are an outlier."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where the aircraft was."""

    at: datetime
    lon: float
    lat: float
    height_m: float | None
    """Above the take-off point."""

    @property
    def place(self) -> Position:
        return self.lon, self.lat


@dataclass(frozen=True, slots=True)
class Doubt:
    """What cannot be known of the track: `gps_jump`, `gap`, or `bridged` where it is taken as straight."""

    code: str
    begins: datetime
    ends: datetime
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Samples with no break between them."""

    samples: tuple[Sample, ...]

    @property
    def way(self) -> list[Position]:
        return [sample.place for sample in self.samples]

    @property
    def legs(self) -> list[tuple[Sample, Sample]]:
        return list(itertools.pairwise(self.samples))


def runs_of(samples: Iterable[Sample], *, is_simplified: bool = False) -> tuple[list[Run], list[Doubt]]:
    """The track without outliers, broken where it is not known; and what is doubtful about it.

    `is_simplified`: samples on straight parts were left out, so a long time between two is no silence.
    """
    sorting = _Sorting(is_simplified)
    last: datetime | None = None
    for sample in sorted(samples, key=lambda one: one.at):
        if last is None or sample.at > last:
            sorting.take(sample)
        last = sample.at
    sorting.leave_strays()
    return [Run(tuple(run)) for run in sorting.runs], sorting.doubts


@dataclass(slots=True)
class _Sorting:
    """Samples by time into runs; those that fit nowhere yet wait as strays."""

    is_simplified: bool
    runs: list[list[Sample]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    strays: list[Sample] = field(default_factory=list)

    @property
    def longest(self) -> timedelta:
        return LONGEST_LEG if self.is_simplified else LONGEST_GAP

    def take(self, sample: Sample) -> None:
        if self.runs and self._goes_on(self.runs[-1][-1], sample):
            self.leave_strays()
            self._bridge(self.runs[-1][-1], sample)
            self.runs[-1].append(sample)
            return
        if self.strays and not self._goes_on(self.strays[-1], sample):
            self.leave_strays()
        self.strays.append(sample)
        if not self.runs:
            self._begin_run()
            return
        last = self.runs[-1][-1]
        metres = round(geometry.metres_between(last.place, self.strays[0].place))
        if self.strays[0].at - last.at > self.longest:
            self.doubts.append(Doubt("gap", last.at, self.strays[0].at, metres))
            self._begin_run()
        elif len(self.strays) >= SETTLED_SAMPLES:
            self.doubts.append(Doubt("gps_jump", last.at, self.strays[0].at, metres))
            self._begin_run()

    def leave_strays(self) -> None:
        if self.strays and self.runs:
            metres = geometry.metres_between(self.runs[-1][-1].place, self.strays[0].place)
            self.doubts.append(Doubt("gps_jump", self.strays[0].at, self.strays[-1].at, round(metres)))
        self.strays = []

    def _begin_run(self) -> None:
        self.runs.append(self.strays)
        self.strays = []

    def _goes_on(self, last: Sample, sample: Sample) -> bool:
        silence = sample.at - last.at
        reach_m = FASTEST_M_S * max(silence.total_seconds(), 0.2)
        return silence <= self.longest and geometry.metres_between(last.place, sample.place) <= reach_m

    def _bridge(self, last: Sample, sample: Sample) -> None:
        if sample.at - last.at > BRIDGED_GAP and not self.is_simplified:
            self.doubts.append(Doubt("bridged", last.at, sample.at))
