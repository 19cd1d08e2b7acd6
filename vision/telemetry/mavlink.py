"""MAVLink telemetry logs of ground stations (`.tlog`): each packet with the station's clock before it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vision.telemetry import orientation, quality, text, wall_clock
from vision.telemetry.reading import SAMPLES_MAX, Skipped, Telemetry, TelemetryError
from vision.telemetry.sample import Place, Sample, UtcSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vision.telemetry.reading import Assumptions

_FILE_BYTES_MAX = 1 << 30
_CLOCK_BYTES = 8
_V1, _V2 = 0xFE, 0xFD
_V1_AROUND, _V2_AROUND, _SIGNATURE = 8, 12, 13
_SIGNED_FLAG = 0x01
_UNKNOWN_HEADING = 65535
_YAW_OF_VEHICLE, _YAW_OF_EARTH, _YAW_LOCK = 32, 64, 16
_FIX_3D = 3
_GNSS_CLOCK_FROM = datetime(2000, 1, 1, tzinfo=UTC)
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
_WANTED = frozenset(_NAMES.values())


class MavlinkReader:
    """Detected by a clock of this century before a packet whose end another one follows."""

    name = "mavlink"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        size = _packet_bytes(head, _CLOCK_BYTES)
        if size is None or _clock(head, 0) is None:
            return False
        after = _CLOCK_BYTES + size
        return len(head) <= after + _CLOCK_BYTES or _packet_bytes(head, after + _CLOCK_BYTES) is not None

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        del assumptions
        telemetry = Telemetry(format=self.name, row_name="message")
        log = _Log(telemetry)
        for number, at, message in _messages(text.read_bytes(path, _FILE_BYTES_MAX), telemetry.skipped):
            log.take(number, at, message)
        log.finish()
        if not telemetry.samples:
            causes = f": {telemetry.skipped[0].cause}" if telemetry.skipped else ""
            raise TelemetryError(f"the log holds no position{causes}")
        return telemetry


class _Log:
    """Joins what the messages of one aircraft tell."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._state = Sample(row=0)
        self._system: int | None = None
        self._raw: list[Sample] = []
        self._ahead: timedelta | None = None
        self._others: set[int] = set()

    def take(self, number: int, at: datetime, message: Any) -> None:
        kind, system = message.get_type(), message.get_srcSystem()
        if self._system is None and kind in {"GLOBAL_POSITION_INT", "GPS_RAW_INT"}:
            self._system = system
        if self._system is not None and system != self._system:
            self._others.add(system)
            return
        handler = getattr(self, f"_take_{kind.lower()}", None)
        if handler is not None:
            handler(number, at, message)

    def _take_global_position_int(self, number: int, at: datetime, message: Any) -> None:
        sample = self._at(number, at, message.lat / 1e7, message.lon / 1e7)
        sample.abs_alt_m = quality.height(message.alt / 1e3)
        sample.rel_alt_m = quality.height(message.relative_alt / 1e3)
        if sample.platform_yaw_deg is None and message.hdg != _UNKNOWN_HEADING:
            sample.platform_yaw_deg = quality.degrees(message.hdg / 100)
        fault = quality.place_fault(sample.lat, sample.lon)
        if fault is None:
            self._telemetry.samples.append(sample)
        else:
            self._telemetry.skipped.append(Skipped(number, fault))

    def _take_gps_raw_int(self, number: int, at: datetime, message: Any) -> None:
        self._state.satellites = message.satellites_visible if message.satellites_visible < 255 else None  # noqa: PLR2004 - unknown
        accuracy = getattr(message, "h_acc", 0)
        self._state.position_error_m = accuracy / 1e3 if accuracy else None
        if message.fix_type < _FIX_3D:
            return
        sample = self._at(number, at, message.lat / 1e7, message.lon / 1e7)
        sample.abs_alt_m = quality.height(message.alt / 1e3)
        if quality.place_fault(sample.lat, sample.lon) is None:
            self._raw.append(sample)

    def _take_attitude(self, _number: int, _at: datetime, message: Any) -> None:
        state = self._state
        state.platform_yaw_deg = _from_radians(message.yaw)
        state.platform_pitch_deg = _from_radians(message.pitch)
        state.platform_roll_deg = _from_radians(message.roll)

    def _take_system_time(self, _number: int, at: datetime, message: Any) -> None:
        known = wall_clock.from_unix(message.time_unix_usec / 1e6)
        if known is not None and known > _GNSS_CLOCK_FROM:
            self._ahead = known - at

    def _take_mount_status(self, _number: int, _at: datetime, message: Any) -> None:
        """Centidegrees; its yaw is from the aircraft's nose."""
        if self._state.gimbal_pitch_deg is None or self._state.notes == ("mount",):
            yaw, pitch, roll = message.pointing_c / 100, message.pointing_a / 100, message.pointing_b / 100
            self._set_gimbal(yaw, pitch, roll, of_earth=False)
            self._state.notes = ("mount",)

    def _take_mount_orientation(self, _number: int, _at: datetime, message: Any) -> None:
        absolute = getattr(message, "yaw_absolute", math.nan)
        of_earth = math.isfinite(absolute) and absolute != 0
        self._set_gimbal(absolute if of_earth else message.yaw, message.pitch, message.roll, of_earth=of_earth)
        self._state.notes = ()

    def _take_gimbal_device_attitude_status(self, _number: int, _at: datetime, message: Any) -> None:
        found = orientation.from_quaternion(*message.q)
        if found is None:
            return
        of_earth = bool(message.flags & (_YAW_OF_EARTH | _YAW_LOCK)) and not message.flags & _YAW_OF_VEHICLE
        self._set_gimbal(*found, of_earth=of_earth)
        self._state.notes = ()

    def _take_camera_fov_status(self, _number: int, _at: datetime, message: Any) -> None:
        if math.isfinite(message.hfov) and message.hfov > 0:
            self._state.horizontal_view_deg = message.hfov
        if math.isfinite(message.vfov) and message.vfov > 0:
            self._state.vertical_view_deg = message.vfov

    def _take_home_position(self, _number: int, _at: datetime, message: Any) -> None:
        place = Place(message.latitude / 1e7, message.longitude / 1e7, message.altitude / 1e3)
        if quality.place_fault(place.lat, place.lon) is None:
            self._state.home = place

    def _set_gimbal(self, yaw: float, pitch: float, roll: float, *, of_earth: bool) -> None:
        state = self._state
        state.gimbal_pitch_deg, state.gimbal_roll_deg = quality.degrees(_finite(pitch)), quality.degrees(_finite(roll))
        turned = _finite(yaw)
        if turned is not None and not of_earth:
            turned = None if state.platform_yaw_deg is None else turned + state.platform_yaw_deg
        state.gimbal_yaw_deg = quality.degrees(turned)

    def _at(self, number: int, at: datetime, lat: float, lon: float) -> Sample:
        state = self._state
        return Sample(
            row=number,
            time_utc=at,
            utc_source=UtcSource.STATION_CLOCK,
            lat=lat,
            lon=lon,
            gimbal_yaw_deg=state.gimbal_yaw_deg,
            gimbal_pitch_deg=state.gimbal_pitch_deg,
            gimbal_roll_deg=state.gimbal_roll_deg,
            platform_yaw_deg=state.platform_yaw_deg,
            platform_pitch_deg=state.platform_pitch_deg,
            platform_roll_deg=state.platform_roll_deg,
            horizontal_view_deg=state.horizontal_view_deg,
            vertical_view_deg=state.vertical_view_deg,
            home=state.home,
            satellites=state.satellites,
            position_error_m=state.position_error_m,
        )

    def finish(self) -> None:
        telemetry = self._telemetry
        if not telemetry.samples and self._raw:
            telemetry.samples = self._raw
            telemetry.remarks.append("places are the receiver's own: the log holds no GLOBAL_POSITION_INT")
        if self._others:
            telemetry.remarks.append(f"of several systems only {self._system} was read")
        first = next((sample.time_utc for sample in telemetry.samples if sample.time_utc is not None), None)
        for sample in telemetry.samples:
            if sample.time_utc is None or first is None:
                continue
            sample.time_s = (sample.time_utc - first).total_seconds()
            if self._ahead is not None:
                sample.time_utc += self._ahead
                sample.utc_source = UtcSource.GNSS
        if self._ahead is not None and abs(self._ahead) > timedelta(seconds=5):
            telemetry.remarks.append(f"the station's clock was {-self._ahead.total_seconds():.0f} s ahead; corrected")


