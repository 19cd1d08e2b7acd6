"""Tables of flight apps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.vision.telemetry.reads import Read
from vision.telemetry import rows
from vision.telemetry.reading import TelemetryError

AIRDATA = """time(millisecond),datetime(utc),latitude,longitude,height_above_takeoff(feet),\
height_above_ground_at_drone_location(feet),ground_elevation_at_drone_location(feet),altitude_above_seaLevel(feet),\
height_sonar(feet),speed(mph),distance(feet),satellites,compass_heading(degrees), pitch(degrees), roll(degrees),\
isPhoto,gimbal_heading(degrees),gimbal_pitch(degrees),gimbal_roll(degrees),altitude(feet)
0,2021-05-01 10:00:00,41.1,1.24,0,7,70,328.084,9,0,0,12,359.5,1,2,0,350.0,-45.0,0,3
100,2021-05-01 10:00:00,41.100001,1.240001,100,7,70,428.084,9,0,0,12,359.5,1,2,0,351.0,-45.5,0,3
200,2021-05-01 10:00:00,0,0,100,7,70,428.084,9,0,0,0,359.5,1,2,0,351.0,-45.5,0,3
"""
DJI_LOG = """sep=;
"CUSTOM.date [local]";"CUSTOM.updateTime [local]";"OSD.flyTime [s]";"OSD.latitude";"OSD.longitude";"OSD.height [ft]";\
"OSD.vpsHeight [ft]";"OSD.altitude [ft]";"OSD.yaw";"OSD.yaw [360]";"GIMBAL.pitch";"GIMBAL.roll";"GIMBAL.yaw";\
"HOME.latitude";"HOME.longitude"
"5/27/2023";"1:02:03.45 PM";"0,1";"41,1";"1,24";"10,0";"3,3";"110,0";"-5,5";"354,5";"-30,1";"0,0";"5,5";"41,1";"1,25"
"""
LITCHI = """latitude,longitude,altitude(m),speed(m/s),time(millisecond),datetime(local),yaw(deg),gimbalPitch(deg)
41.1,1.24,35.5,1.0,1622541600000,2021-06-01 12:00:00,15.0,-90
"""


def test_airdata(reading: Read) -> None:
    telemetry = reading(AIRDATA)
    first, second = telemetry.samples
    assert (first.time_s, first.time_utc) == (0, datetime(2021, 5, 1, 10, tzinfo=UTC))
    assert (second.time_s, second.lat, second.lon) == (0.1, 41.100001, 1.240001)
    assert second.rel_alt_m == pytest.approx(30.48)
    assert second.abs_alt_m == pytest.approx(130.48, abs=1e-3)
    assert (second.gimbal_yaw_deg, second.gimbal_pitch_deg, second.gimbal_roll_deg) == (-9, -45.5, 0)
    assert (second.platform_yaw_deg, second.satellites) == (-0.5, 12)
    assert [(each.row, each.cause) for each in telemetry.skipped] == [(4, "no satellite fix yet (0, 0)")]


def test_dji_fly_log_with_decimal_commas(reading: Read) -> None:
    sample = reading(DJI_LOG).samples[0]
    assert (sample.time_s, sample.lat, sample.lon) == (0.1, 41.1, 1.24)
    assert sample.time_utc == datetime(2023, 5, 27, 11, 2, 3, 450000, tzinfo=UTC)
    assert (sample.rel_alt_m, sample.abs_alt_m) == pytest.approx((3.048, 33.528))
    assert (sample.gimbal_yaw_deg, sample.gimbal_pitch_deg, sample.platform_yaw_deg) == (5.5, -30.1, -5.5)
    assert sample.home is not None
    assert sample.home.lon == 1.25


def test_seconds_since_1970_beside_local_times(reading: Read) -> None:
    sample = reading(LITCHI).samples[0]
    assert sample.time_utc == datetime(2021, 6, 1, 10, tzinfo=UTC)
    assert (sample.abs_alt_m, sample.gimbal_pitch_deg) == (35.5, -90)


def test_its_own_output_is_read_as_it_was(reading: Read) -> None:
    once = list(rows.lines(reading(AIRDATA).samples))
    again = list(rows.lines(reading("\n".join(once) + "\n").samples))
    assert again == once


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_names_and_ten_millionths(reading: Read, delimiter: str) -> None:
    text = "TimeUS,Lat,Lng,Alt\n1000000,411189000,12445000,50\n2000000,411189100,12445000,51\n".replace(",", delimiter)
    telemetry = reading(text)
    assert (telemetry.samples[0].lat, telemetry.samples[0].lon) == pytest.approx((41.1189, 1.2445))
    assert "ten-millionths" in telemetry.remarks[0]


def test_rows_of_other_lengths_and_words_are_skipped_by_line(reading: Read) -> None:
    telemetry = reading('latitude,longitude,height\n41.1,1.2,3\n41.1\nx,y,z\n"41.1,1.2,3\n41.2,1.3,n/a\n91,1,1\n')
    assert [(sample.row, sample.rel_alt_m) for sample in telemetry.samples] == [(2, 3), (6, None)]
    assert [(each.row, each.cause) for each in telemetry.skipped] == [
        (3, "no longitude, columns missing"),
        (4, "no position"),
        (5, "no longitude, columns missing"),
        (7, "latitude 91 is out of range"),
    ]


def test_a_head_without_rows(reading: Read) -> None:
    with pytest.raises(TelemetryError, match="no line follows its head"):
        reading("latitude,longitude\n")
