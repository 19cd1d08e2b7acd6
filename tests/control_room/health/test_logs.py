"""Personal data that somebody planted does not reach the log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest

from control_room.health import logs
from tests.control_room import door as doors

PLANTED = (
    "marta.puig@town.example",
    "Abcd1234secret",
    "192.0.2.77",
    "2001:db8:1:2:3:4:5:6",
    "41.118912",
    "1.244512",
    "lives in Carrer Major 5",
)


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    output = io.StringIO()
    logs.start(request.param, output)
    yield output
    root.handlers[:], root.level = handlers, level


def test_what_libraries_say_is_cleaned(log: io.StringIO) -> None:
    logger = logging.getLogger("test")
    logger.warning("no route to postgresql://room:Abcd1234secret@db.town.example/talaia")
    logger.warning("refused Authorization: Bearer quay.Abcd1234secret of 192.0.2.77 and 2001:db8:1:2:3:4:5:6")
    logger.error("duplicate key DETAIL: Key (name)=(marta.puig@town.example) is there; lives in Carrer Major 5")
    logger.info("a camera at 41.118912, 1.244512 with token=Abcd1234secret of marta.puig@town.example")
    try:
        int("lives in Carrer Major 5 with Abcd1234secret")
    except ValueError:
        logger.exception("a fault in request %s", "0192f0c1-0000-7000-8000-000000000001")
    said = log.getvalue()
    assert [planted for planted in PLANTED if planted in said] == []
    assert "0192f0c1-0000-7000-8000-000000000001" in said, "ids stay, else nobody could look anything up"
    assert "ValueError" in said
    assert "test_logs.py" in said


def test_json_is_one_object_a_line() -> None:
    output = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.start("json", output)
    logging.getLogger("control_room.test").warning("two\nlines")
    root.handlers[:], root.level = handlers, level
    (line,) = output.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == ("warning", "control_room.test", "two lines")


def test_a_run_with_planted_people_leaves_none_in_the_log(door: doors.Door, log: io.StringIO) -> None:
    with httpx.Client(base_url=door.url, headers={"X-Forwarded-For": "192.0.2.77"}, timeout=doors.WITHIN_S) as stranger:
        body = {"user": "marta.puig@town.example", "password": "Abcd1234secret"}
        assert stranger.post("/api/v1/session", json=body).status_code == 401
        stranger.get("/login", params={"token": "Abcd1234secret"})
        stranger.get("/api/v1/alerts", headers={"Authorization": "Bearer quay.Abcd1234secret"})
        stranger.put("/api/v1/evidence/41.118912", content=b"lives in Carrer Major 5")
    said = log.getvalue()
    assert [planted for planted in PLANTED if planted in said] == []
