"""Dialects that nobody has seen come out as what was meant."""

from __future__ import annotations

import random

import pytest

from tests.vision.telemetry import dialects
from tests.vision.telemetry.reads import Read


@pytest.mark.parametrize("seed", range(100))
def test_a_dialect_drawn_by_chance_is_read_as_it_was_meant(reading: Read, seed: int) -> None:
    chance = random.Random(seed)
    moments = dialects.flight(chance)
    content = dialects.file_of(moments, dialects.labelled(chance), chance)
    telemetry = reading(content)
    assert telemetry.skipped == []
    for moment, sample in zip(moments, telemetry.samples, strict=True):
        assert (sample.time_s, sample.lat, sample.lon) == (moment.time_s, moment.lat, moment.lon), content[:400]
        assert (sample.rel_alt_m, sample.abs_alt_m) == (moment.rel_alt_m, moment.abs_alt_m), content[:400]
        assert (sample.gimbal_yaw_deg, sample.gimbal_pitch_deg, sample.gimbal_roll_deg) == moment.gimbal
        assert (sample.focal_length_mm, sample.zoom) == (moment.focal_length_mm, moment.zoom), content[:400]


BRACKETS = [
    "GPS({lon:.4f},{lat:.4f},16) BAROMETER:{rel:.1f}",
    "GPS ({lon:.6f}, {lat:.6f}, 17), D 221.21m, H {rel:.2f}m, H.S n/a, V.S n/a",
    "HOME({lon:.4f},{lat:.4f}) 2017.8.5 14:11:51\nGPS({lon:.4f},{lat:.4f},16) Hb:{rel:.1f} Hs:1.9",
    "GPS[{lon:.4f};{lat:.4f};16] BAROMETER:{rel:.1f}M",
    "GPS: {lon:.5f}, {lat:.5f} BAROMETER: {rel:.1f}",
    "GPS({lat:.4f},{lon:.4f},0.0M) BAROMETER:{rel:.1f}M",
]


@pytest.mark.parametrize("form", BRACKETS)
@pytest.mark.parametrize(("lat", "lon"), [(41.1189, 1.2445), (36.6, -6.1), (28.4682, -16.2546)])
def test_near_the_town_either_order_is_understood(reading: Read, form: str, lat: float, lon: float) -> None:
    telemetry = reading(_file(form, lat, lon))
    assert [sample.lat for sample in telemetry.samples] == pytest.approx([lat + n * 1e-3 for n in range(5)], abs=1e-4)
    assert telemetry.samples[0].rel_alt_m == 50
    assert any(remark.startswith("coordinates read as") for remark in telemetry.remarks)


@pytest.mark.parametrize("form", BRACKETS)
def test_an_impossible_order_is_not_taken(reading: Read, form: str) -> None:
    telemetry = reading(_file(form, -20.2533, 149.0251))
    assert (telemetry.samples[0].lat, telemetry.samples[0].lon) == pytest.approx((-20.2533, 149.0251), abs=1e-4)
    assert "the other order is impossible" in telemetry.remarks[0]


def test_the_distance_from_home_tells_the_order_far_from_the_town(reading: Read) -> None:
    cue = "GPS (-34.237922, -58.851745, 15), HOME (-34.232707, -58.847509, -57.98m), D 698.70m, H 85.80m"
    telemetry = reading("".join(_cue(number, cue) for number in range(1, 6)))
    assert (telemetry.samples[0].lat, telemetry.samples[0].lon) == (-34.237922, -58.851745)
    assert "the distance from home that the file gives fits" in telemetry.remarks[0]
    assert telemetry.samples[0].home is not None
    assert telemetry.samples[0].home.lat == -34.232707


@pytest.mark.parametrize("text", ["GPS(40.7128,-74.0060,15)", "GPS(-74.0060,40.7128,15)", "-74.0060, 40.7128"])
def test_nobody_lives_at_the_pole(reading: Read, text: str) -> None:
    telemetry = reading(_cue(1, text))
    assert (telemetry.samples[0].lat, telemetry.samples[0].lon) == (40.7128, -74.006)
    assert "nobody lives there" in telemetry.remarks[0]


def test_a_late_start_and_a_far_place_are_said(reading: Read) -> None:
    text = "218\n00:15:04,000 --> 00:15:05,000\n2024-01-01 12:00:00\n[latitude: 31.45] [longtitude: 74.39]\n\n"
    assert reading(text).remarks == [
        "its first cue stands at 904 s of the video",
        "its times name no zone: Europe/Madrid was assumed, though it was flown far from there",
    ]


def test_letters_of_the_compass_tell_the_order_and_the_sign(reading: Read) -> None:
    telemetry = reading(_cue(1, "HOME(W: 58.85, S: 34.23) GPS(W: 58.8517, S: 34.2379, 35.5m)"))
    assert (telemetry.samples[0].lat, telemetry.samples[0].lon) == (-34.2379, -58.8517)
    assert telemetry.samples[0].abs_alt_m == 35.5


def test_swapped_names_are_noticed(reading: Read) -> None:
    telemetry = reading(_cue(1, "[latitude: 149.0251] [longitude: -20.2533]"))
    assert (telemetry.samples[0].lat, telemetry.samples[0].lon) == (-20.2533, 149.0251)
    assert "impossible" in telemetry.remarks[0]


@pytest.mark.parametrize(
    ("text", "lat", "lon"),
    [
        ("[latitude: 41,424724] [longitude: 2,234156]", 41.424724, 2.234156),
        ("GPS(2,2341,41,4247,16) BAROMETER:1,9", 41.4247, 2.2341),
        ("Lat: 41°25'29.0\"N Lon: 2°14'2.9\"W", 41.424722, -2.234139),
        ("latitude=41.424724;longitude=-2.234156", 41.424724, -2.234156),
        ('{"latitude": 41.424724, "longitude": 2.234156}', 41.424724, 2.234156),
        ("41.424724, 2.234156", 41.424724, 2.234156),
        ("[latitude: 41.424724 longitude: 2.234156 rel_alt: 1.0 abs_alt: 2.0]", 41.424724, 2.234156),
        (
            "[home latitude: 40.1] [home longitude: 1.1] [latitude: 41.424724] [longitude: 2.234156]",
            41.424724,
            2.234156,
        ),
    ],
)
def test_other_ways_to_write_a_place(reading: Read, text: str, lat: float, lon: float) -> None:
    sample = reading(_cue(1, text)).samples[0]
    assert (sample.lat, sample.lon) == pytest.approx((lat, lon), abs=1e-6)


def test_feet_become_metres_and_angles_are_told_apart(reading: Read) -> None:
    text = (
        "[latitude: 41.4] [longitude: 2.2] [rel_alt: 100ft] F.PRY (2.7°, -7.0°, 110.1°), G.PRY (-24.4°, 0.5°, 200.0°)"
    )
    sample = reading(_cue(1, text)).samples[0]
    assert sample.rel_alt_m == pytest.approx(30.48)
    assert (sample.platform_pitch_deg, sample.platform_roll_deg, sample.platform_yaw_deg) == (2.7, -7.0, 110.1)
    assert (sample.gimbal_pitch_deg, sample.gimbal_roll_deg, sample.gimbal_yaw_deg) == (-24.4, 0.5, -160.0)


def _file(form: str, lat: float, lon: float) -> str:
    return "".join(_cue(n + 1, form.format(lat=lat + n * 1e-3, lon=lon + n * 1e-3, rel=50 + n)) for n in range(5))


def _cue(number: int, text: str) -> str:
    return f"{number}\n00:00:{number:02d},000 --> 00:00:{number + 1:02d},000\n{text}\n\n"
