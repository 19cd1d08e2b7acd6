"""Permissions: as long as the law lets them be, extended once, warned of in time, taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from control_room.authorisations import limits
from tests.control_room import door as doors

AT = "/api/v1/authorisations"
MADRID = ZoneInfo("Europe/Madrid")


def wanted(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "mobile",
        "authority": "Direcció General d'Administració de Seguretat",
        "reference": "DGAS/12",
        "purpose": "abocaments a la riera",
        "valid_from": "2026-11-20T00:00:00+01:00",
        "valid_to": "2026-12-20T00:00:00+01:00",
    } | changes


def test_a_month_and_one_more_and_no_third(door: doors.Door) -> None:
    administrator = door.as_person("anna")
    first = administrator.post(AT, json=wanted())
    assert first.status_code == 201, first.text
    assert (first.json()["state"], first.json()["may_extend"]) == ("in_force", True)
    at = f"{AT}/{first.json()['authorisation_id']}/extend"
    longer = {"reference": "DGAS/13", "reason": "they go on", "valid_to": "2027-01-21T00:00:00+01:00"}
    assert doors.problem(administrator.post(at, json=longer)) == (422, "too-long")
    second = administrator.post(at, json=longer | {"valid_to": "2027-01-20T00:00:00+01:00"})
    assert second.status_code == 201, second.text
    assert second.json()["valid_from"] == "2026-12-19T23:00:00Z"
    assert (second.json()["state"], second.json()["may_extend"]) == ("coming", False)
    assert doors.problem(administrator.post(at, json=longer)) == (409, "not-extendable")
    again = f"{AT}/{second.json()['authorisation_id']}/extend"
    assert doors.problem(administrator.post(again, json=longer)) == (409, "not-extendable")
    assert [row["action"] for row in second.json()["history"]] == ["extend"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"valid_to": "2026-12-20T00:00:01+01:00"}, "too-long"),
        ({"kind": "fixed", "valid_to": "2027-11-21T00:00:00+01:00"}, "too-long"),
        ({"valid_to": "2026-11-20T00:00:00+01:00"}, "wrong-dates"),
        ({"area": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}}, "bad-area"),
        ({"area": {"type": "Polygon", "coordinates": [[[1, 2], [300, 4], [5, 5]]]}}, "bad-area"),
    ],
)
def test_what_the_law_does_not_let_be(lasting_door: doors.Door, changes: dict[str, Any], name: str) -> None:
    assert doors.problem(lasting_door.as_person("anna").post(AT, json=wanted(**changes))) == (422, name)


def test_a_fixed_one_lasts_a_year_and_asks_for_its_renewal(door: doors.Door) -> None:
    administrator = door.as_person("anna")
    fixed = wanted(kind="fixed", valid_from="2026-02-05T00:00:00+01:00", valid_to="2027-02-05T00:00:00+01:00")
    item = administrator.post(AT, json=fixed).json()
    seen: dict[str | None, int] = {}
    for _ in range(24):
        door.clock.move(days=1)
        found = door.as_person("pere").get(f"{AT}/{item['authorisation_id']}").json()
        seen.setdefault(found["warning"], found["days_left"])
    assert (seen["renew_soon"], seen["renew_now"]) == (74, 59)


def test_taken_back(door: doors.Door) -> None:
    administrator, pilot = door.as_person("anna"), door.as_person("pere")
    item = administrator.post(AT, json=wanted()).json()
    at = f"{AT}/{item['authorisation_id']}/revoke"
    assert doors.problem(pilot.post(at, json={"reason": "x"})) == (403, "forbidden")
    assert administrator.post(at, json={"reason": "by court"}).json()["state"] == "revoked"
    assert doors.problem(administrator.post(at, json={"reason": "x"})) == (409, "already-revoked")
    assert pilot.get(AT, params={"in_force": "true"}).json()["items"] == []
    assert len(pilot.get(AT, params={"over": "true"}).json()["items"]) == 1
    written = door.rows("SELECT action, reason FROM audit WHERE action ~ '^authorisation' ORDER BY audit_id")
    assert written == [
        {"action": "authorisation.add", "reason": None},
        {"action": "authorisation.revoke", "reason": "by court"},
    ]


def test_pages(door: doors.Door) -> None:
    administrator = door.as_person("anna")
    for day in (10, 11, 12):
        administrator.post(AT, json=wanted(valid_to=f"2026-12-{day}T00:00:00Z", reference=str(day)))
    first = administrator.get(AT, params={"limit": 2}).json()
    rest = administrator.get(AT, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["reference"] for item in first["items"] + rest["items"]] == ["12", "11", "10"]
    assert rest["next_cursor"] is None


def test_months_are_the_towns() -> None:
    january = datetime(2027, 1, 30, 23, 0, tzinfo=UTC)
    assert limits.months_after(january, 1, MADRID) == datetime(2027, 2, 27, 23, 0, tzinfo=UTC)
    spring = datetime(2027, 3, 14, 23, 0, tzinfo=UTC)
    assert limits.months_after(spring, 1, MADRID) == datetime(2027, 4, 14, 22, 0, tzinfo=UTC)
