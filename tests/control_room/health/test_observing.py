"""Every query of the dashboard and of the alert rules asks for a metric, and a label, that the room has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from control_room.database import pool
from control_room.health import service
from control_room.health.metrics import Metrics
from tests.control_room import messages
from wire import topics

CONFIG = Path(__file__).resolve().parents[3] / "config"
DASHBOARD = CONFIG / "grafana" / "talaia.json"
RULES = CONFIG / "prometheus" / "talaia.rules.yml"
_SELECTED = re.compile(r"\btalaia_\w+")
_LABELLED = re.compile(r"\b(talaia_\w+)\{([^}]*)\}")
_GROUPED = re.compile(r"by\s*\(([^)]*)\)")


def queries() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


@pytest.fixture
def exported(connection: pool.Connection) -> dict[str, set[str]]:
    """Names of the samples of a room in which something happened, with their labels."""
    messages.add_device(connection)
    unreadable = messages.delivery(b"no JSON")
    measured = messages.delivery(messages.metrics(), topics.METRICS)
    messages.ingest(connection, messages.delivery(messages.event()), measured, unreadable)
    connection.execute(
        "INSERT INTO backups (backup_id, begun_at, ended_at, bytes, files, rows)"
        " VALUES (gen_random_uuid(), now(), now(), 1, 1, 1)"
    )
    queue = service.Queue(waiting=3, unsettled=4, oldest_s=2.5)
    service.note_worker(connection, "worker-1", broker_since=None, now=messages.RECEIVED, queue=queue)
    metrics = Metrics()
    metrics.set_streams(3)
    metrics.count("GET", "/api/v1/alerts", 200, 0.01)
    text = metrics.text(service.figures(connection, messages.RECEIVED + timedelta(seconds=5))).decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_query_can_be_read_and_answered(exported: dict[str, set[str]]) -> None:
    asked = set()
    for query in queries():
        promql_parser.parse(query)
        names = set(_SELECTED.findall(query))
        assert names, query
        assert names <= exported.keys(), query
        asked |= names
        for name, matchers in _LABELLED.findall(query):
            assert {one.split("=")[0].rstrip("!") for one in matchers.split(",")} <= exported[name], query
        for grouped in _GROUPED.findall(query):
            labels = {label.strip() for label in grouped.split(",")}
            assert labels <= set().union(*(exported[name] for name in names)), query
    shown_nowhere = {name for name in exported if name.startswith("talaia_")} - asked
    left = {"talaia_device_seen_seconds", "talaia_http_first_byte_seconds_count", "talaia_http_first_byte_seconds_sum"}
    assert {name for name in shown_nowhere if not name.endswith("_created")} == left


def test_figures_are_those_of_the_database(connection: pool.Connection) -> None:
    messages.add_device(connection)
    messages.ingest(connection, messages.delivery(messages.event()), messages.delivery(b"no JSON"))
    figures = service.figures(connection, messages.RECEIVED + timedelta(seconds=5))
    values = {figure.name: figure.values for figure in figures.others}
    assert values["talaia_refused_messages"] == {"no_json": 1}
    assert values["talaia_newest_event_age_seconds"] == {"": 5}
    assert values["talaia_cameras"] == {"unknown": 1}
    assert "talaia_backup_last_success_timestamp_seconds" not in values, "none was made"


def test_what_waits_at_a_worker_that_was_heard_is_a_figure_each(connection: pool.Connection) -> None:
    now = messages.RECEIVED
    queues = {"worker-1": service.Queue(waiting=3, unsettled=4, oldest_s=2.5), "worker-2": service.EMPTY}
    for worker, queue in queues.items():
        service.note_worker(connection, worker, broker_since=now, now=now, queue=queue)
    service.note_worker(connection, "gone", broker_since=now, now=now - timedelta(minutes=1), queue=queues["worker-1"])
    values = {figure.name: figure.values for figure in service.figures(connection, now).others}
    assert values["talaia_worker_waiting_messages"] == {"worker-1": 3, "worker-2": 0}
    assert values["talaia_worker_unsettled_messages"] == {"worker-1": 4, "worker-2": 0}
    assert values["talaia_worker_oldest_seconds"] == {"worker-1": 2.5, "worker-2": 0}


def test_every_alert_says_what_it_means() -> None:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert rule["annotations"]["summary"]
