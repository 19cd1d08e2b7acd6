"""Who may watch which camera: a list for each user, asked by every route that shows a picture."""

from __future__ import annotations

import hashlib
import io
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from PIL import Image

from control_room.store.staging import Incoming
from tests.control_room import door as doors
from tests.control_room import flown, messages

CLIP = bytes(range(256)) * 100
LIST = "/api/v1/users/marta/cameras"
ONLY_QUAY = {"all": False, "cameras": [{"device_id": "quay", "camera_id": "porta"}], "flights": False}


@dataclass
class Town:
    """An alert with a clip of the camera `placa` of `quay`, a second camera `porta`, and the people."""

    door: doors.Door
    alert: dict[str, Any]
    clip_url: str
    marta: httpx.Client
    anna: httpx.Client

    def restrict(self, **changes: Any) -> None:
        self.anna.put(LIST, json={**ONLY_QUAY, **changes}).raise_for_status()


@pytest.fixture
def town(door: doors.Door) -> Town:
    reference = messages.evidence("clip", sha256=hashlib.sha256(CLIP).hexdigest(), bytes=len(CLIP))
    alert = door.alert(evidence=[reference])
    door.ingest(messages.event(camera_id="porta", sequence=2))
    url = f"/api/v1/evidence/{reference['evidence_id']}"
    door.as_device().put(url, content=CLIP).raise_for_status()
    return Town(door, alert, url, door.as_person("marta"), door.as_person("anna"))


def test_all_may_watch_all_until_somebody_says_otherwise(town: Town) -> None:
    assert town.anna.get(LIST).json() == {"user": "marta", "all": True, "flights": True, "cameras": []}
    assert town.marta.get("/api/v1/viewing/cameras").json()["all"] is True
    assert town.marta.get(town.clip_url).content == CLIP
    assert town.marta.get("/api/v1/cameras").json()["not_watched"] == []


def test_only_administrators_say_who_may_watch_and_it_is_written_down(town: Town) -> None:
    assert doors.problem(town.marta.get(LIST)) == (403, "forbidden")
    assert doors.problem(town.marta.put(LIST, json={"all": True})) == (403, "forbidden")
    assert town.anna.put(LIST, json=ONLY_QUAY).json() == {"user": "marta", **ONLY_QUAY}
    row = town.door.rows("SELECT * FROM audit WHERE action = 'user.set_cameras'")[0]
    assert (row["actor"], row["object_id"]) == ("anna", "marta")
    assert row["detail"] == {
        "before": {"all": True, "flights": True, "cameras": []},
        "after": {"all": False, "flights": False, "cameras": ["quay/porta"]},
    }
    assert town.anna.put(LIST, json={"all": True}).json()["cameras"] == []


def test_what_is_not_there_is_said(town: Town) -> None:
    nobody = "/api/v1/users/nobody/cameras"
    assert doors.problem(town.anna.get(nobody)) == (404, "no-such-user")
    assert doors.problem(town.anna.put(nobody, json={"all": True})) == (404, "no-such-user")
    unknown = {**ONLY_QUAY, "cameras": [{"device_id": "quay", "camera_id": "moon"}]}
    assert doors.problem(town.anna.put(LIST, json=unknown)) == (422, "no-such-camera")
    assert doors.problem(town.anna.put(LIST, json={**ONLY_QUAY, "all": True})) == (422, "about:blank")
    assert town.anna.get(LIST).json()["all"] is True


def test_evidence_of_another_camera_is_refused_and_not_written_down(town: Town) -> None:
    town.restrict()
    refused = town.marta.get(town.clip_url)
    assert doors.problem(refused) == (403, "not-your-camera")
    assert (refused.json()["device_id"], refused.json()["camera_id"]) == ("quay", "placa")
    assert doors.problem(town.marta.get(f"{town.clip_url}?reason=please")) == (403, "not-your-camera")
    assert town.door.rows("SELECT * FROM audit WHERE action = 'evidence.play'") == []
    town.restrict(cameras=[{"device_id": "quay", "camera_id": "placa"}])
    assert town.marta.get(town.clip_url).content == CLIP


