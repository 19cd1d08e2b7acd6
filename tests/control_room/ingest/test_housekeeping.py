"""What the worker does by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from control_room.database import pool
from control_room.health.service import Queue
from control_room.ingest.housekeeping import Housekeeping, SignOfLife
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
    chores = Housekeeping()
    assert chores.is_due()
    chores.run(lambda: connection, broker_since=broker_since, has_caught_up=has_caught_up, now=NOW)
    assert not chores.is_due()
    assert messages.rows(connection, "SELECT online FROM devices") == [{"online": online}]


@pytest.mark.parametrize("broker_since", [messages.RECEIVED, None])
def test_a_worker_says_that_it_lives(connection: pool.Connection, broker_since: datetime | None) -> None:
    sign = SignOfLife("worker-1")
    assert sign.is_due()
    sign.give(lambda: connection, broker_since, NOW, Queue(waiting=7, unsettled=9, oldest_s=1.5))
    assert not sign.is_due()
    signs = messages.rows(connection, "SELECT * FROM workers")
    waits = {"waiting": 7, "unsettled": 9, "oldest_s": 1.5}
    assert signs == [{"worker": "worker-1", "seen_at": NOW, "broker_since": broker_since, **waits}]
