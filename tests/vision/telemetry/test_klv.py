"""MISB ST 0601, bare and in a transport stream that PyAV muxes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.vision.telemetry.reads import Read
from vision.telemetry import formats, klv, orientation
from vision.telemetry.reading import Assumptions, TelemetryError
from vision.telemetry.sample import UtcSource

START = datetime(2024, 5, 1, 10, tzinfo=UTC)


def tag(number: int, value: bytes) -> bytes:
    return (
        (bytes([number]) if number < 128 else bytes([0x80 | number >> 7, number & 0x7F])) + bytes([len(value)]) + value
    )


def signed(value: float, high: float, size: int) -> bytes:
    return round(value / high * ((1 << 8 * size - 1) - 1)).to_bytes(size, "big", signed=True)


def unsigned(value: float, low: float, high: float, size: int) -> bytes:
    return round((value - low) / (high - low) * ((1 << 8 * size) - 1)).to_bytes(size, "big")


def packet(seconds: float, lat: float = 41.1, lon: float = 1.24, *extra: bytes, checksum: bool = True) -> bytes:
    body = tag(2, round((START.timestamp() + seconds) * 1e6).to_bytes(8, "big"))
    body += tag(5, unsigned(350, 0, 360, 2)) + tag(6, signed(2, 20, 2)) + tag(7, signed(-3, 50, 2))
    body += tag(13, signed(lat, 90, 4)) + tag(14, signed(lon, 180, 4)) + tag(15, unsigned(123.4, -900, 19000, 2))
    body += tag(18, unsigned(20, 0, 360, 4)) + tag(19, signed(-45, 180, 4)) + tag(20, unsigned(0, 0, 360, 4))
    body += b"".join(extra)
    length = len(body) + (4 if checksum else 0)
    content = klv.KEY + (bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big")) + body
    if not checksum:
        return content
    content += bytes([1, 2])
    return content + klv.checksum(content).to_bytes(2, "big")


def test_bare_packets(reading: Read) -> None:
    telemetry = reading(b"rubbish" + b"".join(packet(n * 0.5, 41.1 + n * 1e-5) for n in range(4)))
    assert [sample.time_s for sample in telemetry.samples] == [0, 0.5, 1, 1.5]
    sample = telemetry.samples[1]
    assert (sample.lat, sample.lon) == pytest.approx((41.10001, 1.24), abs=1e-7)
    assert sample.abs_alt_m == pytest.approx(123.4, abs=0.2)
    assert (sample.time_utc, sample.utc_source) == (START.replace(microsecond=500000), UtcSource.GNSS)


def test_the_camera_looks_where_platform_and_sensor_together_point(reading: Read) -> None:
    """Checked by turning the optical axis step by step."""
    sample = reading(packet(0)).samples[0]
    yaw, pitch, roll = (math.radians(each) for each in (350, 2, -3))
    azimuth, elevation = math.radians(20), math.radians(-45)
    axis = np.array(
        [math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), -math.sin(elevation)]
    )
    turn_roll = np.array([[1, 0, 0], [0, math.cos(roll), -math.sin(roll)], [0, math.sin(roll), math.cos(roll)]])
    turn_pitch = np.array([[math.cos(pitch), 0, math.sin(pitch)], [0, 1, 0], [-math.sin(pitch), 0, math.cos(pitch)]])
    turn_yaw = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
    north, east, down = turn_yaw @ turn_pitch @ turn_roll @ axis
    assert sample.gimbal_yaw_deg == pytest.approx(math.degrees(math.atan2(east, north)), abs=0.01)
    assert sample.gimbal_pitch_deg == pytest.approx(math.degrees(math.asin(-down)), abs=0.01)


def test_straight_down_all_turn_is_yaw() -> None:
    yaw, pitch, roll = orientation.composed((30.0, 0.0, 0.0), (0.0, -90.0, 0.0))
    assert (yaw, pitch, roll) == pytest.approx((30, -90, 0))


def test_full_range_attitude_corners_and_view(reading: Read) -> None:
    corners = [(41.2, 1.2), (41.2, 1.3), (41.0, 1.3), (41.0, 1.2)]
    extra = [tag(90, signed(-60, 90, 4)), tag(16, unsigned(40, 0, 180, 2)), tag(21, unsigned(500, 0, 5e6, 4))]
    extra += [tag(23, signed(41.1, 90, 4)), tag(24, signed(1.25, 180, 4)), tag(25, unsigned(20, -900, 19000, 2))]
    for number, (lat, lon) in zip((82, 84, 86, 88), corners, strict=True):
        extra += [tag(number, signed(lat, 90, 4)), tag(number + 1, signed(lon, 180, 4))]
    sample = reading(packet(0, 41.1, 1.24, *extra)).samples[0]
    assert sample.platform_pitch_deg == pytest.approx(-60)
    assert sample.horizontal_view_deg == pytest.approx(40, abs=0.01)
    assert sample.slant_range_m == pytest.approx(500, abs=0.01)
    assert sample.frame_centre is not None
    assert sample.frame_centre.abs_alt_m == pytest.approx(20, abs=0.2)
    assert sample.frame_corners is not None
    assert [(round(place.lat, 6), round(place.lon, 6)) for place in sample.frame_corners] == corners


def test_a_damaged_packet_among_others_is_skipped(reading: Read) -> None:
    damaged = bytearray(packet(1))
    damaged[40] ^= 0x10
    telemetry = reading(packet(0) + bytes(damaged) + packet(2) + packet(3)[:-20])
    assert [sample.row for sample in telemetry.samples] == [1, 3]
    assert [each.row for each in telemetry.skipped] == [2, 4]
    assert telemetry.skipped[0].cause.startswith("checksum 0x")
    assert telemetry.skipped[1].cause == "cut off"


def test_out_of_range_marks_are_no_place(reading: Read) -> None:
    marked = packet(1).replace(tag(13, signed(41.1, 90, 4)), tag(13, b"\x80\x00\x00\x00"))
    start, end = marked[:-2], klv.checksum(marked[:-2]).to_bytes(2, "big")
    telemetry = reading(packet(0) + start + end)
    assert [(each.row, each.cause) for each in telemetry.skipped] == [(2, "no latitude")]


def test_without_a_checksum_it_is_said(reading: Read) -> None:
    telemetry = reading(packet(0, checksum=False))
    assert telemetry.samples[0].notes == ("without a checksum",)
    assert telemetry.remarks == ["packets without a checksum; kept"]


@pytest.mark.parametrize("length", [b"\x80", b"\x85\x01\x01\x01\x01\x01", b"\x84\xff\xff\xff\xff", b"\x82"])
def test_lengths_that_cannot_be(reading: Read, length: bytes) -> None:
    with pytest.raises(TelemetryError, match=r"^no packet tells a place"):
        reading(klv.KEY + length)


def transport_stream(path: Path, packets: list[tuple[float, bytes]]) -> None:
    """Pictures at 10 a second from second 5, and packets at seconds of the video."""
    with av.open(str(path), "w", format="mpegts") as container:
        video = container.add_stream("mpeg2video", rate=10, width=64, height=64)
        data = container.add_data_stream("klv")
        data.time_base = Fraction(1, 90_000)
        at = 0
        for number in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number + 50, Fraction(1, 10)
            container.mux(video.encode(frame))
            while at < len(packets) and packets[at][0] <= number / 10:
                one = av.Packet(packets[at][1])
                one.pts = one.dts = round((packets[at][0] + 5) * 90_000)
                one.time_base, one.stream = Fraction(1, 90_000), data
                container.mux(one)
                at += 1
        container.mux(video.encode(None))


def test_in_a_transport_stream_times_are_the_video_s(tmp_path: Path, town: Assumptions) -> None:
    path = tmp_path / "file"
    transport_stream(path, [(n * 0.5, packet(100 + n * 0.5, 41.1 + n * 1e-5)) for n in range(5)])
    telemetry = formats.read(path, town)
    assert telemetry.format == "klv"
    assert [sample.time_s for sample in telemetry.samples] == pytest.approx([0, 0.5, 1, 1.5, 2], abs=0.11)
    assert telemetry.samples[4].lat == pytest.approx(41.10004, abs=1e-7)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 0 < len(formats.read(path, town).samples) < 5
