"""The log over HTTP: replayed, complete before it is closed, changed with its history, told of in time, on paper."""

from __future__ import annotations

import csv
import io
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from control_room.flight_log import checks
from tests.control_room import door as doors
from tests.control_room import services
from tests.control_room.geozones.test_reading import zone

AT = "/api/v1/flight-log"
RING = [[1.0, 41.0], [1.01, 41.0], [1.01, 41.01], [1.0, 41.01], [1.0, 41.0]]


def geozone(**changes: Any) -> dict[str, Any]:
    volume = zone()["geometry"][0] | {"horizontalProjection": {"type": "Polygon", "coordinates": [RING]}}
    return {"features": [zone(geometry=[volume | {"upperVerticalReference": "AGL"}], **changes)]}


def fly(door: doors.Door, *, height_m: float = 61.0, at: datetime | None = None, **columns: Any) -> str:
    """A flight of pere's, west to east through the square, 30 samples a second apart and their simplified track."""
    flight_id, footage_id = uuid.uuid4(), uuid.uuid4()
    began = at or door.clock()
    places = [(began + timedelta(seconds=s), 0.9975 + 0.0005 * s, 41.005, height_m) for s in range(31)]
    track = [[when.isoformat(), lon, lat, height] for when, lon, lat, height in (places[0], places[-1])]
    values = {
        "flight_id": flight_id,
        "pilot": "pere",
        "state": "flown",
        "take_off_at": began,
        "landed_at": places[-1][0],
        "take_off_lat": 41.005,
        "take_off_lon": 0.9975,
        "track": Jsonb(track),
        "created_at": began,
        "created_by": "pere",
        "updated_at": began,
        **columns,
    }
    with door.connection() as connection:
        names = ", ".join(values)
        marks = ", ".join(["%s"] * len(values))
        connection.execute(f"INSERT INTO flights ({names}) VALUES ({marks})", list(values.values()))  # noqa: S608 - names of this file
        connection.execute(
            "INSERT INTO footage (footage_id, flight_id, name, bytes, kind, state, sha256, created_at, telemetry)"
            " VALUES (%s, %s, 'a.mp4', 1, 'video', 'ready', %s, %s, %s)",
            (footage_id, flight_id, "0" * 64, began, Jsonb({"rows": 31})),
        )
        for row, (when, lon, lat, height) in enumerate(places, 1):
            connection.execute(
                "INSERT INTO telemetry_samples (footage_id, at, row, lat, lon, rel_alt_m)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (footage_id, when, row, lat, lon, height),
            )
    return str(flight_id)


def authorise(door: doors.Door, **changes: Any) -> str:
    wanted = {
        "kind": "mobile",
        "authority": "DGAS",
        "reference": "DGAS/12",
        "purpose": "abocaments",
        "valid_from": (door.clock() - timedelta(days=3)).isoformat(),
        "valid_to": (door.clock() + timedelta(days=20)).isoformat(),
    }
    answer = door.as_person("anna").post("/api/v1/authorisations", json=wanted | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["authorisation_id"])


def told(item: dict[str, Any], began: datetime, *, without: str = "sight") -> list[tuple[str, str, float, float]]:
    def seconds(text: str) -> float:
        return round((datetime.fromisoformat(text) - began).total_seconds(), 2)

    return [
        (one["code"], one["level"], seconds(one["begins"]), seconds(one["ends"]))
        for one in item["items"]
        if one["code"] != without
    ]


def test_the_replay_is_kept_and_made_again_when_geozones_or_permission_change(door: doors.Door) -> None:
    pilot, began = door.as_person("pere"), door.clock()
    flight_id = fly(door)
    at = f"/api/v1/flights/{flight_id}/checks"
    nothing = pilot.get(at).json()
    assert (told(nothing, began), nothing["source"], nothing["permission"], nothing["datasets"]) == (
        [],
        "telemetry",
        "none",
        [],
    )
    door.clock.move(hours=1)
    assert pilot.get(at).json()["computed_at"] == nothing["computed_at"]
    door.as_person("anna").post("/api/v1/geozones/datasets", params={"source": "ENAIRE"}, json=geozone())
    found = pilot.get(at).json()
    assert told(found, began) == [("geozone", "serious", 5, 25)]
    one = next(one for one in found["items"] if one["zone"])
    assert (one["zone"]["identifier"], one["highest_m"], one["certain"], one["why"]) == (
        "LEXX",
        61,
        True,
        ["flat_ground"],
    )
    assert (one["zone"]["kind"], one["zone"]["phone"]) == ("REQ_AUTHORISATION", "1")
    assert [(set_["source"], set_["came_after"]) for set_ in found["datasets"]] == [("ENAIRE", True)]
    west = {"type": "Polygon", "coordinates": [[[0.9, 40.9], [1.005, 40.9], [1.005, 41.1], [0.9, 41.1], [0.9, 40.9]]]}
    permission = authorise(door, area=west, valid_to=(began + timedelta(seconds=20)).isoformat())
    pilot.patch(
        f"/api/v1/flights/{flight_id}", json={"version": 1, "authorisation_id": permission, "reason": "it was given"}
    )
    assert told(pilot.get(at).json(), began) == [
        ("geozone", "serious", 5, 25),
        ("outside_area", "serious", 15, 30),
        ("outside_dates", "serious", 20, 30),
    ]


