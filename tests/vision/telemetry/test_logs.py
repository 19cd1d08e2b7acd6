"""Logs of ground stations and autopilots, written here as those write them."""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect  # type: ignore[import-untyped]

from tests.vision.telemetry.reads import Read
from vision.telemetry.reading import TelemetryError
from vision.telemetry.sample import UtcSource

START = datetime(2024, 5, 1, 10, tzinfo=UTC)


def logged(seconds: float, message: Any, *, version: int = 2, system: int = 1) -> bytes:
    sender = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
    clock = round((START.timestamp() + seconds) * 1e6).to_bytes(8, "big")
    return clock + bytes(message.pack(sender, force_mavlink1=version == 1))


def position(seconds: float, lat: float = 41.1, **around: int) -> bytes:
    message = dialect.MAVLink_global_position_int_message(
        round(seconds * 1000) % 2**32, round(lat * 1e7), 12400000, 123400, 45600, 0, 0, 0, 9000
    )
    return logged(seconds, message, **around)


def attitude(seconds: float, yaw_deg: float) -> bytes:
    angles = (math.radians(1), math.radians(2), math.radians(yaw_deg))
    return logged(seconds, dialect.MAVLink_attitude_message(round(seconds * 1000), *angles, 0, 0, 0))


@pytest.mark.parametrize("version", [1, 2])
def test_positions_of_a_ground_station(reading: Read, version: int) -> None:
    log = attitude(0, 90) + b"".join(position(n / 4, 41.1 + n * 1e-5, version=version) for n in range(4))
    telemetry = reading(log)
    assert telemetry.format == "mavlink"
    assert [sample.time_s for sample in telemetry.samples] == [0, 0.25, 0.5, 0.75]
    sample = telemetry.samples[2]
    assert (sample.lat, sample.lon, sample.rel_alt_m, sample.abs_alt_m) == (41.10002, 1.24, 45.6, 123.4)
    assert (sample.time_utc, sample.utc_source) == (START.replace(microsecond=500000), UtcSource.STATION_CLOCK)
    assert (sample.platform_yaw_deg, sample.platform_pitch_deg, sample.platform_roll_deg) == pytest.approx((90, 2, 1))


def test_a_gimbal_that_counts_from_the_nose_is_turned_to_north(reading: Read) -> None:
    half = math.radians(-30) / 2
    turned = dialect.MAVLink_gimbal_device_attitude_status_message(
        0, 0, 0, 32, [math.cos(half), 0, math.sin(half), 0], 0, 0, 0, 0
    )
    sample = reading(attitude(0, 90) + logged(0.1, turned) + position(0.2)).samples[0]
    assert (sample.gimbal_yaw_deg, sample.gimbal_pitch_deg) == pytest.approx((90, -30), abs=1e-3)


def test_a_gimbal_that_counts_from_north_is_not(reading: Read) -> None:
    yaw, pitch = math.radians(45) / 2, math.radians(-60) / 2
    q = [
        math.cos(yaw) * math.cos(pitch),
        -math.sin(yaw) * math.sin(pitch),
        math.cos(yaw) * math.sin(pitch),
        math.sin(yaw) * math.cos(pitch),
    ]
    turned = dialect.MAVLink_gimbal_device_attitude_status_message(0, 0, 0, 64, q, 0, 0, 0, 0)
    sample = reading(attitude(0, 90) + logged(0.1, turned) + position(0.2)).samples[0]
    assert (sample.gimbal_yaw_deg, sample.gimbal_pitch_deg) == pytest.approx((45, -60), abs=1e-3)


def test_the_satellites_clock_corrects_the_station_s(reading: Read) -> None:
    a_year_before = dialect.MAVLink_system_time_message(round(START.timestamp() * 1e6), 0)
    telemetry = reading(logged(366 * 86400, a_year_before) + position(366 * 86400 + 1))
    assert telemetry.samples[0].time_utc == START.replace(second=1)
    assert telemetry.samples[0].utc_source is UtcSource.GNSS
    assert telemetry.remarks == ["the station's clock was 31622400 s ahead; corrected"]


