"""Where the camera was and how it looked at one moment, from the samples of a flight's telemetry."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vision.georeference import globe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.telemetry.sample import Sample

GAP_S_MAX = 2.0
"""Between two samples that are interpolated."""
BEYOND_S_MAX = 0.5
"""Before the first or after the last sample."""
_RATE_S = 0.5
_SPEED_MS_MAX = 60.0
"""No drone of a town is faster: the position has jumped."""
_LANDED_M = 2.0
_GNSS_M_MIN = 0.05
_BESIDE_GNSS_M = 30.0


class RefusedError(Exception):
    """No place can be claimed; says why in a few words."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees and metres; angles as in `vision.telemetry.sample.Sample`."""

    lat: float
    lon: float
    height_m: float
    """Above the level ground of `height_over`."""
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    rates: tuple[float, float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    """A second: east, north, up in m; yaw, pitch, roll in degrees."""
    gnss_m: float | None = None
    """The file's own horizontal accuracy."""
    height_over: str = "take-off"


def of_sample(sample: Sample) -> Pose:
    """Raise RefusedError where something that a place needs is not there."""
    if sample.lat is None or sample.lon is None:
        raise RefusedError("the telemetry has no position here")
    if sample.gimbal_pitch_deg is None or sample.gimbal_yaw_deg is None:
        raise RefusedError("the telemetry has no gimbal angles here")
    height, over = _height(sample)
    return Pose(
        sample.lat,
        sample.lon,
        height,
        sample.gimbal_yaw_deg,
        sample.gimbal_pitch_deg,
        sample.gimbal_roll_deg or 0.0,
        gnss_m=max(_GNSS_M_MIN, sample.position_error_m) if sample.position_error_m is not None else None,
        height_over=over,
    )


def _height(sample: Sample) -> tuple[float, str]:
    """Differences are taken within one datum only."""
    if sample.rel_alt_m is not None:
        return sample.rel_alt_m, "take-off"
    if sample.abs_alt_m is not None:
        if sample.home is not None and sample.home.abs_alt_m is not None:
            return sample.abs_alt_m - sample.home.abs_alt_m, "take-off"
        centre = sample.frame_centre
        if centre is not None and centre.abs_alt_m is not None:
            return sample.abs_alt_m - centre.abs_alt_m, "the ground in the picture's centre"
    raise RefusedError("the telemetry has no height above take-off here")


@dataclass(slots=True)
class Track:
    """The samples of one flight, to be asked by frame or time."""

    samples: Sequence[Sample]
    _timed: list[Sample] = field(init=False)
    _times: list[float] = field(init=False)
    _by_frame: dict[int, Sample] = field(init=False)

    def __post_init__(self) -> None:
        self._timed, latest = [], -math.inf
        for sample in self.samples:  # what runs backwards cannot be interpolated and is passed over
            if sample.time_s is not None and sample.time_s > latest and sample.lat is not None:
                self._timed.append(sample)
                latest = sample.time_s
        self._times = [sample.time_s or 0.0 for sample in self._timed]
        self._by_frame = {}
        numbered = any(sample.frame is not None for sample in self.samples)
        for place, sample in enumerate(self.samples, start=1):
            number = sample.frame if numbered else place
            if number is not None:
                self._by_frame.setdefault(number, sample)

    def sample_of_frame(self, frame: int) -> Sample:
        """By the file's own numbers; where it has none, its rows are counted from 1."""
        found = self._by_frame.get(frame)
        if found is not None:
            return found
        if not self._by_frame:
            raise RefusedError("the telemetry has no sample")
        first, last = min(self._by_frame), max(self._by_frame)
        if not first <= frame <= last:
            raise RefusedError(f"frame {frame} is outside the telemetry's {first} to {last}")
        raise RefusedError(f"the telemetry has no sample of frame {frame}")

    def at_frame(self, frame: int) -> tuple[Pose, Sample]:
        try:
            sample = self.sample_of_frame(frame)
        except RefusedError:
            sample = self._between_frames(frame)
        pose = of_sample(sample)
        return self._with_rates(pose, sample.time_s), sample

    def _between_frames(self, frame: int) -> Sample:
        """A cue that was lost: its time lies between its neighbours'."""
        numbers = sorted(self._by_frame)
        place = bisect.bisect(numbers, frame)
        if not 0 < place < len(numbers):
            return self.sample_of_frame(frame)
        before, after = self._by_frame[numbers[place - 1]], self._by_frame[numbers[place]]
        if before.time_s is None or after.time_s is None or not 0 < after.time_s - before.time_s <= GAP_S_MAX:
            return self.sample_of_frame(frame)
        share = (frame - numbers[place - 1]) / (numbers[place] - numbers[place - 1])
        return self._interpolated(before.time_s + share * (after.time_s - before.time_s))

    def at_time(self, time_s: float) -> tuple[Pose, Sample]:
        sample = self._interpolated(time_s)
        return self._with_rates(of_sample(sample), time_s), sample

    def sample_at(self, time_s: float) -> Sample:
        """Between its neighbours, where it is a place; what the camera does may not be known. Raise RefusedError."""
        return self._interpolated(time_s)

    def _interpolated(self, time_s: float) -> Sample:
        if not self._times:
            raise RefusedError("the telemetry has no sample with a time and a position")
        place = bisect.bisect_right(self._times, time_s)
        if place == 0 or place == len(self._times):
            near = self._timed[0 if place == 0 else -1]
            until = max(self._times[-1], near.end_s or 0.0)
            if time_s < self._times[0] - BEYOND_S_MAX or time_s > until + BEYOND_S_MAX:
                raise RefusedError(f"{time_s:g} s is outside the telemetry's {self._times[0]:g} to {until:g} s")
            return near
        before, after = self._timed[place - 1], self._timed[place]
        apart = self._times[place] - self._times[place - 1]
        if apart > GAP_S_MAX:
            raise RefusedError(f"the telemetry has a gap of {apart:.1f} s here")
        return _mixed(before, after, (time_s - self._times[place - 1]) / apart)

    def _with_rates(self, pose: Pose, time_s: float | None) -> Pose:
        """Raise RefusedError where the position jumps."""
        if time_s is None or len(self._times) < 2:  # noqa: PLR2004 - a rate needs two
            return pose
        low = max(0, bisect.bisect_left(self._times, time_s - _RATE_S) - 1)
        high = min(len(self._times) - 1, bisect.bisect_right(self._times, time_s + _RATE_S))
        try:
            before, after = of_sample(self._timed[low]), of_sample(self._timed[high])
        except RefusedError:
            return pose
        apart = self._times[high] - self._times[low]
        if not 0 < apart <= 2 * (GAP_S_MAX + _RATE_S):
            return pose
        if max(apart_m(before, pose), apart_m(pose, after)) > _SPEED_MS_MAX * apart + _BESIDE_GNSS_M:
            raise RefusedError("the telemetry's position jumps here")
        east, north = globe.offset_m((before.lat, before.lon), (after.lat, after.lon))
        turns = (
            globe.turn_deg(before.yaw_deg, after.yaw_deg),
            after.pitch_deg - before.pitch_deg,
            after.roll_deg - before.roll_deg,
        )
        moves = (east, north, after.height_m - before.height_m, *turns)
        rates = [one / apart for one in moves]
        return replace(pose, rates=(rates[0], rates[1], rates[2], rates[3], rates[4], rates[5]))

    def take_off(self) -> tuple[float, float] | None:
        """lat, lon: what the file calls home, else where the drone stood on the ground of its take-off."""
        for sample in self.samples:
            if sample.home is not None:
                return sample.home.lat, sample.home.lon
        landed = [
            (abs(sample.rel_alt_m), sample.lat, sample.lon)
            for sample in self.samples
            if sample.rel_alt_m is not None and sample.lat is not None and sample.lon is not None
        ]
        lowest = min(landed, default=None)
        return lowest[1:] if lowest is not None and lowest[0] <= _LANDED_M else None


def apart_m(one: Pose | Sample, other: Pose | Sample) -> float:
    """Over the ground; 0 where one of them has no place."""
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return 0.0
    return math.hypot(*globe.offset_m((one.lat, one.lon), (other.lat, other.lon)))


def _mixed(before: Sample, after: Sample, share: float) -> Sample:
    """Numbers in between; whatever does not vary smoothly is the nearer one's."""

    def between(name: str) -> float | None:
        one, other = getattr(before, name), getattr(after, name)
        return None if one is None or other is None else one + (other - one) * share

    def turned(name: str) -> float | None:
        one, other = getattr(before, name), getattr(after, name)
        return None if one is None or other is None else one + globe.turn_deg(one, other) * share

    near = before if share < 0.5 else after  # noqa: PLR2004 - half way
    return replace(
        near,
        lat=between("lat"),
        lon=turned("lon"),
        rel_alt_m=between("rel_alt_m"),
        abs_alt_m=between("abs_alt_m"),
        gimbal_yaw_deg=turned("gimbal_yaw_deg"),
        gimbal_pitch_deg=between("gimbal_pitch_deg"),
        gimbal_roll_deg=turned("gimbal_roll_deg"),
    )
