"""Who may call what: each route says so, and is held to it."""

from __future__ import annotations

import uuid

import httpx
import pytest
from fastapi import APIRouter

from control_room import access
from control_room import app as room_app
from control_room.callers import Role
from tests.control_room import door as doors

SOME = str(uuid.UUID(int=7))
PUBLIC = {
    "DELETE /api/v1/live/sources/{source_id}/whip/{session_id}",
    "GET /api/v1/healthz",
    "GET /api/v1/live/sources/{source_id}/ice",
    "GET /api/v1/readyz",
    "GET /healthz",
    "GET /readyz",
    "GET /{path:path}",
    "HEAD /{path:path}",
    "PATCH /api/v1/live/sources/{source_id}/whip/{session_id}",
    "POST /api/v1/enrolments",
    "POST /api/v1/live/mediamtx/auth",
    "POST /api/v1/live/sources/{source_id}/whip",
    "POST /api/v1/session",
    "POST /api/v1/session/link",
}


def _allowed() -> dict[str, frozenset[Role]]:
    """Each route that asks, with the roles it serves."""
    return {
        f"{method} {path}": declared.roles
        for method, path, declared in access.declarations(room_app.routed())
        if isinstance(declared, access.Allow)
    }


def test_every_route_says_who_may_call_it() -> None:
    app = room_app.routed()
    declared = {f"{method} {path}": found for method, path, found in access.declarations(app)}
    assert [route for route, found in declared.items() if found is None] == []
    assert {route for route, found in declared.items() if isinstance(found, access.Public)} == PUBLIC
    assert len(declared) > 20


def test_a_route_without_a_word_stops_the_room() -> None:
    app = room_app.routed()
    forgotten = APIRouter(prefix="/api/v1/forgotten")

    @forgotten.get("")
    def everything() -> dict[str, str]:
        return {}

    app.include_router(forgotten)
    with pytest.raises(access.UndeclaredRouteError, match=r"GET /api/v1/forgotten does not say who may call it"):
        access.check(app)


def test_nobody_gets_in_where_his_role_is_not_served(door: doors.Door) -> None:
    clients = {Role(role): door.as_person(name) for name, role in doors.PEOPLE.items()}
    clients[Role.DEVICE] = door.as_device()
    refused = 0
    for route, roles in _allowed().items():
        method, _, path = route.partition(" ")
        path = path.replace("{alert_id}", SOME).replace("{evidence_id}", SOME).replace("{dead_letter_id}", SOME)
        path = path.replace("{command_id}", SOME).replace("{device_id}", "quay")
        if path == "/api/v1/stream":
            continue  # serves all people; tests/control_room/stream
        answer = door.client().request(method, path)
        assert _refusal(answer) == (401, "not-signed-in"), route
        for role, client in clients.items():
            answer = client.request(method, path)
            if role in roles:
                assert answer.status_code not in {401, 403}, f"{role}: {route}"
                if path == "/api/v1/session" and method == "DELETE":
                    clients = {**clients, role: door.as_person(_name(role))}
            else:
                assert _refusal(answer) == (403, "forbidden"), f"{role}: {route}"
                refused += 1
    assert refused > 20


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and name of a problem; a HEAD has no body to name it."""
    if answer.request.method != "HEAD":
        return doors.problem(answer)
    return answer.status_code, {401: "not-signed-in", 403: "forbidden"}.get(answer.status_code, "")


def _name(role: Role) -> str:
    return next(name for name, its in doors.PEOPLE.items() if its == role)


def test_a_change_needs_the_csrf_token_of_the_session(door: doors.Door) -> None:
    marta, anna = door.as_person("marta"), door.as_person("anna")
    path = f"/api/v1/alerts/{SOME}/acknowledge"
    for token in ("", "x", anna.headers["X-CSRF-Token"], "é"):
        headers = [(b"X-CSRF-Token", token.encode("latin-1"))]
        answer = marta.post(path, json={"version": 1}, headers=headers)
        assert doors.problem(answer) == (403, "wrong-csrf-token")
    assert doors.problem(marta.post(path, json={"version": 1})) == (404, "about:blank")


@pytest.mark.parametrize("given", ["Bearer quay.wrong", "Bearer .", "Bearer é.x", "bearer quay"])
def test_a_wrong_credential_of_a_device_is_refused(lasting_door: doors.Door, given: str) -> None:
    lasting_door.as_device()
    answer = lasting_door.client().put(
        f"/api/v1/evidence/{SOME}", content=b"x", headers=[(b"Authorization", given.encode("latin-1"))]
    )
    assert doors.problem(answer) == (401, "not-signed-in")


def test_a_device_may_have_points_in_its_name_and_is_out_once_revoked(door: doors.Door) -> None:
    device = door.as_device("quay.north.1")
    answer = device.put(f"/api/v1/evidence/{SOME}", content=b"x")
    assert answer.status_code == 201
    door.rows("UPDATE devices SET revoked_at = now() RETURNING 1")
    answer = device.put(f"/api/v1/evidence/{SOME}", content=b"x")
    assert doors.problem(answer) == (401, "not-signed-in")


def test_a_devices_credential_does_not_ride_on_a_session(door: doors.Door) -> None:
    """Of two credentials the device's counts, so that a person's cookie never lends it rights."""
    marta = door.as_person("marta")
    marta.headers["Authorization"] = door.as_device().headers["Authorization"]
    assert doors.problem(marta.get("/api/v1/alerts")) == (403, "forbidden")