def test_damaged_and_foreign_messages_are_passed_over(reading: Read) -> None:
    damaged = bytearray(position(1))
    damaged[20] ^= 0xFF
    log = position(0) + bytes(damaged) + b"\x00\x01\x02" + position(2) + position(3, system=7) + position(4)[:20]
    telemetry = reading(log)
    assert [sample.time_s for sample in telemetry.samples] == [0, 2]
    assert "of several systems only 1 was read" in telemetry.remarks
    causes = [each.cause for each in telemetry.skipped]
    assert "crc" in causes[0].lower()
    assert causes[-1] == "cut off"


FORMS = [
    (130, "GPS", "QBIHBcLLe", "TimeUS,Status,GMS,GWk,NSats,HDop,Lat,Lng,Alt"),
    (131, "ATT", "QccC", "TimeUS,Roll,Pitch,Yaw"),
    (132, "MNT", "Qfff", "TimeUS,R,P,Y"),
    (133, "POS", "QLLfff", "TimeUS,Lat,Lng,Alt,RelHomeAlt,RelOriginAlt"),
]
LAYOUTS = {130: "<QBIHBhiii", 131: "<QhhH", 132: "<Qfff", 133: "<Qiifff"}


def described() -> bytes:
    own = struct.pack("<BB4s16s64s", 128, 89, b"FMT", b"BBnNZ", b"Type,Length,Name,Format,Columns")
    log = b"\xa3\x95\x80" + own
    for kind, name, codes, labels in FORMS:
        size = struct.calcsize(LAYOUTS[kind]) + 3
        log += b"\xa3\x95\x80" + struct.pack("<BB4s16s64s", kind, size, name.encode(), codes.encode(), labels.encode())
    return log


def message(kind: int, *values: float) -> bytes:
    return b"\xa3\x95" + bytes([kind]) + struct.pack(LAYOUTS[kind], *values)


def gps(seconds: float, status: int = 3) -> bytes:
    """Week 2312 of the satellites' count began on 28 April 2024; they are 18 s ahead of UTC."""
    week_ms = round(((3 * 24 + 10) * 3600 + 18 + seconds) * 1000)
    return message(130, round(seconds * 1e6), status, week_ms, 2312, 12, 80, 411000000, 12400000, 12340)


def test_dataflash_joins_place_attitude_and_mount(reading: Read) -> None:
    log = described() + gps(5) + message(131, 5_100_000, 100, -200, 9000) + message(132, 5_100_000, 0, -45.5, 181)
    log += message(133, 5_200_000, 411000010, 12400000, 123.5, 40.5, 40.5)
    log += message(133, 5_700_000, 411000020, 12400000, 123.5, 41.5, 40.5)
    telemetry = reading(log)
    first, second = telemetry.samples
    assert (first.time_s, second.time_s) == (0, 0.5)
    assert (first.time_utc, first.utc_source) == (START.replace(second=5, microsecond=200000), UtcSource.GNSS)
    assert (first.lat, first.lon, first.abs_alt_m, first.rel_alt_m) == (41.100001, 1.24, 123.5, 40.5)
    assert (first.platform_roll_deg, first.platform_pitch_deg, first.platform_yaw_deg) == (1, -2, 90)
    assert (first.gimbal_pitch_deg, first.gimbal_yaw_deg) == (-45.5, -179)


def test_dataflash_without_estimates_gives_the_receiver_s_places(reading: Read) -> None:
    telemetry = reading(described() + gps(1, status=1) + gps(2) + b"\x00\x00rubbish" + gps(3) + gps(4)[:-5])
    assert [sample.time_s for sample in telemetry.samples] == [0, 1]
    assert telemetry.remarks == ["places are the receiver's own: the log holds no estimate (POS)"]
    assert [each.cause for each in telemetry.skipped] == ["9 bytes that are no message", "cut off"]


def test_dataflash_without_a_fix(reading: Read) -> None:
    with pytest.raises(TelemetryError, match="no position"):
        reading(described() + gps(1, status=1))
