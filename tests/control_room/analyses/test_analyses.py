"""Footage is looked through by the real queue and a real process: killed, cancelled, asked for again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import pytest
from psycopg.types.json import Jsonb

from benchmarks.drawn_flight import filming, flying, ground
from control_room.analyses import analyst, jobs, running
from control_room.database import pool
from control_room.fsck import report
from models import ModelError, load_detector
from tests.control_room import door as doors
from tests.control_room import services
from tests.control_room.flights import sending

PLAN = flying.Plan(40, fps=5, size_px=(640, 360), speed_m_s=9.0, passes_max=1)
SMALL = {"TALAIA_ANALYSES_INPUT_PX": "320", "TALAIA_ANALYSES_THREADS": "1", "OMP_NUM_THREADS": "1"}
WITHIN_S = 280.0
pytestmark = pytest.mark.timeout(900)
PROGRAM = Path(sys.executable).with_name("talaia-room")


@dataclass(frozen=True)
class Film:
    video: bytes
    log: bytes


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Some seconds over a few things: one piece."""
    folder = tmp_path_factory.mktemp("film")
    path = filming.film(folder, "DJI_0001", ground.draw(5, (90.0, 30.0), 0.1, waste=4), PLAN, 5)
    return Film(path.read_bytes(), path.with_suffix(".SRT").read_bytes())


@pytest.fixture(scope="module", autouse=True)
def _has_model() -> None:
    try:
        load_detector("onnxruntime", "centernet-coco", 320, 0.3)
    except ModelError as error:
        pytest.skip(f"the detection model is not built: {error}")


@pytest.fixture
def flight(door: doors.Door, film: Film) -> str:
    """A flight whose files are all here; nothing of it was read yet."""
    pere = door.as_person("pere")
    flight_id, [video, log] = sending.confirm(
        pere,
        sending.entry("DJI_0001.mp4", film.video),
        sending.entry("DJI_0001.SRT", film.log, kind="telemetry", belongs_to=0),
    )
    assert sending.send(pere, log, film.log).status_code == 204
    assert sending.send(pere, video, film.video).status_code == 204
    return flight_id


