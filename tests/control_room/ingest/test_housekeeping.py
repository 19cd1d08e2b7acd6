"""Devices and workers that fell silent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from control_room.database import pool
from control_room.health import service as health
from control_room.ingest import housekeeping
from tests.control_room import messages
from wire import topics

NOW = messages.RECEIVED + timedelta(hours=1)


@pytest.mark.parametrize(
    ("broker_since", "has_caught_up", "online"),
    [
        (messages.RECEIVED, True, False),
        (messages.RECEIVED, False, True),
        (NOW - timedelta(seconds=30), True, True),
        (None, True, True),
    ],
    ids=["silent", "its words may still wait", "we listen only since", "we do not listen"],
)
def test_a_device_is_away_only_where_we_would_have_heard_it(
    connection: pool.Connection, broker_since: datetime | None, *, has_caught_up: bool, online: bool
) -> None:
    messages.add_device(connection)
    messages.ingest(connection, messages.delivery(messages.status(), topics.STATUS))
    housekeeping.look(connection, NOW, broker_since=broker_since, has_caught_up=has_caught_up)
    assert messages.rows(connection, "SELECT online FROM devices") == [{"online": online}]


@pytest.mark.parametrize("broker_since", [messages.RECEIVED, None])
def test_a_worker_says_that_it_lives(connection: pool.Connection, broker_since: datetime | None) -> None:
    queue = health.Queue(waiting=7, unsettled=9, oldest_s=1.5)
    health.note_worker(connection, "worker-1", broker_since=broker_since, now=NOW, queue=queue)
    signs = messages.rows(connection, "SELECT * FROM workers")
    waits = {"waiting": 7, "unsettled": 9, "oldest_s": 1.5}
    assert signs == [{"worker": "worker-1", "seen_at": NOW, "broker_since": broker_since, **waits}]
