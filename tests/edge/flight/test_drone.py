"""What a drone's camera makes of its pictures: which rules work, where events are, what the room is told."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from benchmarks.ports import free_port
from edge import config
from edge.check import telemetry
from edge.clock import Clock
from edge.errors import ConfigurationError
from edge.flight.drone import Aboard, Drone, check
from edge.flight.positions import Positions
from vision.frame import Frame
from vision.georeference import globe
from vision.rules.base import RuleEvent, RuleObject

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.geometry import Box
    from wire.device import PositionMessage

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOME = (41.1, 1.24)
CAMERA = """
[device]
id = "dron-1"
data_dir = "data"
[room]
url = "http://127.0.0.1:9"
token = "dron-1.secret"
[mqtt]
url = "mqtt://127.0.0.1:9"
[[camera]]
id = "sota"
name = "Sota el dron"
kind = "drone"
source = "rtsp://127.0.0.1:9/live"
[camera.drone]
"""
GROUND = np.asarray(
    cv2.normalize(
        cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (360, 2400, 3)).astype(np.float32), (0, 0), 3),
        None,  # type: ignore[call-overload] # as OpenCV has it
        0,
        255,
        cv2.NORM_MINMAX,
    ),
    np.uint8,
)


def settings(folder: Path, table: str) -> config.Settings:
    path = folder / "edge.toml"
    path.write_text(CAMERA + table, encoding="utf-8")
    return config.load(path)


def flight_log(folder: Path, *, pitch_deg: float = -50.0, gimbal: bool = True) -> Path:
    """10 s to the east at 4 m/s, then 20 s in one place; a row each half second."""
    path = folder / "flight.csv"
    head = "time(millisecond),latitude,longitude,height_above_takeoff(meters)"
    head += ",gimbal_heading(degrees),gimbal_pitch(degrees)\n" if gimbal else "\n"
    rows = []
    for n in range(60):
        lat, lon = globe.moved(HOME, min(n / 2, 10) * 4, 0.0)
        aim = f",0,{pitch_deg}" if gimbal else ""
        rows.append(f"{n * 500},{lat:.8f},{lon:.8f},40{aim}\n")
    path.write_text(head + "".join(rows), encoding="utf-8")
    return path


class Flown:
    """A drone whose pictures pass by."""

    def __init__(self, folder: Path, table: str) -> None:
        wanted = settings(folder, table)
        self.told = Positions(lambda: None)
        self.drone = Drone(
            Aboard.read(wanted, wanted.camera[0]),
            device_id="dron-1",
            camera_id="sota",
            clock=Clock(),
            stop=threading.Event(),
            positions=self.told,
        )
        self.positions: list[PositionMessage] = []

    def see(self, from_s: float, until_s: float, *, px_a_frame: int = 0) -> Frame:
        frame = None
        for n in range(round(from_s * 5), round(until_s * 5)):
            frame = picture(n, n * px_a_frame)
            self.drone.look(frame)
            self.positions += self.told.take()
        assert frame is not None
        return frame


def picture(n: int, left_px: int = 0) -> Frame:
    image: NDArray[np.uint8] = GROUND[:, left_px : left_px + 640]
    return Frame(image, n, n / 5, START + timedelta(seconds=n / 5))


def dumping(box: Box) -> RuleEvent:
    thing = RuleObject("thing", "unknown", None, 0.9, box)
    return RuleEvent("illegal_dumping", 1, "opened", 0.0, "high", 0.9, [thing])


def log_table(path: Path, more: str = "view_deg = 70.0") -> str:
    return f'telemetry = "log:{path}"\n{more}\n'


def test_rules_that_need_a_still_picture_wait_until_it_hovers_and_the_status_says_so(tmp_path: Path) -> None:
    flown = Flown(tmp_path, log_table(flight_log(tmp_path)))
    flown.see(0, 10, px_a_frame=12)
    said = flown.drone.note(["illegal_dumping"])
    flown.see(10, 18)
    assert said.startswith("illegal_dumping waits: it")
    assert flown.drone.hovers
    assert flown.drone.note([]) == ""
    assert {False, True} == {one.hovers for one in flown.positions if one.hovers is not None}


def test_positions_are_told_once_a_second_with_the_ground_that_is_seen(tmp_path: Path) -> None:
    flown = Flown(tmp_path, log_table(flight_log(tmp_path), "view_deg = 70.0\npositions_per_s = 0.5"))
    flown.see(0, 8)
    assert [round((one.at - START).total_seconds()) for one in flown.positions] == [0, 2, 4, 6]
    last = flown.positions[-1]
    assert last.speed_m_s == pytest.approx(4.0, abs=0.1)
    assert last.relative_altitude_m == 40
    north = [globe.offset_m((last.lat, last.lon), corner)[1] for corner in last.footprint]
    upper_left, upper_right, lower_right, lower_left = north
    assert upper_left == pytest.approx(upper_right, abs=0.1)
    assert lower_left == pytest.approx(lower_right, abs=0.1)
    assert 0 < lower_left < 40 / math.tan(math.radians(50)) < upper_left
    assert last.view_deg == pytest.approx(70.0)


def test_a_picture_that_looks_out_too_flat_has_a_footprint_that_is_cut(tmp_path: Path) -> None:
    flown = Flown(tmp_path, log_table(flight_log(tmp_path, pitch_deg=-20.0)))
    flown.see(0, 1)
    north = [globe.offset_m((one.lat, one.lon), corner)[1] for one in flown.positions[:1] for corner in one.footprint]
    assert len(north) == 4
    assert max(north) <= 40 / math.tan(math.radians(15)) + 0.1
    level = Flown(tmp_path, log_table(flight_log(tmp_path, pitch_deg=10.0)))
    level.see(0, 1)
    assert [one.footprint for one in level.positions[:1]] == [[]]


def test_an_event_lies_where_its_thing_stands_with_an_error(tmp_path: Path) -> None:
    flown = Flown(tmp_path, log_table(flight_log(tmp_path)))
    flown.see(0, 1)
    frame = flown.see(12, 16)
    location, said = flown.drone.placer.place(dumping((0.45, 0.4, 0.55, 0.5)), frame)
    assert location is not None
    east, north = globe.offset_m(globe.moved(HOME, 40.0, 0.0), (location.lat, location.lon))
    assert (round(east, 2), round(north, 2)) == (0.0, round(40 / math.tan(math.radians(50)), 2))
    assert 1 < location.accuracy_m < 10
    assert said["location_depression_deg"] == 50.0


@pytest.mark.parametrize(
    ("log", "lens", "said"),
    [
        ({"pitch_deg": -14.0}, "view_deg = 30.0", "less than 15"),
        ({"pitch_deg": 5.0}, "view_deg = 30.0", "horizon"),
        ({"gimbal": False}, "view_deg = 70.0", "no gimbal angles"),
        ({}, "", "no focal length"),
    ],
)
def test_a_place_that_cannot_be_told_is_none_and_the_reason_is_kept(
    tmp_path: Path, log: dict[str, Any], lens: str, said: str
) -> None:
    flown = Flown(tmp_path, log_table(flight_log(tmp_path, **log), lens))
    frame = flown.see(12, 13)
    location, attributes = flown.drone.placer.place(dumping((0.45, 0.4, 0.55, 0.5)), frame)
    assert location is None
    assert said in attributes["location_refused"]
    found = telemetry.probe(settings(tmp_path, log_table(flight_log(tmp_path, **log), lens)), _camera(tmp_path), 0)
    assert ("note" in {one.verdict for one in found}) == (said.startswith("no "))


def _camera(folder: Path) -> config.CameraSection:
    return config.load(folder / "edge.toml").camera[0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('telemetry = "tcp://127.0.0.1:5760"', "allowed: udp://ADDRESS:PORT"),
        ('telemetry = "udp://127.0.0.1:0"', "allowed: udp://ADDRESS:PORT"),
        ('telemetry = "udp://127.0.0.1:14550"\ncamera_model = "Box Brownie"', "allowed: ANAFI"),
        ('telemetry = "klv"\nmount_pitch_deg = -90.0', "both, or neither"),
        ('telemetry = "klv"\nview_deg = 70.0\ncamera_model = "M3E"', "one of calibration, camera_model and view_deg"),
        ('telemetry = "log:nowhere.srt"', "a log of a flight that can be read"),
        ('telemetry = "klv"\ncalibration = "nowhere.json"', "nowhere.json"),
    ],
)
def test_a_wrong_table_is_one_line_that_names_what_is_allowed(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(settings(tmp_path, table))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('kind = "drone"', 'kind = "fixed"'), 'only with kind = "drone"'),
        (('telemetry = "klv"', ""), "telemetry"),
        (('source = "rtsp', 'lat = 41.0\nlon = 1.2\nsource = "rtsp'), "its telemetry tells it"),
    ],
)
def test_a_drone_is_whole_and_nothing_else_is_one(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = tmp_path / "edge.toml"
    path.write_text((CAMERA + 'telemetry = "klv"\n').replace(*change), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        config.load(path)


def test_check_says_that_nothing_comes_from_the_aircraft(tmp_path: Path) -> None:
    wanted = settings(tmp_path, f'telemetry = "udp://127.0.0.1:{free_port()}"\n')
    found: list[Any] = telemetry.probe(wanted, wanted.camera[0], 0.3)
    assert [(one.about, one.verdict) for one in found] == [("telemetry", "fault")]
    assert "nothing comes from the aircraft" in found[0].text
