"""Geozones over HTTP: taken in whole or not at all, the old ones kept, found by box, kind and name."""

from __future__ import annotations

from typing import Any

from tests.control_room import door as doors
from tests.control_room.geozones.test_reading import RING, feature, zone

AT = "/api/v1/geozones"


def put(client: Any, document: Any, source: str = "ENAIRE") -> Any:
    return client.post(f"{AT}/datasets", params={"source": source}, json=document)


def test_a_newer_file_takes_the_place_of_the_older_which_stays(door: doors.Door) -> None:
    administrator, pilot = door.as_person("anna"), door.as_person("pere")
    first = put(administrator, {"features": [zone(), zone(identifier="LEYY", restriction="CONDITIONAL")], "title": "A"})
    assert first.status_code == 201, first.text
    assert (first.json()["version"], first.json()["zones"], first.json()["title"]) == (1, 2, "A")
    second = put(administrator, {"features": [zone(identifier="LEZZ")]})
    other = put(administrator, feature({"type": "Polygon", "coordinates": [RING]}), "town")
    assert (second.json()["version"], other.json()["doubts"]) == (2, ["no_layer"])
    present = [item["zone"]["identifier"] for item in pilot.get(AT).json()["items"]]
    assert present == ["LEZZ", "Z1"]
    old = pilot.get(AT, params={"dataset_id": first.json()["dataset_id"]}).json()["items"]
    assert [item["zone"]["identifier"] for item in old] == ["LEXX", "LEYY"]
    assert pilot.get(f"{AT}/{old[0]['geozone_id']}").json() == old[0]
    listed = pilot.get(f"{AT}/datasets").json()["items"]
    assert [(one["source"], one["version"], one["replaced_at"] is None) for one in listed] == [
        ("ENAIRE", 2, True),
        ("town", 1, True),
        ("ENAIRE", 1, False),
    ]
    assert (
        door.rows("SELECT actor, action FROM audit WHERE action = 'geozones.import'")
        == [{"actor": "anna", "action": "geozones.import"}] * 3
    )


def test_a_broken_file_changes_nothing_and_names_its_lines(door: doors.Door) -> None:
    administrator = door.as_person("anna")
    put(administrator, {"features": [zone()]})
    broken = put(administrator, {"features": [zone(), zone(identifier="BAD", geometry=[])]})
    assert doors.problem(broken) == (422, "bad-geozone-file")
    assert [(one["zone"], one["at"], one["cause"]) for one in broken.json()["faults"]] == [
        ("BAD", "geometry", "is empty")
    ]
    assert doors.problem(put(administrator, {"features": [zone()]})) == (409, "same-geozone-file")
    headers = {"Content-Type": "application/json"}
    no_json = administrator.post(f"{AT}/datasets", params={"source": "x"}, content=b'{"features": [\n', headers=headers)
    assert doors.problem(no_json) == (422, "bad-geozone-file")
    assert no_json.json()["faults"][0]["line"] == 2
    assert [item["zone"]["identifier"] for item in administrator.get(AT).json()["items"]] == ["LEXX"]
    assert doors.problem(put(door.as_person("pere"), {"features": [zone()]})) == (403, "forbidden")


def test_found_by_box_kind_name_and_page(door: doors.Door) -> None:
    far = [[lon + 2, lat] for lon, lat in RING]
    there = zone(identifier="FAR", name="Lluny")
    there["geometry"][0]["horizontalProjection"] = {"type": "Polygon", "coordinates": [far]}
    conditional = zone(identifier="NEAR2", restriction="CONDITIONAL")
    put(door.as_person("anna"), {"features": [zone(identifier="NEAR1"), conditional, there]})
    pilot = door.as_person("pere")

    def found(**params: Any) -> list[str]:
        return [item["zone"]["identifier"] for item in pilot.get(AT, params=params).json()["items"]]

    assert found(box="1.0,41.0,1.25,41.15") == ["NEAR1", "NEAR2"]
    assert found(kind="CONDITIONAL") == ["NEAR2"]
    assert found(search="lluny") == ["FAR"]
    page = pilot.get(AT, params={"limit": 2}).json()
    assert [item["zone"]["identifier"] for item in page["items"]] == ["FAR", "NEAR1"]
    assert found(cursor=page["next_cursor"]) == ["NEAR2"]
    drawn = pilot.get(f"{AT}/map", params={"box": "1.0,41.0,1.25,41.15"}).json()
    assert drawn["complete"]
    assert [one["properties"]["identifier"] for one in drawn["features"]] == ["NEAR1", "NEAR2"]
    assert drawn["features"][0]["geometry"]["coordinates"] == [RING]
    assert doors.problem(pilot.get(AT, params={"box": "1,2,0"})) == (422, "bad-box")
    assert doors.problem(pilot.get(AT, params={"box": "5,5,1,1"})) == (422, "bad-box")