@pytest.fixture
def analysts(door: doors.Door) -> Iterator[Any]:
    """Starts real processes; none is left."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        given = {"TALAIA_DATABASE_URL": door.database_url, "TALAIA_STORE_DIRECTORY": str(door.folder / "store")}
        process = subprocess.Popen([PROGRAM, "analyst", *words], env={**os.environ, **SMALL, **given})
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@contextlib.contextmanager
def held(door: doors.Door, table: LiteralString) -> Iterator[None]:
    """Meanwhile who writes there waits: an analyst before its next piece, or before its end."""
    with door.connection() as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield


def state(door: doors.Door) -> dict[str, Any]:
    rows = door.rows("SELECT state, attempts, progress, error, summary FROM analyses ORDER BY analysis_id DESC LIMIT 1")
    return rows[0] if rows else {"state": None}


def spans(door: doors.Door) -> list[dict[str, Any]]:
    return door.rows("SELECT analysis_id, footage_id, span, result FROM analysis_spans ORDER BY span")


def test_a_killed_analyst_is_followed_by_one_that_goes_on(door: doors.Door, flight: str, analysts: Any) -> None:
    with held(door, "findings"):  # it could be done before it is killed
        first = analysts()
        services.wait_until(lambda: len(spans(door)) >= 2, WITHIN_S, "a plan and a first piece")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert state(door)["state"] == "running"
    kept = next(row for row in spans(door) if row["span"] > 0)
    kept["result"]["seconds"]["decode"] = 5000.0  # a mark that only a piece that is not redone can carry
    with door.connection() as connection:
        connection.execute(
            "UPDATE analysis_spans SET result = %s WHERE analysis_id = %s AND span = %s",
            (Jsonb(kept["result"]), kept["analysis_id"], kept["span"]),
        )
    second = analysts()
    services.wait_until(lambda: state(door)["state"] == "done", WITHIN_S, "the analysis")
    second.send_signal(signal.SIGTERM)
    assert second.wait(WITHIN_S) == 0
    ended = state(door)
    [video] = ended["summary"]["videos"]
    assert ended["attempts"] >= 2
    assert video["summary"]["seconds"]["decode"] >= 5000.0
    assert spans(door) == []
    found = door.rows("SELECT lat, picture_sha256, ellipse FROM findings WHERE flight_id = %s", flight)
    assert found
    assert all(row["picture_sha256"] and row["ellipse"]["semi_major_m"] > 0 for row in found)
    item = door.as_person("pere").get(f"/api/v1/flights/{flight}").json()
    assert (item["analysis_state"], item["candidates"]) == ("done", len(found))
    with door.connection() as connection:
        assert report.check(connection, door.room.store).is_sound


def test_it_is_cancelled_and_asked_for_again(door: doors.Door, flight: str, analysts: Any) -> None:
    pere = door.as_person("pere")
    address = f"/api/v1/flights/{flight}/analysis"
    assert doors.problem(pere.get(address)) == (404, "no-analysis")
    with held(door, "analysis_spans"):
        process = analysts()
        services.wait_until(lambda: state(door)["state"] == "running", WITHIN_S, "a beginning")
        process.send_signal(signal.SIGSTOP)  # it could be done before it is cancelled
    assert doors.problem(pere.post(address)) == (409, "under-way")
    assert pere.post(f"{address}/cancel").json()["state"] == "cancelled"
    process.send_signal(signal.SIGCONT)
    assert doors.problem(pere.post(f"{address}/cancel")) == (409, "not-under-way")
    assert pere.post(address).status_code == 202
    services.wait_until(lambda: state(door)["state"] == "done", WITHIN_S, "the second one")
    assert door.rows("SELECT DISTINCT analysis_id FROM findings") == door.rows(
        "SELECT analysis_id FROM analyses WHERE state = 'done'"
    )
    told = door.rows("SELECT payload ->> 'analysis_state' AS state FROM stream WHERE kind = 'flight' ORDER BY id")
    assert [row["state"] for row in told][-1] == "done"
    assert {"queued", "running", "cancelled"} <= {row["state"] for row in told}


def test_what_cannot_be_placed_fails_in_words(door: doors.Door, tmp_path: Path) -> None:
    pere, film = door.as_person("pere"), sending.video(tmp_path / "a.mp4")
    flight_id, [video] = sending.confirm(pere, sending.entry("DJI_0001.MP4", film))
    sending.send(pere, video, film)
    analyst.run(door.room.settings, threading.Event(), once=True)  # by itself, as the last file was read
    told = pere.get(f"/api/v1/flights/{flight_id}/analysis").json()
    assert (told["state"], told["asked_by"]) == ("failed", "room")
    assert told["error"].startswith("no_video_usable: no_telemetry: ")


def test_a_job_that_was_lost_is_made_again_and_one_is_enough(door: doors.Door, tmp_path: Path) -> None:
    pere, film = door.as_person("pere"), sending.video(tmp_path / "a.mp4")
    _, [video] = sending.confirm(pere, sending.entry("DJI_0001.MP4", film))
    sending.send(pere, video, film)
    with pool.connect(door.database_url) as connection:
        for _ in range(2):
            jobs.defer(connection, jobs.READ, footage_id=video)
    assert door.rows("SELECT count(*) AS n FROM jobs.procrastinate_jobs")[0]["n"] == 1
    with door.connection() as connection:
        connection.execute("SET search_path TO jobs, public")
        connection.execute("DELETE FROM procrastinate_jobs")  # as after a restore: the queue is in no backup
    analyst.run(door.room.settings, threading.Event(), once=True)
    assert door.rows("SELECT read_at IS NOT NULL AS read FROM footage")[0]["read"]


@pytest.mark.parametrize(
    ("covariance", "major", "minor", "bearing"),
    [((4.0, 0.0, 1.0), 4.29, 2.15, 90.0), ((1.0, 0.0, 4.0), 4.29, 2.15, 0.0), ((2.5, 1.5, 2.5), 4.29, 2.15, 45.0)],
)
def test_an_ellipse_has_its_greater_axis_where_the_error_is(
    covariance: tuple[float, float, float], major: float, minor: float, bearing: float
) -> None:
    found = running.ellipse(covariance)
    assert (found["semi_major_m"], found["semi_minor_m"], found["bearing_deg"]) == (major, minor, bearing)
