"""Sites by the room's door: what joins them, what people do to them, and the next flight over them."""

from __future__ import annotations

import uuid
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.control_room import door as doors
from tests.control_room import flown

KML = "{http://www.opengis.net/kml/2.2}"


def _confirmed(door: doors.Door, east_m: float, **changes: Any) -> dict[str, Any]:
    """A finding so far east of take-off, of a flight of its own."""
    finding_id = flown.add_candidate(door, flown.add_flight(door), **flown.at(east_m), **changes)
    answer = door.as_person("marta").post(f"/api/v1/findings/{finding_id}/confirm", json={"version": 1})
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def _sites(client: httpx.Client, **params: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/sites", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_what_is_seen_again_is_the_same_site(door: doors.Door) -> None:
    one = _confirmed(door, 0.0)
    other = _confirmed(door, 8.0, seen_at=flown.seen_at(days=3))
    _confirmed(door, 200.0)
    assert one["site_id"] == other["site_id"]
    marta = door.as_person("marta")
    far, near = sorted(_sites(marta), key=lambda each: int(each["findings"]))
    assert (near["findings"], far["findings"]) == (2, 1)
    assert near["first_seen_at"] < near["last_seen_at"]
    assert near["ce90_m"] < 4.0
    visits = marta.get(f"/api/v1/sites/{near['site_id']}").json()["visits"]
    assert [visit["finding_id"] for visit in visits] == [other["finding_id"], one["finding_id"]]


def test_a_camera_of_the_same_place_joins_it(door: doors.Door) -> None:
    site_id = _confirmed(door, 0.0)["site_id"]
    marta = door.as_person("marta")
    alert = door.alert(location={**flown.at(6.0), "accuracy_m": 8})
    body = {"version": 1, "reason": "confirmed"}
    assert marta.post(f"/api/v1/alerts/{alert['alert_id']}/close", json=body).status_code == 200
    (site,) = _sites(marta)
    assert (site["site_id"], site["findings"], site["alerts"]) == (site_id, 1, 1)
    reopened = marta.post(f"/api/v1/alerts/{alert['alert_id']}/reopen", json={"version": 2, "reason": "wrong street"})
    assert reopened.status_code == 200
    assert _sites(marta)[0]["alerts"] == 0
    loitering = door.alert(rule="loitering", event_id=str(uuid.UUID(int=9)), sequence=2, attributes={})
    marta.post(f"/api/v1/alerts/{loitering['alert_id']}/close", json=body)
    assert len(_sites(marta)) == 1, "somebody who waits is no dump"


def test_what_comes_after_a_cleaning_makes_it_recurring(door: doors.Door) -> None:
    site_id = _confirmed(door, 0.0)["site_id"]
    marta = door.as_person("marta")
    before = marta.get(f"/api/v1/sites/{site_id}").json()
    body = {"version": 1, "status": "cleaned", "name": "Camí del riu", "waste_classes": ["20 03 07", "16 01 03"]}
    cleaned = marta.patch(f"/api/v1/sites/{site_id}", json={**body, "reason": "crew 4"}).json()
    assert (cleaned["status"], cleaned["name"], cleaned["version"]) == (
        "cleaned",
        "Camí del riu",
        before["version"] + 1,
    )
    assert cleaned["visits"][0]["note"] == "open -> cleaned: crew 4"
    _confirmed(door, 3.0, seen_at=flown.seen_at(days=-1))
    assert marta.get(f"/api/v1/sites/{site_id}").json()["status"] == "cleaned", "that was before the cleaning"
    door.clock.move(days=2)
    _confirmed(door, 3.0, seen_at=flown.seen_at(days=2))
    assert door.as_person("marta").get(f"/api/v1/sites/{site_id}").json()["status"] == "recurring"


def test_the_second_of_two_who_change_it_gets_the_present_site(door: doors.Door) -> None:
    site_id = _confirmed(door, 0.0)["site_id"]
    marta = door.as_person("marta")
    assert marta.patch(f"/api/v1/sites/{site_id}", json={"version": 1, "note": "by the bridge"}).status_code == 200
    stale = marta.patch(f"/api/v1/sites/{site_id}", json={"version": 1, "note": "by the wall"})
    assert (stale.status_code, stale.json()["site"]["note"]) == (409, "by the bridge")
    wrong = marta.patch(f"/api/v1/sites/{site_id}", json={"version": 2, "waste_classes": ["sofas"]})
    assert wrong.status_code == 422
    assert marta.patch(f"/api/v1/sites/{uuid.UUID(int=1)}", json={"version": 1}).status_code == 404


def test_two_that_are_one_place_are_joined_by_hand(door: doors.Door) -> None:
    one, other = _confirmed(door, 0.0), _confirmed(door, 30.0)
    marta = door.as_person("marta")
    body = {"version": 1, "into": other["site_id"]}
    merged = marta.post(f"/api/v1/sites/{one['site_id']}/merge", json=body)
    assert (merged.status_code, merged.json()["findings"]) == (200, 2)
    assert [site["site_id"] for site in _sites(marta)] == [other["site_id"]]
    assert marta.get(f"/api/v1/sites/{one['site_id']}").status_code == 404
    assert marta.get(f"/api/v1/findings/{one['finding_id']}").json()["site_id"] == other["site_id"]
    itself = {"version": 1, "into": other["site_id"]}
    assert marta.post(f"/api/v1/sites/{other['site_id']}/merge", json=itself).status_code == 422


def test_sites_are_found_by_name_state_and_place_and_paged(door: doors.Door) -> None:
    marta = door.as_person("marta")
    for number in range(5):
        _confirmed(door, 100.0 * number, seen_at=flown.seen_at(hours=-number))
    found, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = marta.get("/api/v1/sites", params=params).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [site["lon"] for site in found] == sorted(site["lon"] for site in found), "the last seen first"
    first = found[0]
    marta.patch(f"/api/v1/sites/{first['site_id']}", json={"version": 1, "name": "100% Riu_2", "status": "ordered"})
    assert [site["name"] for site in _sites(marta, q="100%")] == ["100% Riu_2"]
    assert _sites(marta, q="_") == _sites(marta, q="riu_"), "signs of a pattern are letters like any other"
    assert len(_sites(marta, status="ordered")) == 1
    assert len(_sites(marta, box="1.2440,41.118,1.2460,41.120")) == 2


@pytest.mark.parametrize("path", ["plan.geojson", "plan.kml"])
def test_the_next_flight_goes_over_what_needs_a_look(door: doors.Door, path: str) -> None:
    marta = door.as_person("marta")
    for east_m in (400.0, 100.0, 300.0, 200.0):
        _confirmed(door, east_m, seen_at=flown.seen_at(days=-30))
    clean = _confirmed(door, 500.0, seen_at=flown.seen_at(days=-30))["site_id"]
    seen_lately = _confirmed(door, 600.0, seen_at=flown.seen_at(days=-1))["site_id"]
    start = flown.at(0.0)
    params = {"start_lat": start["lat"], "start_lon": start["lon"], "days": 7, "height_m": 50}
    answer = marta.get(f"/api/v1/sites/{path}", params=params)
    assert answer.status_code == 200
    if path.endswith("kml"):
        marks = ET.fromstring(answer.content).findall(f".//{KML}Point/{KML}coordinates")  # noqa: S314 - our own answer
        places = [tuple(map(float, (mark.text or "").split(","))) for mark in marks]
        assert {place[2] for place in places} == {50.0}
    else:
        collection = answer.json()
        points = [each for each in collection["features"] if each["geometry"]["type"] == "Point"]
        places = [tuple(each["geometry"]["coordinates"]) for each in points]
        assert collection["length_m"] == pytest.approx(1000.0, rel=0.01)
        assert seen_lately not in {each["properties"]["site_id"] for each in points}
        assert clean in {each["properties"]["site_id"] for each in points}
    lons = [place[0] for place in places]
    turn = lons.index(max(lons))
    assert len(lons) == 5
    assert lons[:turn] == sorted(lons[:turn])
    assert lons[turn:] == sorted(lons[turn:], reverse=True)


def test_a_flight_over_nothing_is_an_empty_plan(door: doors.Door) -> None:
    collection = door.as_person("marta").get("/api/v1/sites/plan.geojson").json()
    assert (collection["features"], collection["length_m"]) == ([], 0.0)
    assert door.as_person("marta").get("/api/v1/sites/plan.kml", params={"height_m": 500}).status_code == 422
