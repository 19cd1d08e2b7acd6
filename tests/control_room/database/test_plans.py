"""What screens ask is answered by the indexes and roll-ups that were made for it, as PostgreSQL itself plans it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg import sql as compose

from benchmarks import storage, storage_rows
from control_room.database import migrate, pool
from tests.control_room import services
from tests.control_room.messages import NOON

DAYS = 30
INDEXES = {
    "latest 50 alerts": "alerts_newest",
    "a camera's day": "alerts_by_camera",
    "a box on the map, a street, 30 days": "alerts_by_place",
    "a box on the map, a quarter, 30 days": "alerts_by_place",
    "a box on the map, the whole town, 30 days": "alerts_by_place",
}
OF_A_DAY = "SELECT count(*) FROM events WHERE occurred_at >= %(since)s AND occurred_at < %(until)s"


@pytest.fixture(scope="module", params=["plain", "timescale"])
def filled(request: pytest.FixtureRequest) -> Iterator[pool.Connection]:
    """20,000 messages of a month, with their 4,000 alerts."""
    server: services.Server = request.getfixturevalue(f"{request.param}_server")
    url = server.new_database()
    with pool.connect(url, autocommit=True) as connection:
        storage_rows.load(connection, messages=20_000, days=DAYS, cameras=storage.CAMERAS, until=NOON)
        yield connection
    server.drop_database(url)


def _nodes(connection: pool.Connection, query: Any, given: dict[str, Any]) -> list[dict[str, Any]]:
    explain = compose.SQL("EXPLAIN (FORMAT JSON) {}").format(compose.SQL(query))
    row = connection.execute(explain, given, prepare=False).fetchone()
    assert row is not None
    return list(_below(row[0][0]["Plan"]))


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", []):
        yield from _below(each)


@pytest.mark.parametrize("name", [*INDEXES, "counts an hour and rule, 7 days"])
def test_a_screen_s_question_is_answered_by_its_index(filled: pool.Connection, name: str) -> None:
    (question,) = (each for each in storage.questions(NOON) if each.name == name)
    given = question.parameters
    if name == "a camera's day":  # so few rows have a day that either index serves; a month has enough
        given = {**given, "since": NOON - timedelta(days=DAYS), "until": NOON}
    nodes = _nodes(filled, question.query, given)
    if name in INDEXES:
        assert INDEXES[name] in {node.get("Index Name") for node in nodes}
        assert [node for node in nodes if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "alerts"] == []
    else:
        read = {node["Relation Name"] for node in nodes if "Relation Name" in node}
        assert read == {"town_hours", "event_count_changes"}, "no message is counted"


def test_a_day_of_messages_reads_no_other_days(filled: pool.Connection) -> None:
    since = NOON - timedelta(days=10)
    nodes = _nodes(filled, OF_A_DAY, {"since": since, "until": since + timedelta(days=1)})
    if migrate.timescale_version(filled) is None:
        assert {node["Index Name"] for node in nodes if "Index Name" in node} == {"events_by_time"}
    else:
        assert len({node["Relation Name"] for node in nodes if "Relation Name" in node}) == 2, "noon to noon"
