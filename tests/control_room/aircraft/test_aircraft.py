"""Aircraft, batteries and defects: counted from the flights, changed by one person at a time."""

from __future__ import annotations

import uuid
from typing import Any

from tests.control_room import door as doors

AT = "/api/v1/aircraft"


def fly(door: doors.Door, aircraft_id: str, minutes: int, battery_id: str | None = None) -> str:
    """A flight of so many minutes, as the room would keep it."""
    flight_id = uuid.uuid4()
    now = door.clock()
    with door.connection() as connection:
        connection.execute(
            "INSERT INTO flights (flight_id, pilot, aircraft_id, take_off_at, landed_at, created_at, created_by,"
            " updated_at) VALUES (%s, 'pere', %s, %s, %s::timestamptz + make_interval(mins => %s), %s, 'pere', %s)",
            (flight_id, aircraft_id, now, now, minutes, now, now),
        )
        if battery_id is not None:
            connection.execute("INSERT INTO flight_batteries VALUES (%s, %s)", (flight_id, battery_id))
    return str(flight_id)


def test_hours_and_cycles_are_counted_from_flights(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    added = pilot.post(AT, json={"name": "Mavic 1", "serial_number": "S1", "hours_before": 10.5})
    assert added.status_code == 201, added.text
    drone = added.json()["aircraft_id"]
    battery = pilot.post(f"{AT}/batteries", json={"name": "A", "cycles_before": 7, "cycles_limit": 200}).json()
    for minutes in (30, 15):
        fly(door, drone, minutes, battery["battery_id"])
    item = pilot.get(f"{AT}/{drone}").json()
    assert (item["flights"], item["hours"], item["grounded"]) == (2, 11.25, False)
    (counted,) = pilot.get(f"{AT}/batteries", params={"aircraft_id": drone}).json()["items"]
    assert (counted["cycles"], counted["hours"]) == (9, 0.75)


def test_a_change_names_the_version_that_was_seen(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    item = pilot.post(AT, json={"name": "Mavic 1", "serial_number": "S1"}).json()
    at = f"{AT}/{item['aircraft_id']}"
    changed = pilot.put(at, json={"name": "Mavic one", "version": 1, "retired": True}).json()
    assert (changed["name"], changed["serial_number"], changed["version"]) == ("Mavic one", None, 2)
    assert changed["retired_at"] is not None
    stale = pilot.put(at, json={"name": "other", "version": 1})
    assert doors.problem(stale) == (409, "stale-version")
    assert stale.json()["aircraft"]["name"] == "Mavic one"
    assert pilot.get(AT, params={"retired": "false"}).json()["items"] == []
    pilot.post(AT, json={"name": "b", "serial_number": "S2"})
    assert doors.problem(pilot.post(AT, json={"name": "c", "serial_number": "S2"})) == (409, "same-serial-number")
    assert doors.problem(door.as_person("marta").post(AT, json={"name": "c"})) == (403, "forbidden")


def test_a_defect_grounds_until_it_is_mended(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    drone = pilot.post(AT, json={"name": "Mavic 1"}).json()["aircraft_id"]
    found: dict[str, Any] = {"kind": "defect", "found_at": "2026-11-20T10:00:00Z", "what": "cracked arm"}
    record = pilot.post(f"{AT}/{drone}/records", json=found | {"grounds": True})
    assert record.status_code == 201, record.text
    pilot.post(f"{AT}/{drone}/records", json=found | {"kind": "inspection", "what": "yearly"})
    assert pilot.get(f"{AT}/{drone}").json()["grounded"] is True
    at = f"{AT}/{drone}/records/{record.json()['record_id']}/settle"
    assert pilot.post(at, json={"how": "new arm"}).json()["settled_by"] == "pere"
    assert doors.problem(pilot.post(at, json={"how": "again"}))[0] == 404
    assert (pilot.get(f"{AT}/{drone}").json()["grounded"], pilot.get(f"{AT}/{drone}").json()["open_defects"]) == (
        False,
        0,
    )
    listed = pilot.get(f"{AT}/{drone}/records", params={"limit": 1}).json()
    assert [row["what"] for row in listed["items"]] == ["yearly"]
    rest = pilot.get(f"{AT}/{drone}/records", params={"cursor": listed["next_cursor"]}).json()
    assert [row["what"] for row in rest["items"]] == ["cracked arm"]
    wrong = pilot.post(f"{AT}/{drone}/records", json=found | {"kind": "repair", "grounds": True})
    assert doors.problem(wrong)[0] == 422
    nobodys = pilot.post(f"{AT}/{drone}/records", json=found | {"battery_id": str(uuid.uuid4())})
    assert doors.problem(nobodys) == (422, "unknown-reference")
