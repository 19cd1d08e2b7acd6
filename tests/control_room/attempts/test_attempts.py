"""Attempts at the doors count together, whichever process was asked, and leave nothing behind that was typed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx

from control_room.attempts import service
from control_room.database import pool
from tests.control_room import door as doors
from tests.control_room import messages

T0 = messages.NOON
SESSION = "/api/v1/session"


def test_the_window_slides(connection: pool.Connection) -> None:
    waits = [
        service.take(connection, "login", "a", 2, T0 + timedelta(minutes=minute)) for minute in (0, 5, 14, 15, 16, 20)
    ]
    assert waits == [0, 0, 60, 0, 240, 0]


def test_kinds_and_keys_are_apart_and_can_be_forgotten(connection: pool.Connection) -> None:
    taken = [
        service.take(connection, "login", "a", 1, T0),
        service.take(connection, "login", "b", 1, T0),
        service.take(connection, "enrolment", "a", 1, T0),
    ]
    assert taken == [0, 0, 0]
    assert service.take(connection, "login", "a", 1, T0) == 900
    service.forget(connection, "login", "a", "b")
    assert service.take(connection, "login", "a", 1, T0) == 0
    service.forget_old(connection, T0 + timedelta(minutes=14))
    assert len(messages.rows(connection, "SELECT * FROM attempts")) == 2
    service.forget_old(connection, T0 + timedelta(minutes=15))
    assert messages.rows(connection, "SELECT * FROM attempts") == []


def test_several_at_once_do_not_get_past_the_limit(database_url: str) -> None:
    def attempt(_: int) -> float:
        with pool.connect(database_url, autocommit=True) as connection:
            return service.take(connection, "login", "a", 10, T0)

    with ThreadPoolExecutor(8) as many:
        waits = list(many.map(attempt, range(40)))
    assert waits.count(0) == 10
    assert {wait for wait in waits if wait} == {900}


def wrong(client: httpx.Client, name: str) -> int:
    return client.post(SESSION, json={"user": name, "password": "wrong password"}).status_code


def test_what_is_typed_for_a_name_is_not_kept_and_limited_alike(door: doors.Door) -> None:
    """Ten addresses, so that those are not what is limited."""
    with door.connection() as connection:
        doors.add_user(connection, "marta", door.clock(), doors.PASSWORD)
    for name in ("marta", "my secret password"):
        answers = [wrong(door.client(address=f"198.51.100.{number}"), name) for number in range(11)]
        assert answers == [401] * 10 + [429], name
    kept = door.rows("SELECT key FROM attempts ORDER BY key")
    keys = [str(row["key"]) for row in kept if not str(row["key"]).startswith("address ")]
    assert len(keys) == 2
    assert re.fullmatch(r"account [0-9a-f-]{36}", keys[0])
    assert re.fullmatch(r"nobody [0-9a-f]{3}", keys[1])
