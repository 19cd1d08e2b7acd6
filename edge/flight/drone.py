"""One camera in flight: hears the aircraft, tells where it is, and says of each picture how it moved.

link --samples--> track --> positions to the room
                    |
picture --> movement --> hovers? --> which rules work, where their events are
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from edge.errors import ConfigurationError
from edge.flight.links import link_to
from edge.flight.placing import Lens, Placer, read_calibration
from edge.flight.track import FlightTrack, LoggedTrack
from vision.camera_motion import CameraMotion
from vision.georeference.camera import CalibrationError
from vision.georeference.pose import RefusedError
from vision.hover import Hover
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions, TelemetryError
from wire.device import PositionMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from threading import Event

    from edge.clock import Clock
    from edge.config import CameraSection, Settings
    from edge.flight.links import Link
    from edge.flight.positions import Positions
    from edge.flight.section import DroneSection
    from vision.camera_motion import Similarity
    from vision.frame import Frame
    from vision.georeference.camera import Camera
    from vision.telemetry.sample import Sample

_LOG = "log:"
_ROUNDED_S = 0.05


@dataclass(frozen=True, slots=True)
class Carried:
    """How a picture stands to the one before it."""

    movement: Similarity | None
    """Of the camera; None where that cannot be told."""
    hovers: bool


@dataclass(frozen=True, slots=True)
class Aboard:
    """What the files of a drone's table hold."""

    section: DroneSection
    stream: str
    calibrated: Camera | None
    logged: Sequence[Sample] | None

    @classmethod
    def read(cls, settings: Settings, camera: CameraSection) -> Aboard:
        """Raise ConfigurationError."""
        section = camera.drone
        if section is None:
            raise ValueError(f"{camera.id} is no drone's")
        key = f"camera {camera.id}.drone"
        try:
            calibrated = read_calibration(settings.optional_path(section.calibration))
        except CalibrationError as error:
            raise ConfigurationError(f"{key}.calibration: {error}") from None
        logged = None
        if section.telemetry.startswith(_LOG):
            path = settings.path(section.telemetry.removeprefix(_LOG))
            try:
                logged = formats.read(path, Assumptions(UTC, str(ZoneInfo("UTC")))).samples
            except TelemetryError as error:
                allowed = f"a log of a flight that can be read ({error})"
                raise ConfigurationError(f"{key}.telemetry: got {str(path)!r}; allowed: {allowed}") from None
        return cls(section, settings.location(camera), calibrated, logged)


def check(settings: Settings) -> None:
    """Raises `ConfigurationError` where a file that a drone's table names cannot be read."""
    for camera in settings.camera:
        if camera.drone is not None:
            Aboard.read(settings, camera)


class Drone:
    """Used by the thread that looks at pictures, and by one of its own that hears the aircraft."""

    def __init__(
        self,
        aboard: Aboard,
        *,
        device_id: str,
        camera_id: str,
        clock: Clock,
        stop: Event,
        positions: Positions,
    ) -> None:
        section = aboard.section
        mount = None
        if section.mount_yaw_deg is not None and section.mount_pitch_deg is not None:
            mount = section.mount_yaw_deg, section.mount_pitch_deg
        self._device_id, self._camera_id = device_id, camera_id
        self._section = section
        self._stop = stop
        self._positions = positions
        self._link: Link | None = None
        self._logged: LoggedTrack | None = None
        if aboard.logged is None:
            self._track = FlightTrack(mount)
            self._link = link_to(section, aboard.stream, clock)
        else:
            self._track = self._logged = LoggedTrack(aboard.logged, mount)
        self._log_from_s: float | None = None
        self._motion = CameraMotion()
        self._hover = Hover()
        self._lens = Lens(section, aboard.calibrated)
        self._size_px: tuple[int, int] | None = None
        self._told_s: float | None = None
        self.placer = Placer(self._lens, self._track, self._time_of)

    @property
    def run(self) -> Callable[[], None] | None:
        """What a thread of its own does; None where a file is replayed."""
        link = self._link
        return None if link is None else lambda: link.run(self._hear, self._stop)

    @property
    def hovers(self) -> bool:
        return self._hover.hovers

    def look(self, frame: Frame) -> Carried:
        """Once a picture, before anything else looks at it."""
        height_px, width_px = frame.image.shape[:2]
        self._size_px = width_px, height_px
        at_s = self._time_of(frame)
        if self._logged is not None:
            played = self._logged.play(at_s)
            if played is not None:
                self._tell(played, at_s, frame.captured_at)
        movement = self._motion.update(frame)
        try:
            sample = None if self._track.jumps else self._track.sample_at(at_s)
        except RefusedError:
            sample = None
        return Carried(movement, self._hover.look(frame.media_time_s, sample, movement))

    def note(self, waiting: Sequence[str]) -> str:
        """For the status: what it cannot do at present, and why; `waiting`: rules that need a still picture."""
        trouble = "" if self._link is None else self._link.trouble()
        remark = "" if self._link is None else self._link.remark()
        why = trouble or ("its position jumps" if self._track.jumps else self._hover.reason)
        waits = f"{', '.join(waiting)} wait{'s' if len(waiting) == 1 else ''}: {why}" if waiting and why else trouble
        return "; ".join(each for each in (waits, remark) if each)

    def _time_of(self, frame: Frame) -> float:
        """On the track's clock: the device's, or of a replayed log the picture's own time."""
        if self._logged is None:
            return frame.captured_at.timestamp() - self._section.picture_delay_s
        if self._log_from_s is None or frame.discontinuity:
            self._log_from_s = frame.media_time_s
        return frame.media_time_s - self._log_from_s - self._section.picture_delay_s

    def _hear(self, sample: Sample, at: datetime) -> None:
        kept = self._track.add(sample, at.timestamp())
        if kept is not None:
            self._tell(kept, at.timestamp(), at)

    def _tell(self, sample: Sample, at_s: float, at: datetime) -> None:
        """At the rate that is wanted, whatever the aircraft's is."""
        every_s = 1 / self._section.positions_per_s
        if self._told_s is not None and 0 <= at_s - self._told_s < every_s - _ROUNDED_S:
            return
        if sample.lat is None or sample.lon is None:
            return
        self._told_s = at_s
        self._positions.put(
            PositionMessage(
                device_id=self._device_id,
                camera_id=self._camera_id,
                at=at,
                lat=sample.lat,
                lon=sample.lon,
                accuracy_m=sample.position_error_m,
                relative_altitude_m=_rounded(sample.rel_alt_m, 2),
                absolute_altitude_m=_rounded(sample.abs_alt_m, 2),
                heading_deg=_rounded(sample.platform_yaw_deg, 1),
                speed_m_s=_rounded(self._track.speed_m_s(), 2),
                gimbal_yaw_deg=_rounded(sample.gimbal_yaw_deg, 2),
                gimbal_pitch_deg=_rounded(sample.gimbal_pitch_deg, 2),
                gimbal_roll_deg=_rounded(sample.gimbal_roll_deg, 2),
                view_deg=None if self._size_px is None else self._lens.view_deg(sample, self._size_px),
                hovers=None if self._size_px is None else self._hover.hovers,
                footprint=self._footprint(at_s),
            )
        )

    def _footprint(self, at_s: float) -> list[tuple[float, float]]:
        if self._size_px is None:
            return []
        try:
            pose, sample = self._track.pose_at(at_s)
        except RefusedError:
            return []
        return self.placer.footprint(pose, sample, self._size_px)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
