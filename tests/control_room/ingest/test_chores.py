"""What workers do by the clock."""

from __future__ import annotations

from datetime import datetime

import psycopg
import pytest

from control_room.database import pool
from control_room.ingest.chores import Chore
from tests.control_room import messages

NOW = messages.RECEIVED


class Time:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_chore_is_done_at_once_and_then_every_so_often(connection: pool.Connection) -> None:
    time, done = Time(), list[datetime]()
    chore = Chore(5.0, lambda _, now: done.append(now), time)
    connected = 0

    def connect() -> pool.Connection:
        nonlocal connected
        connected += 1
        return connection

    for time.now_s in (1000.0, 1001.0, 1004.9, 1005.0, 1006.0, 1060.0, 1061.0):
        chore.do_if_due(connect, NOW)
    assert done == [NOW] * 3
    assert connected == 3, "a chore that is not due needs no database"


def test_a_chore_is_done_wholly_or_not_at_all_and_again_a_little_later(connection: pool.Connection) -> None:
    time, attempts = Time(), list[float]()

    def add_two(connection: pool.Connection, _now: datetime) -> None:
        attempts.append(time.now_s)
        messages.add_device(connection, f"quay-{len(attempts)}")
        if len(attempts) == 1:
            connection.execute("INSERT INTO devices (device_id, name) VALUES (%s, %s)", ("quay-1", "twice"))

    chore = Chore(0.25, add_two, time)

    def do() -> None:
        chore.do_if_due(lambda: connection, NOW)

    with pytest.raises(psycopg.errors.UniqueViolation):
        do()
    assert messages.rows(connection, "SELECT device_id FROM devices") == []
    for time.now_s in (1000.5, 1001.5, 1002.0):
        do()
    assert attempts == [1000.0, 1002.0]
    assert messages.rows(connection, "SELECT device_id FROM devices") == [{"device_id": "quay-2"}]
