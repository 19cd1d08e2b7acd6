"""Footprints of homes: taken in by an administrator, listed, replaced and taken out; and painted over in pictures."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.drawn_flight import filming, flying, ground
from benchmarks.drawn_flight.canvas import Canvas
from control_room.analyses import footage_files, pictures
from control_room.buildings import service
from control_room.store.staging import Incoming
from tests.control_room import door as doors
from tests.control_room import flown
from vision.detect import Detection
from vision.footage.settings import Settings
from vision.footage.video import Footage
from vision.georeference import globe
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions

ADDRESS = "/api/v1/buildings"
SIZE_M, CELL_M = (160.0, 120.0), 0.1
HOUSE_M = (52.0, 56.0, 66.0, 64.0)
PLAN = flying.Plan(40, fps=4, size_px=(640, 360), speed_m_s=9.0, passes_max=1)


class Nobody:
    """A detector that sees nobody, so that only homes are painted."""

    name, sha256 = "nobody", "0" * 64

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        assert image.size
        return []


def house(start: tuple[float, float], corners_m: tuple[float, float, float, float] = (0.0, 0.0, 14.0, 9.0)) -> Any:
    west, south, east, north = corners_m
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    ring = [globe.moved(start, *corner) for corner in corners]
    polygon = {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in ring]]}
    return {"type": "Feature", "geometry": polygon, "properties": {"height": 0.1}}


def sent(door: doors.Door, content: Any, name: str = "cadastre", who: str = "anna") -> Any:
    text = content if isinstance(content, str) else json.dumps(content)
    return door.as_person(who).post(ADDRESS, params={"name": name}, content=text)


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def test_a_newer_file_takes_the_place_of_the_older_and_one_is_taken_out(door: doors.Door) -> None:
    first = sent(door, collection(house(flown.TAKE_OFF)))
    assert first.status_code == 201, first.text
    second = sent(door, collection(house(flown.TAKE_OFF), house(globe.moved(flown.TAKE_OFF, 50.0, 0.0)))).json()
    listed = door.as_person("pere").get(ADDRESS).json()["items"]
    assert [(one["building_set_id"], one["buildings"], one["added_by"]) for one in listed] == [
        (second["building_set_id"], 2, "anna")
    ]
    assert listed[0]["south"] < listed[0]["north"] < listed[0]["south"] + 0.001
    assert door.rows("SELECT count(*) AS buildings FROM buildings") == [{"buildings": 2}]
    anna = door.as_person("anna")
    gone = f"{ADDRESS}/{second['building_set_id']}"
    assert anna.delete(gone).status_code == 422  # without a reason
    assert anna.delete(gone, params={"reason": "an old one"}).status_code == 204
    assert doors.problem(anna.delete(gone, params={"reason": "again"}))[0] == 404
    assert door.rows("SELECT count(*) AS buildings FROM buildings") == [{"buildings": 0}]
    written = door.rows("SELECT action, reason, detail FROM audit WHERE action LIKE 'buildings.%%' ORDER BY audit_id")
    assert [(one["action"], one["reason"]) for one in written] == [
        ("buildings.add", None),
        ("buildings.add", None),
        ("buildings.remove", "an old one"),
    ]
    assert written[1]["detail"]["replaced"] is True


def test_only_administrators_give_them(door: doors.Door) -> None:
    for who in ("pere", "marta"):
        assert sent(door, collection(house(flown.TAKE_OFF)), who=who).status_code == 403
        refused = door.as_person(who).delete(f"{ADDRESS}/{uuid.uuid4()}", params={"reason": "x"})
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ([1, 2], "no FeatureCollection"),
        (collection({"geometry": {"type": "Point", "coordinates": [1, 2]}}), "holds no area"),
        (collection({"geometry": {"type": "Polygon", "coordinates": [[[4.3e5, 4.5e6]] * 4]}}), "no longitude and lat"),
        (collection({"geometry": {"type": "Polygon", "coordinates": [[[41.1, 1.2]] * 4]}}), "longitude first"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_there_stays(door: doors.Door, wrong: Any, said: str) -> None:
    assert sent(door, collection(house(flown.TAKE_OFF))).status_code == 201
    answer = sent(door, wrong)
    assert doors.problem(answer) == (422, "bad-buildings")
    assert said in answer.json()["detail"]
    assert len(door.as_person("pere").get(ADDRESS).json()["items"]) == 1


@pytest.fixture
def flight(door: doors.Door, tmp_path: Path) -> tuple[uuid.UUID, Path]:
    """A flight over a house with a fine pattern, in the midst of plain ground; its video in the store."""
    image = np.full((round(SIZE_M[1] / CELL_M), round(SIZE_M[0] / CELL_M), 3), (90, 130, 100), np.uint8)
    image[::40] = (60, 90, 70)
    west, south, east, north = (round(side / CELL_M) for side in HOUSE_M)
    checks = np.indices((north - south, east - west)).sum(axis=0) // 8 % 2
    image[len(image) - north : len(image) - south, west:east] = np.where(checks[..., None], 255, 0)
    path = filming.film(tmp_path, "DJI_0001", ground.Scene(Canvas(image, CELL_M)), PLAN, 5)
    zone = Assumptions(ZoneInfo("Europe/Madrid"), "Europe/Madrid", flying.SOUTH_WEST)
    flight_id = flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id, formats.read(path.with_suffix(".SRT"), zone).samples)
    with Incoming(door.room.store) as incoming:
        incoming.write(path.read_bytes())
        incoming.keep()
    with door.connection() as connection:
        connection.execute("UPDATE footage SET sha256 = %s WHERE footage_id = %s", (incoming.sha256, footage_id))
    return flight_id, path


def picture(door: doors.Door, flight: tuple[uuid.UUID, Path], box: Any = None) -> NDArray[np.int16]:
    """Of the moment at which the house is in its middle, as the analyst keeps it."""
    flight_id, path = flight
    with door.connection() as connection, Footage(path) as footage:
        [video] = footage_files.videos(connection, flight_id)
        way = footage_files.flown(connection, flight_id, video, footage.facts())
        hider = pictures.Hider(Nobody(), Settings(), service.near(connection, flight_id))
        written = pictures.make(footage, 4.0, box, hider=hider, flown=way)
    assert written is not None
    decoded = cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.int16)


def contrast(image: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Where the pattern can still be seen."""
    grey = image.mean(axis=2).astype(np.float32)
    return np.asarray(cv2.dilate(grey, np.ones((9, 9))) - cv2.erode(grey, np.ones((9, 9))) > 120)


