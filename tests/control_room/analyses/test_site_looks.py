"""A second flight over a known site: both pictures side by side, the change marked; what one flight alone can show."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.drawn_flight import filming, flying, ground, things
from control_room.analyses import footage_files, site_looks
from control_room.analyses.flown_footage import FlownFootage
from control_room.fsck import report
from control_room.retention import limits
from control_room.retention import service as retention
from control_room.store.staging import Incoming
from models import ModelError, load_detector
from tests.control_room import door as doors
from tests.control_room import flown, messages
from vision.detect import Detector
from vision.footage.settings import Settings
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions
from vision.telemetry.sample import Sample

SIZE_M = (110.0, 66.0)
CELL_M = 0.08
PLAN = flying.Plan(40, fps=4, size_px=(800, 450), speed_m_s=9.0, passes_max=2)
WHERE_M = (58.0, 30.0)


@dataclass(frozen=True)
class Film:
    video: bytes
    samples: list[Sample]
    truth: dict[str, Any]


@pytest.fixture(scope="module")
def detector() -> Detector:
    try:
        return load_detector("onnxruntime", "centernet-coco", 320, 0.3)
    except ModelError as error:
        pytest.skip(f"the detection model is not built: {error}")


def filmed(folder: Path, name: str, scene: ground.Scene, seed: int) -> Film:
    path = filming.film(folder, name, scene, PLAN, seed)
    assumptions = Assumptions(ZoneInfo("Europe/Madrid"), "Europe/Madrid", flying.SOUTH_WEST)
    samples = formats.read(path.with_suffix(".SRT"), assumptions).samples
    return Film(path.read_bytes(), samples, json.loads(path.with_suffix(".json").read_text()))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Film, Film]:
    """The same ground twice; the second time with other errors, other light, and a heap more."""
    folder = tmp_path_factory.mktemp("films")
    first = filmed(folder, "first", ground.draw(5, SIZE_M, CELL_M, waste=8), 5)
    scene = ground.draw(5, SIZE_M, CELL_M, waste=8)
    scene.canvas.put(*things.heap(np.random.default_rng(3), CELL_M)[:2], *WHERE_M, 20.0)
    scene.canvas.image[:] = cv2.convertScaleAbs(scene.canvas.image, alpha=0.88, beta=8)
    scene.waste.append(things.Placed("heap", *WHERE_M, 3.0))
    return first, filmed(folder, "second", scene, 6)


def added(door: doors.Door, film: Film, days: int) -> uuid.UUID:
    """A flight of that day with its video in the store."""
    flight_id = flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id, film.samples)
    with Incoming(door.room.store) as incoming:
        incoming.write(film.video)
        incoming.keep()
    track = [[0, sample.lon, sample.lat, 40] for sample in film.samples]
    with door.connection() as connection:
        connection.execute(
            "UPDATE footage SET sha256 = %s, bytes = %s, width_px = 800, height_px = 450, captured_from = %s"
            " WHERE footage_id = %s",
            (incoming.sha256, len(film.video), messages.NOON + timedelta(days=days), footage_id),
        )
        connection.execute("UPDATE flights SET track = %s WHERE flight_id = %s", (json.dumps(track), flight_id))
    return flight_id


def site(door: doors.Door, lat: float, lon: float) -> str:
    """Where somebody confirmed something of a flight whose files are long gone."""
    finding_id = flown.add_candidate(door, flown.add_flight(door), lat=lat, lon=lon)
    answer = door.as_person("marta").post(f"/api/v1/findings/{finding_id}/confirm", json={"version": 1})
    site_id: str = answer.json()["site_id"]
    return site_id


def looked(door: doors.Door, flight_id: uuid.UUID, detector: Detector) -> int:
    with door.connection() as connection:
        footage = FlownFootage(connection, door.room.store, Settings())
        with contextlib.closing(footage):
            looker = site_looks.Looker(footage, door.room.store, detector, Settings())
            return site_looks.note(looker, flight_id, door.clock())


def test_the_last_flight_over_the_same_ground_is_found(door: doors.Door, films: tuple[Film, Film]) -> None:
    heap = films[1].truth["waste"][-1]
    oldest, newer, now = (added(door, film, days) for film, days in zip((*films, films[1]), (-9, -2, 0), strict=True))
    flown.add_footage(door, oldest)
    with (
        door.connection() as connection,
        contextlib.closing(FlownFootage(connection, door.room.store, Settings())) as footage,
    ):
        last = {}
        for flight_id in (oldest, newer, now):
            [video] = [one for one in footage_files.videos(connection, flight_id) if one.width_px == 800]
            last[flight_id] = footage.last_over(flight_id, video)
    assert last[oldest] is None
    shots = [None if one is None else one.shot_of(heap["lat"], heap["lon"]) for one in (last[newer], last[now])]
    assert shots[0] is not None
    assert shots[1] is not None
    assert not np.array_equal(shots[0].image, shots[1].image), "each is compared with the one before it"


def visit(door: doors.Door, site_id: str) -> dict[str, Any]:
    visits = door.as_person("marta").get(f"/api/v1/sites/{site_id}").json()["visits"]
    found: list[dict[str, Any]] = [one for one in visits if one["kind"] == "look"]
    assert len(found) == 1
    return found[0]


def picture(door: doors.Door, site_id: str, look: dict[str, Any], which: str) -> NDArray[np.uint8]:
    answer = door.as_person("marta").get(f"/api/v1/sites/{site_id}/visits/{look['visit_id']}/{which}")
    assert answer.status_code == 200, answer.text
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def test_before_and_after_lie_side_by_side_with_the_change_marked(
    door: doors.Door, films: tuple[Film, Film], detector: Detector
) -> None:
    first, second = films
    heap = second.truth["waste"][-1]
    site_id = site(door, heap["lat"], heap["lon"])
    far_id = site(door, heap["lat"] + 0.05, heap["lon"])
    before = added(door, first, days=-7)
    assert looked(door, before, detector) == 1, "the other site is 5 km away"
    alone = visit(door, site_id)
    assert (alone["has_before"], alone["has_after"], alone["changed_share"]) == (False, True, None)

    after = added(door, second, days=0)
    assert looked(door, after, detector) == 1
    assert looked(door, after, detector) == 1, "an analysis that is asked for again"
    visits = door.as_person("marta").get(f"/api/v1/sites/{site_id}").json()["visits"]
    assert [one["flight_id"] for one in visits if one["kind"] == "look"] == [str(after), str(before)]
    look = next(one for one in visits if one["flight_id"] == str(after))
    assert look["time_s"] > 0
    assert 0 < look["changed_share"] < 0.2
    was, now = (picture(door, site_id, look, which) for which in ("before", "after"))
    assert was.shape == now.shape
    assert min(was.shape[:2]) >= 400
    assert marked(now) > 0 == marked(was)
    with door.connection() as connection:
        assert report.check(connection, door.room.store).is_sound
    assert door.rows("SELECT 1 FROM site_visits WHERE site_id = %s AND kind = 'look'", far_id) == []


def marked(image: NDArray[np.uint8]) -> int:
    """How much of the colour with which a change is outlined."""
    blue, green, red = (image[:, :, channel].astype(int) for channel in range(3))
    return int(((red > 180) & (red - blue > 110) & (red - green > 110)).sum())


def test_their_pictures_go_with_the_files_of_their_flight(
    door: doors.Door, films: tuple[Film, Film], detector: Detector
) -> None:
    first, _ = films
    waste = first.truth["waste"][0]
    site_id = site(door, waste["lat"], waste["lon"])
    flight_id = added(door, first, days=0)
    assert looked(door, flight_id, detector) == 1
    kept = door.rows("SELECT after_sha256 AS sha256 FROM site_visits WHERE kind = 'look'")[0]["sha256"]
    assert kept in {content.sha256 for content in door.room.store.contents()}
    now = door.clock.move(days=60)
    with door.connection() as connection:
        until = limits.at(now, door.room.settings.retention)
        list(retention.Run(connection, door.room.store, until, now).steps())
        assert report.check(connection, door.room.store).is_sound
    assert visit(door, site_id)["has_after"] is False
    assert kept not in {content.sha256 for content in door.room.store.contents()}
