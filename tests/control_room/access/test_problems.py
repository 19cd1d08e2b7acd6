"""Errors are RFC 9457 problem JSON, whatever goes wrong, and tell no secrets."""

from __future__ import annotations

import json
import logging

import httpx
import pytest
from fastapi import APIRouter

from control_room import access, limits
from tests.control_room import door as doors


def test_unknown_paths_and_methods(door: doors.Door) -> None:
    client = door.client()
    assert doors.problem(client.get("/api/v1/nothing")) == (404, "about:blank")
    assert doors.problem(client.get("/api")) == (404, "about:blank")
    answer = client.patch("/api/v1/session")
    assert doors.problem(answer) == (405, "about:blank")
    assert set(answer.headers["allow"].split(", ")) & {"GET", "POST", "DELETE"}


def test_what_is_wrong_with_a_request_is_said_by_field(door: doors.Door) -> None:
    answer = door.as_person("marta").get("/api/v1/alerts?limit=0&state=open&since=yesterday")
    assert doors.problem(answer) == (422, "about:blank")
    assert [fault["at"] for fault in answer.json()["errors"]] == ["query.state.0", "query.since", "query.limit"]


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 10_000, b"null", b'"x"', b'{"user": "\\ud800"}'])
def test_a_body_that_is_no_login(lasting_door: doors.Door, content: bytes) -> None:
    answer = lasting_door.client().post(
        "/api/v1/session", content=content, headers={"content-type": "application/json"}
    )
    status, _ = doors.problem(answer)
    assert status in {400, 422}


def test_a_large_body_is_refused_by_its_length_and_while_it_comes(door: doors.Door) -> None:
    client = door.client()
    content = json.dumps({"user": "marta", "password": "x" * limits.USUAL_BYTES}).encode()
    json_type = {"content-type": "application/json"}
    answer = client.post("/api/v1/session", content=content, headers=json_type)
    assert doors.problem(answer) == (413, "about:blank")
    answer = client.post("/api/v1/session", content=iter([content[:1000], content[1000:]]), headers=json_type)
    assert doors.problem(answer) == (413, "about:blank")


def test_a_defect_is_logged_and_not_shown(door: doors.Door, caplog: pytest.LogCaptureFixture) -> None:
    faulty = APIRouter()

    @faulty.get("/api/v1/faulty", dependencies=[access.public("of this test")])
    def fail() -> None:
        raise RuntimeError("the secret cause")

    door.app.router.routes.insert(0, faulty.routes[0])
    with caplog.at_level(logging.ERROR, "control_room.problems"):
        answer = door.client().get("/api/v1/faulty")
    assert doors.problem(answer) == (500, "about:blank")
    assert "secret cause" not in answer.text
    assert "the secret cause" in caplog.text
    _has_security_headers(answer)


def test_a_database_that_is_away_is_a_503(door: doors.Door) -> None:
    marta = door.as_person("marta")
    door.room.database.close()
    answer = marta.get("/api/v1/alerts")
    assert doors.problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/alerts", "/nowhere", "/api/v1/nothing"])
def test_every_answer_has_the_security_headers(lasting_door: doors.Door, path: str) -> None:
    answer = lasting_door.client().get(path)
    assert answer.headers["content-type"]
    _has_security_headers(answer)


def test_answers_of_the_api_are_not_stored(door: doors.Door) -> None:
    assert door.as_person("marta").get("/api/v1/alerts").headers["cache-control"] == "no-store"


def _has_security_headers(answer: httpx.Response) -> None:
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("unsafe" in part or "http" in part or "*" in part for part in policy.values())
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
