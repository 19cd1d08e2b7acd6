"""Health, readiness and metrics."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from control_room.database import migrate, pool
from control_room.health import service
from tests.control_room import door as doors
from tests.control_room import messages


def _figures(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_process_answers(door: doors.Door) -> None:
    door.room.database.close()
    answer = door.client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readiness_says_which_storage_and_whether_the_broker_is_heard(door: doors.Door) -> None:
    with door.connection() as connection:
        version = migrate.timescale_version(connection)
    expected: dict[str, Any] = {
        "ready": True,
        "database": {
            "reachable": True,
            "schema_current": True,
            "pending_migrations": [],
            "storage": f"timescaledb {version}" if version else "plain tables",
        },
        "broker": {"connected": False, "since": None, "worker_seen_at": None},
    }
    assert door.client().get("/readyz").json() == expected
    _note_worker(door, has_broker=True)
    expected["broker"] = {
        "connected": True,
        "since": "2026-11-21T12:00:02Z",
        "worker_seen_at": "2026-11-21T12:00:02Z",
    }
    assert door.client().get("/readyz").json() == expected
    door.clock.move(seconds=46)
    assert door.client().get("/readyz").json()["broker"]["worker_seen_at"] is None
    _note_worker(door, has_broker=False)
    broker = door.client().get("/readyz").json()["broker"]
    assert (broker["connected"], broker["worker_seen_at"]) == (False, "2026-11-21T12:00:48Z")


def _note_worker(door: doors.Door, *, has_broker: bool) -> None:
    now = door.clock()
    with door.connection() as connection:
        service.note_worker(connection, "worker-1", broker_since=now if has_broker else None, now=now)


def test_an_old_schema_is_not_ready(door: doors.Door) -> None:
    door.rows("DELETE FROM schema_migrations RETURNING name")
    answer = door.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"]["pending_migrations"] == [name for name, _ in migrate.files() if "_pre_" in name]


def test_a_database_that_is_away_is_not_ready(door: doors.Door) -> None:
    door.room.database.close()
    answer = door.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == {
        "reachable": False,
        "schema_current": False,
        "pending_migrations": [],
        "storage": None,
    }


def test_metrics(door: doors.Door) -> None:
    door.ingest(messages.event(), messages.event(sequence=2), {**messages.event(), "rule": "?"})
    marta = door.as_person("marta")
    for _ in range(3):
        marta.get("/api/v1/alerts").raise_for_status()
    marta.request("PROPFIND", "/api/v1/alerts")
    door.clock.move(seconds=30)
    figures = _figures(door.client(address=None).get("/metrics").text)
    assert figures["talaia_http_requests_total", "GET", "/api/v1/alerts", "200"] == 3
    assert figures["talaia_http_requests_total", "other", "/api/v1/alerts", "405"] == 1
    assert figures["talaia_alerts", "new"] == 2
    assert figures["talaia_alerts", "closed"] == 0
    assert figures["talaia_ingested_messages", "stored"] == 2
    assert figures["talaia_ingested_messages", "dead_letter"] == 1
    assert figures["talaia_dead_letters",] == 1
    assert figures["talaia_stream_clients",] == 0
    assert figures["talaia_database_up",] == 1
    assert figures["talaia_broker_up",] == 0
    assert figures["talaia_device_seen_seconds", "quay"] == 30
    assert figures["talaia_device_online", "quay"] == 0


def test_metrics_without_a_database(door: doors.Door) -> None:
    door.room.database.close()
    figures = _figures(door.client(address=None).get("/metrics").text)
    assert figures["talaia_database_up",] == 0


def test_metrics_are_for_this_machine_and_administrators(door: doors.Door) -> None:
    assert doors.problem(door.client().get("/metrics")) == (401, "not-signed-in")
    assert doors.problem(door.client(address="127.0.0.1").get("/metrics")) == (401, "not-signed-in")
    assert doors.problem(door.as_person("marta").get("/metrics")) == (403, "forbidden")
    assert door.as_person("anna").get("/metrics").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_tell_nothing_of_people(door: doors.Door, path: str) -> None:
    door.alert()
    answer = door.client().get(path).text
    assert "quay" not in answer
    assert "marta" not in answer
    assert "postgres" not in answer


def test_a_device_that_was_revoked_is_no_figure(connection: pool.Connection) -> None:
    messages.add_device(connection)
    connection.execute("UPDATE devices SET revoked_at = now()")
    assert service.figures(connection, messages.RECEIVED).devices == []