def test_a_home_is_painted_over_before_a_picture_is_kept(door: doors.Door, flight: tuple[uuid.UUID, Path]) -> None:
    open_to_all = picture(door, flight)
    shown = contrast(open_to_all)
    assert shown.sum() > 2000
    assert sent(door, collection(house(flying.SOUTH_WEST, HOUSE_M))).status_code == 201
    painted = picture(door, flight)
    left = contrast(painted) & shown
    assert left.sum() < 0.02 * shown.sum()
    far = ~np.asarray(cv2.dilate(shown.astype(np.uint8), np.ones((181, 181))), bool)
    assert far.sum() > 20_000
    assert np.abs(painted - open_to_all)[far].mean() < 1.0
    rows, columns = np.nonzero(shown)
    middle = np.median(columns) / 640, np.median(rows) / 360
    box = (middle[0] - 0.03, middle[1] - 0.05, middle[0] + 0.03, middle[1] + 0.05)
    assert (contrast(picture(door, flight, box)) & shown).sum() > 300  # what it is of stays to be seen


def test_where_nothing_says_how_it_was_taken_all_is_painted(door: doors.Door, flight: tuple[uuid.UUID, Path]) -> None:
    assert sent(door, collection(house(flying.SOUTH_WEST, HOUSE_M))).status_code == 201
    with door.connection() as connection, Footage(flight[1]) as footage:
        hider = pictures.Hider(Nobody(), Settings(), service.near(connection, flown.add_flight(door)))
        written = pictures.make(footage, 4.0, None, hider=hider, flown=None)
    assert written is not None
    decoded = cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_COLOR)
    assert not contrast(np.asarray(decoded, np.int16)).any()
