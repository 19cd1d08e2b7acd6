"""The whole agent on a drone that comes, stands over somebody and flies on, by a recorded flight beside its film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.edge import clips
from tests.edge.broker import wait_until
from tests.edge.test_agent import HeldDetector, Running, write_config
from vision.georeference import globe

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.edge.broker import Broker, Room
    from tests.edge.door import Door

FPS = 10
COMES_S, STANDS_S, LEAVES_S = 6, 14, 6
PLACE, HEIGHT_M, SPEED_M_S = (41.1, 1.24), 30.0, 4.0
GROUND = np.asarray(
    cv2.normalize(
        cv2.GaussianBlur(np.random.default_rng(5).integers(0, 255, (240, 1600, 3)).astype(np.float32), (0, 0), 3),
        None,  # type: ignore[call-overload] # as OpenCV has it
        0,
        140,
        cv2.NORM_MINMAX,
    ),
    np.uint8,
)
DRONE = """
[[camera]]
id = "below"
name = "Below"
kind = "drone"
source = "file:film.mp4"
realtime = false
[[camera.zones]]
name = "yard"
kind = "watch"
points = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
[camera.drone]
telemetry = "log:flight.csv"
view_deg = 60.0
[camera.rules.illegal_dumping]
enabled = false
[camera.rules.intrusion]
enabled = true
"""


def flown_s(at_s: float) -> float:
    """Seconds of flight before that moment."""
    return min(at_s, COMES_S) + max(0.0, at_s - COMES_S - STANDS_S)


def seen(index: int) -> NDArray[np.uint8]:
    """Somebody (a bright square) walks from the sixth second of the stand on."""
    at_s = index / FPS
    left = round(flown_s(at_s) * 60)
    image = GROUND[:, left : left + 320].copy()
    walked_s = at_s - COMES_S - 6
    if walked_s >= 0 and at_s < COMES_S + STANDS_S:
        x = round(40 + 20 * walked_s)
        image[100:160, x : x + 30] = 255
    return image


def recorded(path: Path) -> None:
    rows = [
        "time(millisecond),latitude,longitude,height_above_takeoff(meters),gimbal_heading(degrees),gimbal_pitch(degrees)"
    ]
    for n in range((COMES_S + STANDS_S + LEAVES_S) * 5 + 1):
        lat, lon = globe.moved(PLACE, (flown_s(n / 5) - COMES_S) * SPEED_M_S, 0.0)
        rows.append(f"{n * 200},{lat:.8f},{lon:.8f},{HEIGHT_M},0,-60")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_a_rule_that_needs_a_still_picture_works_only_over_the_place(
    tmp_path: Path, broker: Broker, room: Room, door: Door
) -> None:
    clips.write(tmp_path / "film.mp4", (COMES_S + STANDS_S + LEAVES_S) * FPS, fps=FPS, picture=seen)
    recorded(tmp_path / "flight.csv")
    detector = HeldDetector()
    running = Running(write_config(tmp_path, broker, door, DRONE), detector)
    wait_until(lambda: any("wait" in one["cameras"][0]["reason"] for one in room.statuses), "the word that it waits")
    detector.go_on.set()
    wait_until(lambda: any(event["phase"] == "closed" for event in room.events), "the end of the event")
    running.end()
    told = {event["phase"]: event for event in room.events}
    assert [event["phase"] for event in room.events].count("opened") == 1
    opened, closed = told["opened"], told["closed"]
    assert COMES_S + 3 < opened["attributes"]["media_time_s"] < COMES_S + STANDS_S
    east, north = globe.offset_m(PLACE, (opened["location"]["lat"], opened["location"]["lon"]))
    assert abs(east) < 20
    below_deg = 60 + np.degrees(np.arctan((2 * 160 / 240 - 1) * np.tan(np.radians(30)) * 240 / 320))
    assert north == pytest.approx(HEIGHT_M / np.tan(np.radians(below_deg)), abs=0.5)
    assert opened["location"]["accuracy_m"] > 1
    assert closed["attributes"]["ended"] == "camera_moved"
    assert closed["location"] == opened["location"]
