"""One aircraft as its MAVLink messages tell of it, in a log or over a link."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vision.telemetry import orientation, quality, wall_clock
from vision.telemetry.aircraft import Aircraft
from vision.telemetry.sample import UtcSource

if TYPE_CHECKING:
    from vision.telemetry.sample import Sample

_UNKNOWN_HEADING = 65535
_YAW_OF_VEHICLE, _YAW_OF_EARTH, _YAW_LOCK = 32, 64, 16
_FIX_3D = 3
_GNSS_CLOCK_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_PLACED = frozenset({"GLOBAL_POSITION_INT", "GPS_RAW_INT"})
_NAMES = {
    "GLOBAL_POSITION_INT": 33,
    "GPS_RAW_INT": 24,
    "ATTITUDE": 30,
    "SYSTEM_TIME": 2,
    "MOUNT_STATUS": 158,
    "MOUNT_ORIENTATION": 265,
    "GIMBAL_DEVICE_ATTITUDE_STATUS": 285,
    "HOME_POSITION": 242,
    "CAMERA_FOV_STATUS": 271,
}
WANTED = frozenset(_NAMES.values())
"""Numbers of the messages that are read; others need not be decoded."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A place that a message told."""

    sample: Sample
    estimated: bool
    """By the autopilot from all it has; else the receiver's own."""
    fault: str | None
    """Why it is no place."""


class MavlinkAircraft:
    """The state of one system; messages of others are only noted."""

    def __init__(self, system: int | None = None) -> None:
        """`system`: the only one that is read; None: the first that tells a place."""
        self.system = system
        self.others: set[int] = set()
        """Other systems that spoke since this one was known."""
        self.ahead: timedelta | None = None
        """Satellite time, as the aircraft tells it, less the clock by which messages are stamped."""
        self.gimbal_told = False
        self._aircraft = Aircraft()
        self._mount_is_best = True

    def take(self, number: int, at: datetime, message: Any) -> Fix | None:
        """A decoded message that came at `at`; the place that it tells, where it is of the kind that does."""
        kind, system = message.get_type(), message.get_srcSystem()
        if self.system is None and kind in _PLACED:
            self.system = system
        if self.system is not None and system != self.system:
            self.others.add(system)
            return None
        handler = getattr(self, f"_take_{kind.lower()}", None)
        found: Fix | None = handler(number, at, message) if handler is not None else None
        return found

    def _take_global_position_int(self, number: int, at: datetime, message: Any) -> Fix:
        sample = self._at(number, at, message, rel_alt_m=message.relative_alt / 1e3)
        if sample.platform_yaw_deg is None and message.hdg != _UNKNOWN_HEADING:
            sample.platform_yaw_deg = quality.degrees(message.hdg / 100)
        return Fix(sample, True, quality.place_fault(sample.lat, sample.lon))

    def _take_gps_raw_int(self, number: int, at: datetime, message: Any) -> Fix | None:
        known = self._aircraft.known
        known.satellites = message.satellites_visible if message.satellites_visible < 255 else None  # noqa: PLR2004 - unknown
        accuracy = getattr(message, "h_acc", 0)
        known.position_error_m = accuracy / 1e3 if accuracy else None
        if message.fix_type < _FIX_3D:
            return None
        sample = self._at(number, at, message, rel_alt_m=None)
        return Fix(sample, False, quality.place_fault(sample.lat, sample.lon))

    def _at(self, number: int, at: datetime, message: Any, *, rel_alt_m: float | None) -> Sample:
        return self._aircraft.at(
            number,
            message.lat / 1e7,
            message.lon / 1e7,
            time_utc=at,
            utc_source=UtcSource.STATION_CLOCK,
            abs_alt_m=message.alt / 1e3,
            rel_alt_m=rel_alt_m,
        )

    def _take_attitude(self, _number: int, _at: datetime, message: Any) -> None:
        self._aircraft.attitude(*(_degrees(angle) for angle in (message.yaw, message.pitch, message.roll)))

    def _take_system_time(self, _number: int, at: datetime, message: Any) -> None:
        known = wall_clock.from_unix(message.time_unix_usec / 1e6)
        if known is not None and known > _GNSS_CLOCK_FROM:
            self.ahead = known - at

    def _take_mount_status(self, _number: int, _at: datetime, message: Any) -> None:
        """Centidegrees; its yaw is from the aircraft's nose."""
        if self._mount_is_best:
            yaw, pitch, roll = message.pointing_c / 100, message.pointing_a / 100, message.pointing_b / 100
            self._set_gimbal(yaw, pitch, roll, of_earth=False)

    def _take_mount_orientation(self, _number: int, _at: datetime, message: Any) -> None:
        absolute = getattr(message, "yaw_absolute", math.nan)
        of_earth = math.isfinite(absolute) and absolute != 0
        self._mount_is_best = False
        self._set_gimbal(absolute if of_earth else message.yaw, message.pitch, message.roll, of_earth=of_earth)

    def _take_gimbal_device_attitude_status(self, _number: int, _at: datetime, message: Any) -> None:
        found = orientation.from_quaternion(*message.q)
        if found is None:
            return
        of_earth = bool(message.flags & (_YAW_OF_EARTH | _YAW_LOCK)) and not message.flags & _YAW_OF_VEHICLE
        self._mount_is_best = False
        self._set_gimbal(*found, of_earth=of_earth)

    def _set_gimbal(self, yaw: float, pitch: float, roll: float, *, of_earth: bool) -> None:
        self.gimbal_told = True
        self._aircraft.gimbal(_finite(yaw), _finite(pitch), _finite(roll), of_earth=of_earth)

    def _take_camera_fov_status(self, _number: int, _at: datetime, message: Any) -> None:
        if math.isfinite(message.hfov) and message.hfov > 0:
            self._aircraft.known.horizontal_view_deg = message.hfov
        if math.isfinite(message.vfov) and message.vfov > 0:
            self._aircraft.known.vertical_view_deg = message.vfov

    def _take_home_position(self, _number: int, _at: datetime, message: Any) -> None:
        self._aircraft.took_off(message.latitude / 1e7, message.longitude / 1e7, message.altitude / 1e3)


def _degrees(radians: float) -> float | None:
    return math.degrees(radians) if math.isfinite(radians) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
