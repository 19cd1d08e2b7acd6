"""Before take-off: zones over the area while they apply, the height that is free, permissions, what is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.control_room import door as doors
from tests.control_room.geozones.test_reading import zone

AT = "/api/v1/preflight"
HERE = {"type": "Polygon", "coordinates": [[[1.24, 41.11], [1.25, 41.11], [1.25, 41.12], [1.24, 41.12], [1.24, 41.11]]]}
WIDE = {"type": "Polygon", "coordinates": [[[1.2, 41.0], [1.3, 41.0], [1.3, 41.2], [1.2, 41.2], [1.2, 41.0]]]}


def wanted(door: doors.Door, **changes: Any) -> dict[str, Any]:
    begins = door.clock() + timedelta(hours=1)
    span = {"begins": begins.isoformat(), "ends": (begins + timedelta(hours=1)).isoformat()}
    return {"area": HERE, "height_m": 60, **span, **changes}


def volume(lower: float, reference: str = "AGL") -> dict[str, Any]:
    flat = {"type": "Polygon", "coordinates": WIDE["coordinates"]}
    limits = {"lowerLimit": lower, "lowerVerticalReference": reference, "upperLimit": None}
    return {"uomDimensions": "M", **limits, "horizontalProjection": flat}


def put(door: doors.Door, *zones: dict[str, Any]) -> None:
    answer = door.as_person("anna").post(
        "/api/v1/geozones/datasets", params={"source": "ENAIRE"}, json={"features": list(zones)}
    )
    assert answer.status_code == 201, answer.text


def permit(door: doors.Door, area: dict[str, Any] | None, **changes: Any) -> None:
    given = {
        "kind": "mobile",
        "authority": "DGAS",
        "reference": "DGAS/12",
        "purpose": "abocaments",
        "area": area,
        "valid_from": (door.clock() - timedelta(days=1)).isoformat(),
        "valid_to": (door.clock() + timedelta(days=20)).isoformat(),
    }
    assert door.as_person("anna").post("/api/v1/authorisations", json=given | changes).status_code == 201


def test_nothing_is_known_and_nothing_is_permitted(door: doors.Door) -> None:
    answer = door.as_person("pere").post(AT, json=wanted(door))
    assert answer.status_code == 200, answer.text
    assert answer.json()["missing"] == ["permission", "geozones"]
    assert (answer.json()["zones"], answer.json()["free_below_m"]) == ([], 120)


def test_zones_by_height_and_time(door: doors.Door) -> None:
    over = [{"permanent": "NO", "endDateTime": "2020-01-01T00:00:00Z"}]
    put(
        door,
        zone(identifier="LOW", restriction="CONDITIONAL", geometry=[volume(0)]),
        zone(identifier="HIGH", geometry=[volume(80)]),
        zone(identifier="SEA", geometry=[volume(300, "AMSL")]),
        zone(identifier="OVER", geometry=[volume(0)], applicability=over),
    )
    permit(door, WIDE)
    pilot = door.as_person("pere")
    found = pilot.post(AT, json=wanted(door)).json()
    assert [(one["identifier"], one["meets"], one["level"]) for one in found["zones"]] == [
        ("HIGH", "above", "look"),
        ("LOW", "yes", "look"),
        ("SEA", "cannot_tell", "look"),
    ]
    assert (found["free_below_m"], found["missing"]) == (80, [])
    assert [(one["covers_dates"], one["covers_area"]) for one in found["permissions"]] == [(True, "whole")]
    higher = pilot.post(AT, json=wanted(door, height_m=130)).json()
    assert higher["zones"][0]["level"] == "serious"
    assert higher["missing"] == ["zone_authorisation", "too_high"]


def test_a_permission_for_a_part_or_another_time_is_not_enough(door: doors.Door) -> None:
    half = [[1.2, 41.0], [1.245, 41.0], [1.245, 41.2], [1.2, 41.2], [1.2, 41.0]]
    permit(door, {"type": "Polygon", "coordinates": [half]})
    short = (door.clock() + timedelta(minutes=90)).isoformat()
    permit(door, None, valid_to=short, reference="DGAS/13")
    answer = door.as_person("pere").post(AT, json=wanted(door)).json()
    said = {one["reference"]: (one["covers_dates"], one["covers_area"]) for one in answer["permissions"]}
    assert said == {"DGAS/12": (True, "part"), "DGAS/13": (False, "whole")}
    assert "permission" in answer["missing"]


def test_night_old_zones_and_a_grounded_aircraft(door: doors.Door) -> None:
    put(door, zone(geometry=[volume(400)]))
    door.clock.move(days=46)
    pilot = door.as_person("pere")
    drone = pilot.post("/api/v1/aircraft", json={"name": "M"}).json()["aircraft_id"]
    defect = {"kind": "defect", "found_at": door.clock().isoformat(), "what": "arm", "grounds": True}
    pilot.post(f"/api/v1/aircraft/{drone}/records", json=defect)
    evening = wanted(door, aircraft_id=drone, ends=(door.clock() + timedelta(hours=10)).isoformat())
    answer = pilot.post(AT, json=evening).json()
    assert answer["missing"] == ["permission", "old_geozones", "night", "grounded"]
    assert len(answer["nights"]) == 1


def test_bad_wishes_and_the_pack(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    backwards = wanted(door, ends=door.clock().isoformat())
    assert doors.problem(pilot.post(AT, json=backwards)) == (422, "wrong-time")
    nowhere = {"type": "Polygon", "coordinates": [[[1, 1], [2, 2]]]}
    assert doors.problem(pilot.post(AT, json=wanted(door, area=nowhere))) == (422, "bad-area")
    put(door, zone(geometry=[volume(0)]))
    permit(door, None)
    pack = pilot.get(f"{AT}/pack").json()
    assert [one["properties"]["identifier"] for one in pack["zones"]] == ["LEXX"]
    assert [one["reference"] for one in pack["permissions"]] == ["DGAS/12"]
    assert [one["source"] for one in pack["datasets"]] == ["ENAIRE"]
