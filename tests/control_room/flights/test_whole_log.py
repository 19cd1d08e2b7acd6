"""One log of a whole flight beside several videos that say nothing themselves; a calibrated lens at the aircraft."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest

from control_room.flights import telemetry_reading, video_times
from tests.control_room import door as doors
from tests.control_room.flights import sending
from vision.georeference import globe

MADRID = ZoneInfo("Europe/Madrid")
BEGAN = datetime(2026, 5, 20, 10, tzinfo=UTC)
START = (41.1189, 1.2445)
SPEED_M_S, HEIGHT_M, SECONDS = 5.0, 50.0, 60
SIZE_PX = (480, 272)


def log() -> bytes:
    """To the east at 5 m/s, looking straight down."""
    rows = [
        "datetime(utc),latitude,longitude,height_above_takeoff(meters),gimbal_heading(degrees),gimbal_pitch(degrees)"
    ]
    for step in range(SECONDS * 2 + 1):
        lat, lon = globe.moved(START, SPEED_M_S * step / 2, 0.0)
        at = (BEGAN + timedelta(seconds=step / 2)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        rows.append(f"{at},{lat:.8f},{lon:.8f},{HEIGHT_M},0,-90")
    return ("\n".join(rows) + "\n").encode()


def video(path: Path, began: datetime) -> bytes:
    """Four seconds that know when they began, and nothing else."""
    with av.open(str(path), "w") as container:
        container.metadata["creation_time"] = began.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        stream = container.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        rng = np.random.default_rng(round(began.timestamp()))
        for _ in range(20):
            image = (
                rng.integers(0, 255, (SIZE_PX[1] // 8, SIZE_PX[0] // 8, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
            )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


@pytest.fixture
def flight(door: doors.Door, tmp_path: Path) -> tuple[str, list[str]]:
    """The second camera writes local time as if it were UTC."""
    pere, told = door.as_person("pere"), log()
    films = [
        video(tmp_path / "a.mp4", BEGAN + timedelta(seconds=10)),
        video(tmp_path / "b.mp4", BEGAN + timedelta(hours=2, seconds=40)),
    ]
    entries = [sending.entry(f"DJI_000{number}.MP4", film) for number, film in enumerate(films, start=1)]
    flight_id, footage = sending.confirm(pere, *entries, sending.entry("flight.csv", told, kind="telemetry"))
    for footage_id, content in zip(footage, [*films, told], strict=True):
        assert sending.send(pere, footage_id, content).status_code == 204
    with door.connection() as connection:
        for footage_id in footage:
            town, now = door.room.settings.town, door.clock()
            telemetry_reading.read(connection, door.room.store, town, uuid.UUID(footage_id), now)
    return flight_id, footage


def place(door: doors.Door, flight_id: str, footage_id: str, time_s: float, x: float = 0.5) -> Any:
    asked: dict[str, Any] = {"footage_id": footage_id, "time_s": time_s, "x": x, "y": 0.5}
    answer = door.as_person("pere").get(f"/api/v1/flights/{flight_id}/place", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def east_m(location: dict[str, float]) -> float:
    return globe.offset_m(START, (location["lat"], location["lon"]))[0]


def aircraft(door: doors.Door, flight_id: str, **more: Any) -> Any:
    """A drone, at the flight."""
    anna = door.as_person("anna")
    added = anna.post("/api/v1/aircraft", json={"name": f"Mavic {uuid.uuid4()}"} | more)
    if added.status_code == 201:
        with door.connection() as connection:
            given = (added.json()["aircraft_id"], flight_id)
            connection.execute("UPDATE flights SET aircraft_id = %s WHERE flight_id = %s", given)
    return added


def test_each_video_finds_its_part_of_the_log(door: doors.Door, flight: tuple[str, list[str]]) -> None:
    flight_id, [first, second, _] = flight
    assert aircraft(door, flight_id, camera_model="M3E").status_code == 201
    assert east_m(place(door, flight_id, first, 2.0)["location"]) == pytest.approx(12 * SPEED_M_S, abs=0.5)
    assert east_m(place(door, flight_id, second, 2.0)["location"]) == pytest.approx(42 * SPEED_M_S, abs=0.5)
    shown = door.as_person("pere").get(f"/api/v1/flights/{flight_id}/footprints", params={"footage_id": second})
    steps = shown.json()["items"]
    at_two = min(steps, key=lambda one: abs(one["time_s"] - 2.0))
    assert east_m(at_two) == pytest.approx((40 + at_two["time_s"]) * SPEED_M_S, abs=0.5)
    assert all(len(one["corners"]) == 4 for one in steps if 0 <= one["time_s"] <= 4)
    body = {"label": "sofà", "footage_id": second, "time_s": 3.0, "box": [0.5, 0.5, 0.5, 0.5], "confirm": False}
    added = door.as_person("pere").post(f"/api/v1/flights/{flight_id}/findings", json=body).json()
    assert datetime.fromisoformat(added["seen_at"]) == BEGAN + timedelta(seconds=43)
    assert east_m(added["location"]) == pytest.approx(43 * SPEED_M_S, abs=0.5)
    codes = {one["code"] for one in door.as_person("pere").get(f"/api/v1/flights/{flight_id}").json()["doubts"]}
    assert "video_without_telemetry" not in codes


def test_the_analysis_uses_the_log_too(door: doors.Door, flight: tuple[str, list[str]]) -> None:
    flight_id, _ = flight
    aircraft(door, flight_id, camera_model="M3E")
    assert door.as_person("pere").post(f"/api/v1/flights/{flight_id}/analysis").status_code == 202
    sending.analyst_once(door)
    ended = door.as_person("pere").get(f"/api/v1/flights/{flight_id}/analysis").json()
    if (ended["error"] or "").startswith("no_model"):
        pytest.skip("the detection model is not built")
    assert ended["state"] == "done"
    rings = ended["summary"]["coverage"]
    seen = [east_m({"lon": lon, "lat": lat}) for ring in rings for part in ring for lon, lat in part]
    assert min(seen) < 12 * SPEED_M_S < 42 * SPEED_M_S < max(seen)
    assert not any(25 * SPEED_M_S < one < 30 * SPEED_M_S for one in seen)


def test_a_calibrated_lens_is_kept_and_used(door: doors.Door, flight: tuple[str, list[str]]) -> None:
    flight_id, [first, *_] = flight
    lens = {"width_px": 1280, "height_px": 720, "camera_matrix": [[1000, 0, 640], [0, 1000, 360], [0, 0, 1]]}
    wrong = aircraft(door, flight_id, calibration=lens | {"camera_matrix": [[1, 2]]})
    assert wrong.status_code == 422
    assert "3 rows of 3 numbers" in wrong.text
    item = aircraft(door, flight_id, calibration=lens | {"distortion": [], "rms": 0.4}).json()
    assert item["calibration"] == lens | {"distortion": []}
    answer = place(door, flight_id, first, 2.0, x=0.75)
    assert "calibrated camera" in answer["method"]
    off_m = 320 / 1000 * HEIGHT_M  # a quarter of 1280 px to the right
    assert east_m(answer["location"]) == pytest.approx(12 * SPEED_M_S + off_m, abs=0.1)
    anna = door.as_person("anna")
    address = f"/api/v1/aircraft/{item['aircraft_id']}"
    changed = anna.put(address, json={"name": item["name"], "version": item["version"], "calibration": None})
    assert changed.json()["calibration"] is None


@pytest.mark.parametrize(
    ("name", "created_at", "modified_at", "log_at", "expected"),
    [
        ("DJI_0001.MP4", BEGAN, None, None, BEGAN),
        ("DJI_0001.MP4", BEGAN + timedelta(hours=2), None, BEGAN, BEGAN),
        ("DJI_20260520120000_0001.MP4", None, None, BEGAN, BEGAN),
        ("DJI_0001.MP4", datetime(1970, 1, 1, tzinfo=UTC), BEGAN + timedelta(seconds=20), None, BEGAN),
        ("DJI_0001.MP4", None, BEGAN + timedelta(seconds=20), BEGAN, BEGAN),
        ("DJI_0001.MP4", BEGAN - timedelta(days=365), None, BEGAN, BEGAN - timedelta(days=365)),
        ("DJI_0001.MP4", None, None, BEGAN, None),
    ],
)
def test_when_a_video_began(name: str, created_at: Any, modified_at: Any, log_at: Any, expected: Any) -> None:
    guessed = list(video_times.guesses(name, created_at, modified_at, 20.0, MADRID))
    log_span = None if log_at is None else (log_at - timedelta(minutes=1), log_at + timedelta(minutes=9))
    assert video_times.began_at(guessed, 20.0, log_span) == expected
