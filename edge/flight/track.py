"""The last seconds of a flight, as its telemetry told them: where the aircraft was, and how its camera looked."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from vision.georeference import pose
from vision.georeference.pose import RefusedError
from vision.telemetry import orientation, quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.georeference.pose import Pose
    from vision.telemetry.sample import Sample

_KEPT_S = 30.0
_ABOUT_S = 4.0
"""Of the samples around a moment, for its rates."""
_JUMPS_BELIEVED = 5
"""So many samples in a row that agree with each other: the aircraft is there after all."""
_SPEED_S = 1.5


class FlightTrack:
    """Written by the thread that hears the aircraft, asked by the one that looks at pictures."""

    def __init__(self, mount_deg: tuple[float, float] | None = None) -> None:
        """`mount_deg`: yaw from the nose and pitch of a camera without a gimbal."""
        self._mount_deg = mount_deg
        self._samples: deque[Sample] = deque()
        self._astray: list[Sample] = []
        self._lock = Lock()

    @property
    def jumps(self) -> bool:
        """Whether the newest position is farther off than any drone flies."""
        return bool(self._astray)

    def add(self, sample: Sample, at_s: float) -> Sample | None:
        """Take in a sample of that moment; as it is kept, or None where its position jumps."""
        mounted = self._mounted(replace(sample, time_s=at_s))
        with self._lock:
            if self._samples and at_s <= (self._samples[-1].time_s or 0.0):
                return None
            if self._is_astray(mounted):
                return None
            self._samples.append(mounted)
            while at_s - (self._samples[0].time_s or 0.0) > _KEPT_S:
                self._samples.popleft()
        return mounted

    def newest(self) -> Sample | None:
        with self._lock:
            return self._samples[-1] if self._samples else None

    def speed_m_s(self) -> float | None:
        """Over the ground, lately."""
        with self._lock:
            if not self._samples:
                return None
            last = self._samples[-1]
            recent = [one for one in self._samples if (last.time_s or 0.0) - (one.time_s or 0.0) <= _SPEED_S]
        passed_s = (last.time_s or 0.0) - (recent[0].time_s or 0.0)
        if passed_s <= 0:
            return None
        return pose.apart_m(recent[0], last) / passed_s

    def sample_at(self, at_s: float) -> Sample:
        """Raise RefusedError."""
        return pose.Track(self._about(at_s)).sample_at(at_s - self.age_s(at_s))

    def pose_at(self, at_s: float) -> tuple[Pose, Sample]:
        """Raise RefusedError."""
        return pose.Track(self._about(at_s)).at_time(at_s - self.age_s(at_s))

    def age_s(self, at_s: float) -> float:
        """How old the newest sample is that stands for that moment, where those about it have not come yet."""
        newest = self.newest()
        age_s = 0.0 if newest is None else at_s - (newest.time_s or 0.0)
        return age_s if 0 < age_s <= pose.GAP_S_MAX else 0.0

    def _about(self, at_s: float) -> Sequence[Sample]:
        with self._lock:
            near = [one for one in self._samples if abs((one.time_s or 0.0) - at_s) <= _ABOUT_S]
        if not near:
            raise RefusedError("nothing was heard of the aircraft's position about then")
        return near

    def _mounted(self, sample: Sample) -> Sample:
        """Without a gimbal the camera looks where the airframe turns it."""
        if self._mount_deg is None or sample.gimbal_pitch_deg is not None or sample.platform_yaw_deg is None:
            return sample
        platform = (sample.platform_yaw_deg, sample.platform_pitch_deg or 0.0, sample.platform_roll_deg or 0.0)
        yaw, pitch, roll = orientation.composed(platform, (*self._mount_deg, 0.0))
        return replace(sample, gimbal_yaw_deg=yaw, gimbal_pitch_deg=pitch, gimbal_roll_deg=roll)

    def _is_astray(self, sample: Sample) -> bool:
        if not self._samples or not quality.is_jump(self._samples[-1], sample):
            self._astray.clear()
            return False
        if self._astray and quality.is_jump(self._astray[-1], sample):
            self._astray.clear()
        self._astray.append(sample)
        if len(self._astray) < _JUMPS_BELIEVED:
            return True
        self._samples.clear()
        self._astray.clear()
        return False


class LoggedTrack(FlightTrack):
    """A flight that is read from a file, by the time of the picture beside it."""

    def __init__(self, samples: Sequence[Sample], mount_deg: tuple[float, float] | None = None) -> None:
        super().__init__(mount_deg)
        self._whole = pose.Track([self._mounted(sample) for sample in samples])
        self._now_s = 0.0

    def play(self, at_s: float) -> Sample | None:
        """The flight has come to that moment; its sample, where there is one."""
        self._now_s = at_s
        try:
            return self._whole.sample_at(at_s)
        except RefusedError:
            return None

    def newest(self) -> Sample | None:
        return self.play(self._now_s)

    def speed_m_s(self) -> float | None:
        try:
            earlier = self._whole.sample_at(max(0.0, self._now_s - _SPEED_S))
            now = self._whole.sample_at(self._now_s)
        except RefusedError:
            return None
        passed_s = min(self._now_s, _SPEED_S)
        return pose.apart_m(earlier, now) / passed_s if passed_s > 0 else None

    def sample_at(self, at_s: float) -> Sample:
        return self._whole.sample_at(at_s)

    def pose_at(self, at_s: float) -> tuple[Pose, Sample]:
        return self._whole.at_time(at_s)

    def age_s(self, at_s: float) -> float:  # noqa: ARG002 - all of it is known
        return 0.0
