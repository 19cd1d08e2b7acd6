"""Files as drones, receivers and standards' examples wrote them; their own text is the truth."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from vision.telemetry import formats, rows
from vision.telemetry.reading import Assumptions, Telemetry, TelemetryError

pytestmark = pytest.mark.data
HEAD = rows.COLUMNS.split(",")


@functools.cache
def read(path: Path, town: Assumptions) -> Telemetry:
    return formats.read(path, town)


def first(data: Path, name: str, town: Assumptions) -> dict[str, str]:
    folders = [data / folder / name for folder in ("telemetry", "georeference", "drone_stills")]
    telemetry = read(next(path for path in folders if path.exists()), town)
    lines = list(rows.lines(telemetry.samples[:1]))
    return dict(zip(HEAD, lines[1].split(","), strict=True))


EXPECTED = [
    ("DJI_sample.SRT", "0,,59.302335,18.203059,1.3,132.86,,,,,"),
    ("air2s.srt", "0,2022-08-07T11:40:40.774808Z,41.424724,2.234156,,117,,,,24,"),
    ("air3S.SRT", "0,2026-05-17T06:28:30.219000Z,34.270373,-84.17616,0,302.208,,,,24,"),
    ("enterprise_thermal_gb.srt", "0,2024-12-09T14:24:09.506000Z,-22.905653,-43.221529,40.182,52.584,129,-48.7,0,40,1"),
    ("m2zoom.SRT", "0,2020-04-02T13:19:58.720764Z,31.452012,74.398751,,213.983002,,,,24,"),
    ("mavic_air2.srt", "0,2022-05-01T13:01:58.531716Z,41.420684,2.162162,,27.3,,,,24,"),
    ("mavic_mini.SRT", "0,,48.0771,-121.7458,200.7,,,,,,"),
    ("mavic_pro.SRT", "1,2017-08-05T12:11:51Z,-20.2533,149.0251,1.9,,,,,,"),
    ("old_format.SRT", "1,2017-08-05T12:11:51Z,-20.2533,149.0251,1.9,,,,,,"),
    ("p4_rtk.SRT", "0,,-34.237922,-58.851745,85.8,,110.4,-24.4,0,,"),
    ("broken_incomplete.SRT", "1,2017-07-03T08:15:03Z,-34.7383,-58.4563,20.1,,,,,,"),
    (
        "quinta_da_boa_vista.srt",
        "0,2024-12-09T15:05:43.004000Z,-22.905139,-43.220618,100.224,112.709,-135.3,-72.1,0,24,1",
    ),
    ("gpx_track_with_speed.gpx", "0,2009-03-02T14:05:52Z,52.330848,5.541371,,48.962041,,,,,"),
    ("gpx_unicode_with_bom.gpx", "0,2016-05-27T10:08:47.800000Z,43.309634,3.515386,,-14.6,,,,,"),
    ("DJI_0018.JPG", ",2016-06-23T14:31:59Z,46.842607083,-91.994559889,39.8,198.31,45,-89.9,0,3.61,"),
]


@pytest.mark.parametrize(("name", "expected"), EXPECTED)
def test_first_row(data: Path, town: Assumptions, name: str, expected: str) -> None:
    assert first(data, name, town) == dict(zip(HEAD, expected.split(","), strict=True))


@pytest.mark.parametrize(
    ("name", "samples", "skipped"),
    [
        ("m2zoom.SRT", 7113, []),
        ("mavic_pro.SRT", 468, []),
        ("mavic_mini.SRT", 117, []),
        ("broken_incomplete.SRT", 19, [(20, "no position")]),
        ("ardupilot_test_dataflash.BIN", 23, [(1732, "cut off")]),
        ("gpx_cerknicko-jezero.gpx", 296, []),
    ],
)
def test_what_is_kept_and_what_is_skipped(
    data: Path, town: Assumptions, name: str, samples: int, skipped: list[tuple[int, str]]
) -> None:
    telemetry = read(data / "telemetry" / name, town)
    assert len(telemetry.samples) == samples
    assert [(each.row, each.cause) for each in telemetry.skipped] == skipped


def test_frames_are_numbered_as_in_the_file(data: Path, town: Assumptions) -> None:
    telemetry = read(data / "georeference" / "quinta_da_boa_vista.srt", town)
    assert [sample.frame for sample in telemetry.samples] == list(range(1, 6756))


def test_an_empty_file_is_named(data: Path, town: Assumptions) -> None:
    with pytest.raises(TelemetryError, match=r"^the file is empty$"):
        formats.read(data / "telemetry" / "broken_empty.SRT", town)


def test_the_example_of_the_standard(data: Path, town: Assumptions) -> None:
    """Its values stand in ST 0902; its checksum is wrong as published, which is said."""
    telemetry = read(data / "telemetry" / "klv_DynamicConstantMISMMSPacketData.bin", town)
    sample = telemetry.samples[0]
    assert (sample.lat, sample.lon) == pytest.approx((60.1768229669783, 128.426759042045))
    assert sample.abs_alt_m == pytest.approx(14190.7195)
    assert (sample.platform_pitch_deg, sample.platform_roll_deg) == pytest.approx((-0.4315317, 3.4058656))
    assert sample.platform_yaw_deg == pytest.approx(159.974365)
    assert (sample.horizontal_view_deg, sample.vertical_view_deg) == pytest.approx((144.571298, 152.643626))
    assert sample.slant_range_m == pytest.approx(68590.983)
    assert sample.frame_centre is not None
    assert (sample.frame_centre.lat, sample.frame_centre.lon) == pytest.approx(
        (-10.542388633146132, 29.157890122923014)
    )
    assert "checksum 0xaa43 should be 0x3e1e" in telemetry.remarks[0]


def test_stills_tell_their_camera_and_picture(data: Path, town: Assumptions) -> None:
    sample = formats.read(data / "drone_stills" / "DJI_0030.JPG", town).samples[0]
    assert sample.image == "DJI_0030.JPG"
    assert sample.camera is not None
    assert (sample.camera.make, sample.camera.model) == ("DJI", "FC300S")
    assert (sample.camera.width_px, sample.camera.height_px) == (4000, 2250)
    assert (sample.focal_length_mm, sample.focal_length_equivalent_mm) == (3.61, 20)
    assert (sample.platform_yaw_deg, sample.time_s) == (46.2, None)