def test_height_sight_and_doubts(door: doors.Door) -> None:
    pilot, began = door.as_person("pere"), door.clock()
    flight_id = fly(door, height_m=130)
    found = pilot.get(f"/api/v1/flights/{flight_id}/checks").json()
    rows = told(found, began, without="")
    assert [row[:2] for row in rows] == [("height", "serious"), ("sight", "look")]
    assert [row[2] for row in rows] == pytest.approx([0, 11.92], abs=0.05)
    assert (found["highest_m"], found["height_limit_m"], found["farthest_m"]) == (130, 120, pytest.approx(1259, abs=5))
    assert doors.problem(pilot.get(f"/api/v1/flights/{uuid.uuid4()}/checks")) == (404, "no-such-flight")


def test_lists_know_what_the_replay_found_without_anybody_asking(door: doors.Door) -> None:
    flight_id = fly(door)
    door.as_person("anna").post("/api/v1/geozones/datasets", params={"source": "ENAIRE"}, json=geozone())
    pilot = door.as_person("pere")

    def is_told() -> bool:
        item = pilot.get(f"{AT}/{flight_id}").json()
        return (item["serious"], item["to_look_at"]) == (1, 1)

    services.wait_until(is_told, 60, "the room's chores")
    with door.connection() as connection:
        assert checks.stale(connection, door.room.settings, limit=5) == []


