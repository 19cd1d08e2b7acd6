"""OGC API - Features - Part 1: Core: a map program finds its way from the landing page to each feature."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.control_room import door as doors
from tests.control_room import flown


def _links(content: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in content["links"]}


def _get(client: httpx.Client, address: str, **params: Any) -> dict[str, Any]:
    answer = client.get(address, params=params or None)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


@pytest.fixture
def client(door: doors.Door) -> httpx.Client:
    """With three confirmed findings at two sites, and a candidate that is nobody's business."""
    marta, flight_id = door.as_person("marta"), flown.add_flight(door)
    for hour, east_m in enumerate((0.0, 5.0, 500.0)):
        seen_at = flown.seen_at(hours=-hour)
        finding_id = flown.add_candidate(door, flight_id, **flown.at(east_m), seen_at=seen_at)
        assert marta.post(f"/api/v1/findings/{finding_id}/confirm", json={"version": 1}).status_code == 200
    flown.add_candidate(door, flight_id)
    return marta


def test_the_way_from_the_landing_page_to_a_feature(client: httpx.Client) -> None:
    landing = _get(client, "/api/v1/ogc")
    links = _links(landing)
    assert any(each.endswith("/conf/core") for each in _get(client, links["conformance"])["conformsTo"])
    described = client.get(links["service-desc"])
    assert described.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    assert "/api/v1/ogc/collections/{collection}/items" in described.json()["paths"]
    named = {each["id"]: _links(each) for each in _get(client, links["data"])["collections"]}
    assert set(named) == {"findings", "sites"}
    found = _get(client, named["findings"]["items"])
    assert (found["numberMatched"], found["numberReturned"]) == (3, 3)
    one = found["features"][0]
    assert one["geometry"]["type"] == "Point"
    again = client.get(f"{named['findings']['items']}/{one['id']}")
    assert again.headers["content-type"] == "application/geo+json"
    assert again.json()["properties"] == one["properties"]
    assert _links(again.json())["collection"] == named["findings"]["self"]


def test_pages_follow_each_other_by_their_links(client: httpx.Client) -> None:
    page = _get(client, "/api/v1/ogc/collections/findings/items", limit=2)
    seen = [each["id"] for each in page["features"]]
    assert "prev" not in _links(page)
    last = _get(client, _links(page)["next"])
    assert "next" not in _links(last)
    seen += [each["id"] for each in last["features"]]
    assert len(set(seen)) == 3
    assert _get(client, _links(last)["prev"])["features"][0]["id"] == seen[0]


def test_a_box_and_a_time_choose(client: httpx.Client) -> None:
    items = "/api/v1/ogc/collections/findings/items"
    assert _get(client, items, bbox="1.2440,41.118,1.2460,41.120")["numberMatched"] == 2
    noon = flown.seen_at().isoformat().replace("+00:00", "Z")
    assert _get(client, items, datetime=noon)["numberMatched"] == 1
    assert _get(client, items, datetime=f"{noon}/..")["numberMatched"] == 1
    assert _get(client, items, datetime=f"../{noon}")["numberMatched"] == 3
    sites = _get(client, "/api/v1/ogc/collections/sites/items")
    assert sorted(each["properties"]["findings"] for each in sites["features"]) == [1, 2]


@pytest.mark.parametrize("wrong", [{"datetime": "yesterday"}, {"bbox": "1,2,3"}, {"limit": 0}, {"limit": 100_000}])
def test_what_is_wrong_is_refused(client: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = client.get("/api/v1/ogc/collections/findings/items", params=wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_gets_anything_without_being_known(door: doors.Door) -> None:
    for path in ("", "/collections", "/collections/sites/items"):
        assert door.client().get(f"/api/v1/ogc{path}").status_code == 401
    assert door.as_person("marta").get("/api/v1/ogc/collections/people/items").status_code == 422
