"""What is done by the clock: each for itself, all of it waiting for the same database."""

from __future__ import annotations

import logging
import os
import time
from datetime import datetime

import psycopg
import pytest

from control_room import chores
from control_room.room import Room
from control_room.store.staging import Incoming
from tests.control_room import door as doors


def test_a_defect_of_one_holds_no_other_up(door: doors.Door, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def broken(_room: Room, _now: datetime) -> None:
        done.append("broken")
        raise KeyError("alert_id")

    def sound(_room: Room, now: datetime) -> None:
        done.append(now.isoformat())

    with caplog.at_level(logging.ERROR):
        chores.do_all(door.room, [broken, sound])
    assert done == ["broken", door.clock().isoformat()]
    assert "the chore broken failed" in caplog.text


def test_without_a_database_the_round_ends(door: doors.Door, caplog: pytest.LogCaptureFixture) -> None:
    def away(_room: Room, _now: datetime) -> None:
        raise psycopg.OperationalError("the server went away")

    def unreached(_room: Room, _now: datetime) -> None:
        raise AssertionError("it would wait for the same database")

    chores.do_all(door.room, [away, unreached])
    assert [record.getMessage() for record in caplog.records] == ["chores wait: the server went away"]


def test_all_are_done_on_an_empty_room(door: doors.Door, caplog: pytest.LogCaptureFixture) -> None:
    chores.do_all(door.room, chores.CHORES)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_what_is_being_received_stays_whatever_the_rooms_clock_says(door: doors.Door) -> None:
    door.clock.move(days=46)
    with Incoming(door.room.store) as incoming:
        incoming.write(b"half")
        os.utime(incoming.path, (time.time() - 3500,) * 2)
        chores.do_all(door.room, chores.CHORES)
        assert incoming.path.exists()
        os.utime(incoming.path, (time.time() - 3700,) * 2)
        chores.do_all(door.room, chores.CHORES)
        assert not incoming.path.exists()