def test_a_log_is_closed_when_it_is_complete_and_reopened_with_a_reason(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    drone = pilot.post("/api/v1/aircraft", json={"name": "Mavic 1"}).json()["aircraft_id"]
    flight_id = fly(door)
    at = f"{AT}/{flight_id}"
    refused = pilot.post(f"{at}/close", json={"version": 1})
    assert doors.problem(refused) == (422, "incomplete-log")
    needed = ["aircraft", "purpose", "risk_assessment", "line_of_sight", "permission", "preflight"]
    assert refused.json()["missing"] == needed
    said = {"aircraft_id": drone, "purpose": "riera", "risk_assessment": "R-3", "line_of_sight": True, "reason": "log"}
    pilot.patch(f"/api/v1/flights/{flight_id}", json=said | {"version": 1})
    checked = {"version": 2, "preflight": {"done": {"batteries": True}}}
    assert doors.problem(pilot.patch(at, json=checked)) == (422, "reason-missing")
    written = pilot.patch(at, json=checked | {"reason": "was done", "take_off_elevation_m": 68.5})
    assert (written.json()["missing"], written.json()["take_off_elevation_m"]) == (["permission"], 68.5)
    early = authorise(door, valid_to=(door.clock() - timedelta(days=1)).isoformat())
    pilot.patch(f"/api/v1/flights/{flight_id}", json={"version": 3, "authorisation_id": early, "reason": "x"})
    assert pilot.get(at).json()["missing"] == ["permission_dates"]
    right = authorise(door)
    pilot.patch(f"/api/v1/flights/{flight_id}", json={"version": 4, "authorisation_id": right, "reason": "x"})
    assert doors.problem(pilot.post(f"{at}/close", json={"version": 4})) == (409, "stale-version")
    closed = pilot.post(f"{at}/close", json={"version": 5}).json()
    assert (closed["state"], closed["version"], closed["missing"]) == ("closed", 6, [])
    assert doors.problem(pilot.patch(at, json=checked | {"version": 6, "reason": "x"})) == (409, "closed-log")
    assert doors.problem(pilot.post(f"{at}/close", json={"version": 6})) == (409, "closed-log")
    opened = pilot.post(f"{at}/reopen", json={"version": 6, "reason": "wrong purpose"}).json()
    assert (opened["state"], opened["closed_at"]) == ("flown", None)
    assert doors.problem(pilot.post(f"{at}/reopen", json={"version": 7, "reason": "x"})) == (409, "not-closed")
    history = door.rows("SELECT action, actor, reason FROM flight_history ORDER BY history_id DESC LIMIT 2")
    assert history == [
        {"action": "reopen", "actor": "pere", "reason": "wrong purpose"},
        {"action": "close", "actor": "pere", "reason": None},
    ]
    assert door.rows("SELECT count(*) AS n FROM audit WHERE action IN ('flight.close', 'flight.reopen')") == [{"n": 2}]


def test_anothers_flight_and_an_operator_change_nothing(door: doors.Door) -> None:
    flight_id = fly(door, pilot="nuria", created_by="nuria")
    at = f"{AT}/{flight_id}"
    assert doors.problem(door.as_person("pere").post(f"{at}/close", json={"version": 1}))[0] == 403
    assert doors.problem(door.as_person("marta").post(f"{at}/close", json={"version": 1})) == (403, "forbidden")
    assert door.as_person("pere").get(at).json()["may_change"] is False


def test_an_urgent_flight_has_a_day_and_its_notice_is_drafted(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    flight_id = fly(door, urgent_reason="foc a la riera")
    at = f"{AT}/{flight_id}"
    due = door.clock() + timedelta(hours=24)
    assert datetime.fromisoformat(pilot.get(at).json()["notice_due_at"]) == due
    (clock,) = pilot.get(f"{AT}/papers").json()["due"]
    assert (clock["item"], clock["article"], clock["is_late"]) == ("urgent_notice", "LO 7/2021 art. 17", False)
    door.clock.move(hours=11)
    assert pilot.get(f"{AT}/papers").json()["due"][0]["is_late"] is False
    for language in ("ca", "es", "en"):
        paper = pilot.get(f"{at}/notice.pdf", params={"language": language})
        assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    said = {"told_at": door.clock().isoformat(), "told_to": "DGAS", "register_number": "E-1"}
    item = pilot.post(f"{at}/notice", json=said).json()
    assert (item["told_to"], item["register_number"]) == ("DGAS", "E-1")
    assert pilot.get(f"{AT}/papers").json()["due"] == []
    assert doors.problem(pilot.post(f"{at}/notice", json=said)) == (409, "not-urgent")
    calm = fly(door)
    assert doors.problem(pilot.post(f"{AT}/{calm}/notice", json=said)) == (409, "not-urgent")
    assert doors.problem(pilot.get(f"{AT}/{calm}/notice.pdf")) == (409, "not-urgent")


def test_a_report_each_fortnight(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    fly(door, authorisation_id=authorise(door))
    fly(door, legal_regime="gdpr")
    upcoming = pilot.get(f"{AT}/papers").json()["next_report"]
    first, last = upcoming["covers_from"], upcoming["covers_to"]
    began = door.clock().date()
    assert (first, last) == (str(began), str(began + timedelta(days=14)))
    span = {"first": first, "last": last}
    table = pilot.get(f"{AT}/report.csv", params=span | {"language": "en"})
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [(row["Pilot"], row["Permission"]) for row in rows] == [("pere", "DGAS/12")]
    assert pilot.get(f"{AT}/report.pdf", params=span).content.startswith(b"%PDF-")
    sent = {"covers_from": first, "covers_to": last, "sent_at": door.clock().isoformat(), "sent_to": "Comissió"}
    report = pilot.post(f"{AT}/reports", json=sent)
    assert (report.status_code, report.json()["flights"]) == (201, 1)
    after = pilot.get(f"{AT}/papers").json()["next_report"]["covers_from"]
    assert after == str(began + timedelta(days=15))
    wrong = pilot.get(f"{AT}/report.pdf", params={"first": "2026-02-30", "last": last})
    assert doors.problem(wrong) == (422, "wrong-span")


def test_the_log_as_table_and_paper_holds_no_formula(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    fly(door, purpose="=HYPERLINK(1)", occurrences="cap")
    table = pilot.get(f"{AT}/export.csv", params={"language": "ca"}).content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(table))
    assert (row["Finalitat"], row["Durada"], row["take_off_utc"][-1]) == ("'=HYPERLINK(1)", "0:00:30", "Z")
    assert pilot.get(f"{AT}/export.pdf").content.startswith(b"%PDF-")
    assert door.rows("SELECT count(*) AS n FROM audit WHERE action = 'flight_log.export'") == [{"n": 2}]


def test_a_flight_is_planned_before_its_card_comes(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    area = {"type": "Polygon", "coordinates": [RING]}
    planned = {
        "purpose": "riera",
        "preflight": {"area": area, "height_m": 60, "zones": ["LEXX"], "done": {"weather": True}},
    }
    made = pilot.post(f"{AT}/planned", json=planned)
    assert made.status_code == 201, made.text
    assert (made.json()["state"], made.json()["preflight"]["height_m"], made.json()["pilot"]) == ("draft", 60, "pere")
    bad = {"area": {"type": "Polygon", "coordinates": [[[1, 1]]]}}
    assert doors.problem(pilot.post(f"{AT}/planned", json=planned | {"preflight": bad})) == (422, "bad-area")
    nobody = planned | {"aircraft_id": str(uuid.uuid4())}
    assert doors.problem(pilot.post(f"{AT}/planned", json=nobody)) == (422, "unknown-reference")


def test_batteries_and_pages(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    flights = [fly(door, at=door.clock() + timedelta(minutes=n)) for n in range(3)]
    battery = pilot.post("/api/v1/aircraft/batteries", json={"name": "A"}).json()["battery_id"]
    item = pilot.patch(f"{AT}/{flights[0]}", json={"version": 1, "battery_ids": [battery], "reason": "x"}).json()
    assert item["battery_names"] == ["A"]
    nobody = {"version": 2, "battery_ids": [str(uuid.uuid4())], "reason": "x"}
    assert doors.problem(pilot.patch(f"{AT}/{flights[0]}", json=nobody)) == (422, "unknown-reference")
    first = pilot.get(AT, params={"limit": 2}).json()
    rest = pilot.get(AT, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [one["flight_id"] for one in first["items"] + rest["items"]] == flights[::-1]
    assert json.dumps(rest["next_cursor"]) == "null"
    kept = datetime.fromisoformat(rest["items"][0]["kept_until"])
    assert kept.year == door.clock().year + 3