def test_lists_mark_what_one_may_not_watch(town: Town) -> None:
    town.restrict()
    cameras = town.marta.get("/api/v1/cameras").json()
    assert cameras["not_watched"] == [{"device_id": "quay", "camera_id": "placa"}]
    assert {each["camera_id"] for each in cameras["items"]} == {"placa", "porta"}
    alerts = {each["camera_id"]: each for each in town.marta.get("/api/v1/alerts").json()["items"]}
    assert alerts["placa"]["clip_url"] is None
    path = f"/api/v1/alerts/{town.alert['alert_id']}"
    detail = town.marta.get(path).json()
    assert [each["url"] for each in detail["evidence"]] == [None]
    acted = town.marta.post(f"{path}/acknowledge", json={"version": 1}).json()
    assert (acted["state"], acted["clip_url"], acted["evidence"][0]["url"]) == ("acknowledged", None, None)
    assert town.anna.get(path).json()["clip_url"] == town.clip_url


def test_nothing_is_ordered_of_a_camera_that_one_may_not_watch(town: Town) -> None:
    town.restrict()
    order = {"kind": "snapshot", "arguments": {"camera_id": "placa"}, "reason": "to see"}
    answer = town.marta.post("/api/v1/devices/quay/commands", json=order)
    assert doors.problem(answer) == (403, "not-your-camera")


@pytest.fixture
def flight(door: doors.Door) -> dict[str, str]:
    """Addresses of all pictures of a flight of Pere's."""
    flight_id = flown.add_flight(door)
    footage_id = flown.add_footage(door, flight_id)
    sha256 = _kept(door, _jpeg())
    finding_id = flown.add_candidate(door, flight_id, picture_sha256=sha256)
    site_id, visit_id = uuid.uuid4(), uuid.uuid4()
    with door.connection() as connection:
        connection.execute(
            "INSERT INTO sites (site_id, name, lat, lon, ce90_m, first_seen_at, last_seen_at, created_at, created_by)"
            " VALUES (%s, 'a', 41, 1, 4, %s, %s, %s, 'room')",
            (site_id, *[door.clock()] * 3),
        )
        connection.execute(
            "INSERT INTO site_visits (site_id, visit_id, kind, at, flight_id, after_sha256, actor)"
            " VALUES (%s, %s, 'look', %s, %s, %s, 'room')",
            (site_id, visit_id, door.clock(), flight_id, sha256),
        )
        connection.execute(
            "UPDATE footage SET pixelated_sha256 = %s, pixelated_bytes = %s WHERE footage_id = %s",
            (sha256, len(_jpeg()), footage_id),
        )
    return {
        "footage": f"/api/v1/flights/{flight_id}/footage/{footage_id}/content?pixelated=true",
        "finding": f"/api/v1/findings/{finding_id}/picture",
        "site": f"/api/v1/sites/{site_id}/visits/{visit_id}/after",
        "report": f"/api/v1/flights/{flight_id}/report.pdf",
    }


def _jpeg() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 36), "navy").save(written, "JPEG")
    return written.getvalue()


def _kept(door: doors.Door, content: bytes) -> str:
    with Incoming(door.room.store) as incoming:
        incoming.write(content)
        incoming.keep()
        return incoming.sha256


def test_what_drones_film_is_asked_for_too(door: doors.Door, flight: dict[str, str]) -> None:
    marta, anna, pere = (door.as_person(name) for name in ("marta", "anna", "pere"))
    for of, url in flight.items():
        assert marta.get(url).status_code == 200, of
    anna.put(LIST, json={"all": True, "flights": False}).raise_for_status()
    anna.put("/api/v1/users/pere/cameras", json={"all": True, "flights": False}).raise_for_status()
    for of, url in flight.items():
        assert doors.problem(marta.get(url)) == (403, "not-your-camera"), of
        assert pere.get(url).status_code == 200, f"his own flight's {of}"
    flown_by_another = flown.add_flight(door, pilot="anna")
    answer = pere.get(f"/api/v1/flights/{flown_by_another}/report.pdf")
    assert doors.problem(answer) == (403, "not-your-camera")


def test_a_device_watches_nothing(town: Town) -> None:
    device = town.door.as_device()
    assert doors.problem(device.get(town.clip_url)) == (403, "forbidden")
