"""What the analyst makes besides an analysis: the picture of a finding by hand, small copies with people pixelated."""

from __future__ import annotations

import io
import threading
import uuid
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import cv2
import numpy as np
import pytest

from benchmarks.drawn_flight import filming, flying, ground
from control_room.analyses import analyst
from control_room.fsck import report
from control_room.store.staging import Incoming
from models import ModelError, load_detector
from tests.control_room import door as doors
from tests.control_room import flown
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions

PLAN = flying.Plan(40, fps=5, size_px=(1280, 720), speed_m_s=9.0, passes_max=1)


@pytest.fixture(scope="module", autouse=True)
def _has_model() -> None:
    try:
        load_detector("onnxruntime", "centernet-coco", 320, 0.3)
    except ModelError as error:
        pytest.skip(f"the detection model is not built: {error}")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    return filming.film(folder, "DJI_0001", ground.draw(5, (90.0, 30.0), 0.1, waste=4), PLAN, 5)


@pytest.fixture
def footage(door: doors.Door, film: Path) -> tuple[uuid.UUID, uuid.UUID]:
    """A flight with its video in the store and its telemetry read, as if an analysis had ended: flight, file."""
    flight_id = flown.add_flight(door)
    zone = Assumptions(ZoneInfo("Europe/Madrid"), "Europe/Madrid")
    samples = formats.read(film.with_suffix(".SRT"), zone).samples
    footage_id = flown.add_footage(door, flight_id, samples)
    content = film.read_bytes()
    with Incoming(door.room.store) as incoming:
        incoming.write(content)
        incoming.keep()
    with door.connection() as connection:
        connection.execute(
            "UPDATE footage SET sha256 = %s, bytes = %s, width_px = 1280, height_px = 720, media_type = 'video/mp4',"
            " read_at = created_at WHERE footage_id = %s",
            (incoming.sha256, len(content), footage_id),
        )
        connection.execute(
            "INSERT INTO analyses (analysis_id, flight_id, state, asked_at, asked_by, ended_at)"
            " VALUES (%s, %s, 'done', %s, 'room', %s)",
            (uuid.uuid4(), flight_id, door.clock(), door.clock()),
        )
    return flight_id, footage_id


def work(door: doors.Door) -> None:
    analyst.run(door.room.settings, threading.Event(), once=True)


def add(door: doors.Door, place: tuple[uuid.UUID, uuid.UUID], **more: Any) -> dict[str, Any]:
    flight_id, footage_id = place
    body = {"label": "sofà", "footage_id": str(footage_id), "time_s": 2.5, "box": [0.4, 0.5, 0.4, 0.5]} | more
    answer = door.as_person("pere").post(f"/api/v1/flights/{flight_id}/findings", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_was_added_by_hand_gets_its_picture_and_so_does_its_alert(
    door: doors.Door, footage: tuple[uuid.UUID, uuid.UUID]
) -> None:
    quick, slow = add(door, footage, confirm=True), add(door, footage, time_s=3.5, confirm=False)
    assert quick["picture_url"] is None
    marta = door.as_person("marta")
    [before] = marta.get("/api/v1/alerts").json()["items"]
    assert marta.get(f"/api/v1/alerts/{before['alert_id']}").json()["evidence"] == []
    work(door)
    told = door.rows(
        "SELECT payload ->> 'finding_id' AS id FROM stream WHERE kind = 'finding' ORDER BY stream.id DESC LIMIT 2"
    )
    assert {one["id"] for one in told} == {quick["finding_id"], slow["finding_id"]}
    answer = marta.get(f"/api/v1/findings/{quick['finding_id']}/picture")
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (720, 1280, 3)
    [evidence] = marta.get(f"/api/v1/alerts/{before['alert_id']}").json()["evidence"]
    assert (evidence["kind"], evidence["media_type"]) == ("snapshot", "image/jpeg")
    assert marta.get(f"/api/v1/evidence/{evidence['evidence_id']}").content == answer.content
    messages = door.rows("SELECT phase, sequence, message FROM events ORDER BY sequence")
    assert [(one["phase"], one["sequence"]) for one in messages] == [("opened", 1), ("updated", 2)]
    assert messages[1]["message"]["evidence"][0]["evidence_id"] == evidence["evidence_id"]
    confirmed = door.as_person("pere").post(f"/api/v1/findings/{slow['finding_id']}/confirm", json={"version": 1})
    assert confirmed.status_code == 200, confirmed.text
    assert len(door.rows("SELECT 1 FROM evidence")) == 2
    [counted] = door.rows("SELECT sum(opened) AS opened, sum(messages) AS messages FROM event_count_changes")
    assert (counted["opened"], counted["messages"]) == (2, 3)
    with door.connection() as connection:
        assert report.check(connection, door.room.store).is_sound


def test_a_video_gets_a_small_copy_that_needs_no_reason(
    door: doors.Door, footage: tuple[uuid.UUID, uuid.UUID], film: Path
) -> None:
    flight_id, footage_id = footage
    address = f"/api/v1/flights/{flight_id}/footage/{footage_id}/content"
    marta = door.as_person("marta")
    assert doors.problem(marta.get(address, params={"pixelated": True})) == (404, "not-pixelated")
    work(door)
    answer = marta.get(address, params={"pixelated": True})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert marta.get(address).status_code == 403  # the original needs one
    with av.open(io.BytesIO(answer.content), "r") as copy, av.open(str(film)) as original:
        stream, of = copy.streams.video[0], original.streams.video[0]
        assert (stream.width, stream.height) == (960, 540)
        times = [frame.time or 0.0 for frame in copy.decode(stream)]
        assert times[0] == 0.0
        assert times[-1] == pytest.approx(float((of.duration or 0) * (of.time_base or 0)), abs=0.3)
    listed = marta.get(f"/api/v1/flights/{flight_id}/footage").json()["items"]
    assert [one["has_pixelated"] for one in listed] == [True]
    first = door.rows("SELECT pixelated_sha256 FROM footage")
    work(door)  # nothing is left to do
    assert door.rows("SELECT pixelated_sha256 FROM footage") == first
    with door.connection() as connection:
        assert report.check(connection, door.room.store).is_sound


def test_what_cannot_be_decoded_is_tried_and_left(door: doors.Door, footage: tuple[uuid.UUID, uuid.UUID]) -> None:
    with Incoming(door.room.store) as incoming:
        incoming.write(b"no film at all")
        incoming.keep()
    with door.connection() as connection:
        given = (incoming.sha256, footage[1])
        connection.execute("UPDATE footage SET sha256 = %s, bytes = 14 WHERE footage_id = %s", given)
    finding = add(door, footage)
    work(door)
    assert door.as_person("pere").get(f"/api/v1/findings/{finding['finding_id']}").json()["picture_url"] is None
    assert door.rows("SELECT pixelated_sha256 FROM footage") == [{"pixelated_sha256": None}]
