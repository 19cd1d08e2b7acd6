"""Walls that are kept, by the room's public door: each person's own at any desk, the room's for all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from control_room.walls import service
from tests.control_room import door as doors

WALLS = "/api/v1/walls"
PLACA, MOLL = "camera/quay/placa", "camera/quay/moll"
DRONE = f"source/{uuid.UUID(int=7)}"


@pytest.fixture
def room(database_url: str, tmp_path: Path) -> Iterator[doors.Door]:
    with doors.opened(database_url, tmp_path) as opened:
        yield opened


def wall(*places: str | None, layout: str = "four", version: int | None = None) -> dict[str, Any]:
    return {"layout": layout, "places": places, "version": version}


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def named(answer: httpx.Response) -> list[tuple[str, bool]]:
    return [(item["name"], item["shared"]) for item in answer.json()["items"]]


def test_a_wall_is_there_at_the_next_desk_and_nobody_else_has_it(room: doors.Door) -> None:
    desk, other_desk, anna = room.as_person("marta"), room.as_person("marta"), room.as_person("anna")
    made = desk.put(f"{WALLS}/Nit, plaça i moll", json=wall(PLACA, None, MOLL, DRONE))
    assert made.status_code == 200, made.text
    assert (made.json()["version"], made.json()["changed_by"]) == (1, "marta")
    (found,) = other_desk.get(WALLS).json()["items"]
    assert (found["name"], found["shared"]) == ("Nit, plaça i moll", False)
    assert (found["layout"], found["places"]) == ("four", [PLACA, None, MOLL, DRONE])
    assert anna.get(WALLS).json()["items"] == []
    assert problem(anna.delete(f"{WALLS}/Nit, plaça i moll")) == (404, "no-such-wall")


def test_the_slower_of_two_desks_is_told_how_it_is_now(room: doors.Door) -> None:
    one, other = room.as_person("marta"), room.as_person("marta")
    one.put(f"{WALLS}/Nit", json=wall(PLACA))
    assert one.put(f"{WALLS}/Nit", json=wall(MOLL, version=1)).json()["version"] == 2
    late = other.put(f"{WALLS}/nit", json=wall(DRONE, version=1))
    assert problem(late) == (409, "wall-changed")
    assert (late.json()["wall"]["places"], late.json()["wall"]["version"]) == ([MOLL], 2)
    assert problem(other.put(f"{WALLS}/NIT", json=wall(DRONE))) == (409, "wall-changed"), "the name is taken"
    assert problem(other.put(f"{WALLS}/Dia", json=wall(DRONE, version=3))) == (404, "no-such-wall")
    assert other.get(WALLS).json()["items"][0]["places"] == [MOLL]


def test_the_rooms_walls_are_made_by_administrators_and_shown_to_all(room: doors.Door) -> None:
    marta, anna, pere = (room.as_person(name) for name in ("marta", "anna", "pere"))
    assert problem(marta.put(f"{WALLS}/shared/Festa", json=wall(PLACA))) == (403, "forbidden")
    assert anna.put(f"{WALLS}/shared/Festa", json=wall(PLACA)).status_code == 200
    marta.put(f"{WALLS}/Festa", json=wall(MOLL))
    assert named(marta.get(WALLS)) == [("Festa", False), ("Festa", True)]
    assert named(pere.get(WALLS)) == [("Festa", True)]
    assert problem(marta.delete(f"{WALLS}/shared/Festa")) == (403, "forbidden")
    assert anna.delete(f"{WALLS}/shared/Festa").status_code == 204
    assert named(marta.get(WALLS)) == [("Festa", False)]
    audited = room.rows("SELECT actor, action, object_id FROM audit WHERE action LIKE 'wall.%%' ORDER BY audit_id")
    assert [tuple(row.values()) for row in audited] == [
        ("anna", "wall.share", "Festa"),
        ("anna", "wall.delete", "Festa"),
    ]


def test_what_is_deleted_is_in_the_audit_as_it_was(room: doors.Door) -> None:
    marta = room.as_person("marta")
    marta.put(f"{WALLS}/Nit", json=wall(PLACA, layout="one"))
    assert marta.delete(f"{WALLS}/nit").status_code == 204
    assert marta.get(WALLS).json()["items"] == []
    assert problem(marta.delete(f"{WALLS}/nit")) == (404, "no-such-wall")
    (row,) = room.rows("SELECT object_id, detail FROM audit WHERE action = 'wall.delete'")
    assert row == {"object_id": "Nit", "detail": {"shared": False, "layout": "one", "places": [PLACA]}}


def test_a_person_keeps_so_many_and_no_more(room: doors.Door) -> None:
    marta = room.as_person("marta")
    answers = [marta.put(f"{WALLS}/wall {n}", json=wall(PLACA)).status_code for n in range(service.OWN_MOST)]
    assert set(answers) == {200}
    refused = marta.put(f"{WALLS}/one more", json=wall(PLACA))
    assert problem(refused) == (409, "too-many-walls")
    assert str(service.OWN_MOST) in refused.json()["detail"]
    assert marta.put(f"{WALLS}/wall 3", json=wall(MOLL, version=1)).status_code == 200, "what is kept may change"
    marta.delete(f"{WALLS}/wall 3")
    assert marta.put(f"{WALLS}/one more", json=wall(PLACA)).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        wall(layout="five"),
        wall(*[None] * 17),
        wall(PLACA, PLACA),
        wall("camera/quay"),
        wall("camera/quay/placa/sub"),
        wall("<script>"),
        wall(version=0),
        {"layout": "one"},
        {**wall(), "owner": "anna"},
    ],
)
def test_what_is_no_wall_is_refused(room: doors.Door, wanted: dict[str, Any]) -> None:
    marta = room.as_person("marta")
    assert marta.put(f"{WALLS}/Nit", json=wanted).status_code == 422
    assert marta.get(WALLS).json()["items"] == []


@pytest.mark.parametrize(
    ("name", "status"),
    [("7", 200), ("x" * 60, 200), ("x" * 61, 422), (" Nit", 422), ("Nit ", 422), ("%E2%80%A6", 422), ("a%00b", 422)],
)
def test_names(room: doors.Door, name: str, status: int) -> None:
    assert room.as_person("marta").put(f"{WALLS}/{name}", json=wall(PLACA)).status_code == status


def test_nobody_without_an_account_and_no_device(room: doors.Door) -> None:
    assert room.client().get(WALLS).status_code == 401
    assert room.as_device().get(WALLS).status_code == 403
    assert room.as_device().put(f"{WALLS}/Nit", json=wall(PLACA)).status_code == 403
