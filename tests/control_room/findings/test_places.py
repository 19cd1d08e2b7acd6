"""Where things in a picture are: by a click, by hand, and by what a known point tells of the whole flight."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import httpx
import pytest

from control_room.sites import joining
from tests.control_room import door as doors
from tests.control_room import flown
from vision.georeference import globe


def _apart_m(place: dict[str, Any], east_m: float, north_m: float = 0.0) -> float:
    there = flown.at(east_m, north_m)
    east, north = globe.offset_m((place["lat"], place["lon"]), (there["lat"], there["lon"]))
    return float((east**2 + north**2) ** 0.5)


def _place(client: httpx.Client, flight_id: uuid.UUID, **point: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/flights/{flight_id}/place", params={key: str(value) for key, value in point.items()})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_a_click_is_put_on_the_ground_with_its_error(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id, flown.samples())
    below = _place(pere, flight_id, footage_id=footage_id, time_s=5.05, x=0.5, y=0.5)
    assert _apart_m(below["location"], 4.0 * 5.05) < 0.1, "straight below the drone, between two rows"
    assert 2.0 < below["location"]["ce90_m"] < 6.0
    assert below["location"]["ellipse"]["semi_major_m"] >= below["location"]["ellipse"]["semi_minor_m"]
    right = _place(pere, flight_id, footage_id=footage_id, time_s=5.0, x=1.0, y=0.5)
    half_view_m = flown.HEIGHT_M * 18 / 24  # half of 36 mm over 24 mm
    assert _apart_m(right["location"], 20.0 + half_view_m) < 0.05 * half_view_m
    gone = _place(pere, flight_id, footage_id=footage_id, time_s=900, x=0.5, y=0.5)
    assert gone["location"] is None
    assert "outside the telemetry" in gone["method"]


def test_what_a_person_saw_is_found_like_any_other(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id, flown.samples())
    body = {"label": "mattress", "footage_id": str(footage_id), "time_s": 2.0, "box": [0.5, 0.5, 0.5, 0.5]}
    added = pere.post(f"/api/v1/flights/{flight_id}/findings", json=body)
    assert added.status_code == 201, added.text
    found = added.json()
    assert (found["state"], found["added_by"], found["reviewed_by"]) == ("confirmed", "pere", "pere")
    assert _apart_m(found["location"], 8.0) < 0.1
    assert found["seen_at"] == "2026-11-21T12:00:02Z", "by the drone's clock"
    assert found["alert_id"] is not None
    assert found["site_id"] is not None
    marked = pere.post(
        f"/api/v1/flights/{flight_id}/findings",
        json={"label": "tyres", "place": {**flown.at(200.0), "ce90_m": 5}, "confirm": False},
    ).json()
    assert (marked["state"], marked["method"], marked["location"]["ce90_m"]) == ("candidate", "by hand", 5.0)


def test_without_a_gimbal_it_says_why_there_is_no_place(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    bare = [dataclasses.replace(row, gimbal_pitch_deg=None) for row in flown.samples()]
    footage_id = flown.add_footage(door, flight_id, bare)
    body = {"label": "sofa", "footage_id": str(footage_id), "time_s": 2.0, "box": [0.5, 0.5, 0.5, 0.5]}
    found = pere.post(f"/api/v1/flights/{flight_id}/findings", json=body).json()
    assert found["location"] is None
    assert found["method"] == "the telemetry has no gimbal angles here"
    assert (found["state"], found["site_id"]) == ("confirmed", None)


def test_a_still_has_the_place_of_its_one_row(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    (row, *_) = flown.samples()
    row.time_s = None
    row.horizontal_view_deg = 70.0
    row.focal_length_mm = None
    footage_id = flown.add_footage(door, flight_id, [], kind="still")
    with door.connection() as connection:
        connection.execute(
            "INSERT INTO telemetry_samples (footage_id, at, row, lat, lon, rel_alt_m, gimbal_yaw_deg, gimbal_pitch_deg,"
            " horizontal_view_deg) VALUES (%s, %s, 1, %s, %s, 60, 0, -90, 70)",
            (footage_id, row.time_utc, row.lat, row.lon),
        )
    found = _place(pere, flight_id, footage_id=footage_id, x=0.5, y=0.5)
    assert _apart_m(found["location"], 0.0) < 0.1


def test_the_ground_in_the_picture_goes_along_with_the_video(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id, flown.samples())
    params = {"footage_id": str(footage_id), "every_s": "5"}
    items = pere.get(f"/api/v1/flights/{flight_id}/footprints", params=params).json()["items"]
    assert [item["time_s"] for item in items] == [0.0, 5.0, 10.0, 15.0]
    (upper_left, upper_right, _, lower_left) = items[0]["corners"]
    assert upper_left[0] > lower_left[0], "north is up"
    wide_m = globe.offset_m(tuple(upper_left), tuple(upper_right))[0]
    assert wide_m == pytest.approx(2 * flown.HEIGHT_M * 18 / 24, rel=0.05)
    level = flown.add_footage(door, flight_id, flown.samples(pitch_deg=-3.0))
    looks_out = pere.get(f"/api/v1/flights/{flight_id}/footprints", params={**params, "footage_id": str(level)}).json()
    assert len(looks_out["items"]) > 0
    assert all(len(item["corners"]) in {0, 4} for item in looks_out["items"])


def test_a_known_point_corrects_the_whole_flight_and_can_be_taken_back(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    oblique = flown.samples(pitch_deg=-60.0)
    footage_id = flown.add_footage(door, flight_id, oblique)
    truth = flown.samples(pitch_deg=-59.0)  # the gimbal truly looked a degree higher than it says
    other = flown.add_footage(door, flight_id, truth)
    asked = {"footage_id": str(footage_id), "time_s": 2.0}
    body = {"label": "sofa", **asked, "box": [0.5, 0.5, 0.5, 0.5]}
    found = pere.post(f"/api/v1/flights/{flight_id}/findings", json=body).json()
    true_place = _place(pere, flight_id, footage_id=other, time_s=2.0, x=0.5, y=0.5)["location"]
    known = _place(pere, flight_id, footage_id=other, time_s=12.0, x=0.5, y=0.5)["location"]
    point = {
        "footage_id": str(footage_id),
        "time_s": 12.0,
        "x": 0.5,
        "y": 0.5,
        "lat": known["lat"],
        "lon": known["lon"],
    }
    added = pere.post(f"/api/v1/flights/{flight_id}/known-points", json=point)
    assert (added.status_code, added.json()["moved"]) == (201, 1)

    def off_m() -> float:
        here = pere.get(f"/api/v1/findings/{found['finding_id']}").json()["location"]
        return joining.apart_m((here["lat"], here["lon"]), (true_place["lat"], true_place["lon"]))

    before = joining.apart_m(
        (found["location"]["lat"], found["location"]["lon"]), (true_place["lat"], true_place["lon"])
    )
    assert before > 1.0
    assert off_m() < 0.4 * before
    (item,) = added.json()["items"]
    gone = pere.delete(f"/api/v1/flights/{flight_id}/known-points/{item['known_point_id']}")
    assert gone.json() == {"items": [], "moved": 1}
    assert off_m() == pytest.approx(before, abs=0.01)
    assert pere.delete(f"/api/v1/flights/{flight_id}/known-points/{item['known_point_id']}").status_code == 404


def test_what_a_person_placed_is_moved_by_nothing_else(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id, flown.samples(pitch_deg=-60.0))
    body = {"label": "sofa", "footage_id": str(footage_id), "time_s": 2.0, "box": [0.5, 0.5, 0.5, 0.5]}
    found = pere.post(f"/api/v1/flights/{flight_id}/findings", json=body).json()
    said = {"version": found["version"], "place": {**flown.at(500.0), "ce90_m": 2}, "reason": "seen on the map"}
    moved = pere.post(f"/api/v1/findings/{found['finding_id']}/place", json=said).json()
    assert _apart_m(moved["location"], 500.0) < 0.01
    assert moved["history"][-1]["reason"] == "seen on the map"
    point = {"footage_id": str(footage_id), "time_s": 12.0, "x": 0.5, "y": 0.5, **flown.at(50.0, 40.0)}
    assert pere.post(f"/api/v1/flights/{flight_id}/known-points", json=point).json()["moved"] == 0
    (site,) = pere.get("/api/v1/sites").json()["items"]
    assert _apart_m(site, 500.0) < 0.01, "its site went with it"


def test_a_point_that_cannot_be_used_is_refused_with_the_reason(door: doors.Door) -> None:
    pere, flight_id = door.as_person("pere"), flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id, flown.samples(pitch_deg=5.0))
    point = {"footage_id": str(footage_id), "time_s": 1.0, "x": 0.5, "y": 0.5, **flown.at(50.0)}
    refused = pere.post(f"/api/v1/flights/{flight_id}/known-points", json=point)
    assert (refused.status_code, refused.json()["detail"]) == (422, "the point looks at or above the horizon")
    unknown = {**point, "footage_id": str(uuid.UUID(int=1))}
    assert pere.post(f"/api/v1/flights/{flight_id}/known-points", json=unknown).status_code == 404
    assert door.rows("SELECT * FROM known_points") == []