def _from_radians(value: float) -> float | None:
    return quality.degrees(math.degrees(value)) if math.isfinite(value) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _clock(content: bytes, at: int) -> datetime | None:
    return wall_clock.from_unix(int.from_bytes(content[at : at + _CLOCK_BYTES], "big") / 1e6)


def _packet_bytes(content: bytes, at: int) -> int | None:
    """Of the packet that begins there; None where none does."""
    if at + 3 > len(content) or content[at] not in {_V1, _V2}:
        return None
    if content[at] == _V1:
        return content[at + 1] + _V1_AROUND
    return content[at + 1] + _V2_AROUND + (_SIGNATURE if content[at + 2] & _SIGNED_FLAG else 0)


def _kind(content: bytes, at: int) -> int:
    if content[at] == _V1:
        return content[at + 5]
    return int.from_bytes(content[at + 7 : at + 10], "little")


def _messages(content: bytes, skipped: list[Skipped]) -> Iterator[tuple[int, datetime, Any]]:
    from pymavlink.dialects.v20 import ardupilotmega  # type: ignore[import-untyped]  # noqa: PLC0415 - takes a second, and only logs need it

    decoder = ardupilotmega.MAVLink(None)
    at, number, last = 0, 0, None
    while at + _CLOCK_BYTES + _V1_AROUND <= len(content):
        clock, size = _clock(content, at), _packet_bytes(content, at + _CLOCK_BYTES)
        if clock is None or size is None:
            at += 1
            if last != number:
                skipped.append(Skipped(number + 1, "damaged: bytes that are no message"))
            last = number
            continue
        number += 1
        if number > 20 * SAMPLES_MAX:
            raise TelemetryError("too many messages")
        start = at + _CLOCK_BYTES
        if start + size > len(content):
            skipped.append(Skipped(number, "cut off"))
            return
        if _kind(content, start) in _WANTED:
            try:
                yield number, clock, decoder.decode(bytearray(content[start : start + size]))
            except ardupilotmega.MAVError as error:
                skipped.append(Skipped(number, str(error)[:100]))
                if _packet_bytes(content, start + size + _CLOCK_BYTES) is None:
                    at += 1  # its length may be what is damaged
                    last = number
                    continue
        at = start + size
