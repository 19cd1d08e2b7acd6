"""Figures of the database that `/metrics` shows, each with its query. A figure that is not known has no line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from control_room.database import sql

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from control_room.database import pool

_QUERIES = sql.load(__file__)


@dataclass(frozen=True, slots=True)
class Figure:
    """One value, or several by a label."""

    name: str
    text: str
    values: dict[str, float]
    """By the value of the label; "" where it has none."""
    label: str = ""


_SINGLE = (
    ("ingest_lag", "talaia_newest_event_age_seconds", "Since the newest message arrived."),
    ("recoveries_awaited", "talaia_recoveries_awaited", "Devices that a restored room still has to ask."),
    ("uploads_unfinished", "talaia_uploads_unfinished", "Uploads that are not whole yet."),
    ("overdue", "talaia_retention_files_waiting", "Files whose removal waits."),
    ("oldest_event", "talaia_oldest_event_timestamp_seconds", "Of the oldest message that retention has left."),
    ("holds", "talaia_holds", "Holds that keep something."),
    ("database_bytes", "talaia_database_size_bytes", "Of the database with its indexes."),
    ("last_backup", "talaia_backup_last_success_timestamp_seconds", "When the last whole backup ended."),
    ("oldest_open_alert", "talaia_oldest_new_alert_age_seconds", "How long the oldest alert waits that nobody took."),
)
_PAIRS = (
    ("gaps", "talaia_missing_messages", "Missing from devices.", "talaia_outboxes_with_gaps", "That miss some."),
    (
        "evidence",
        *("talaia_evidence_awaited", "Files that were announced and did not come yet."),
        *("talaia_evidence_size_bytes", "Of the files that are there."),
    ),
    (
        "workers_alive",
        *("talaia_workers", "Workers that were heard lately."),
        *("talaia_workers_connected", "Those that have the broker."),
    ),
)
_BY_LABEL = (
    ("refusals", "talaia_refused_messages", "Refused, each time that they came, and kept.", "reason"),
    ("cameras_by_state", "talaia_cameras", "Cameras by state.", "state"),
    ("worker_waiting", "talaia_worker_waiting_messages", "Messages at a worker that are not stored yet.", "worker"),
    ("worker_unsettled", "talaia_worker_unsettled_messages", "Given by the broker and not acked yet.", "worker"),
    ("worker_oldest", "talaia_worker_oldest_seconds", "How long a worker's oldest message waits.", "worker"),
)


def read(connection: pool.Connection, now: datetime, workers_silent_after: timedelta) -> list[Figure]:
    given = {"now": now, "since": now - workers_silent_after}
    found = []
    for query, name, text in _SINGLE:
        row = connection.execute(_QUERIES[query], given).fetchone()
        if row is not None and row[0] is not None:
            found.append(Figure(name, text, {"": float(row[0])}))
    for query, first, first_text, second, second_text in _PAIRS:
        row = connection.execute(_QUERIES[query], given).fetchone()
        if row is not None:
            found += [Figure(first, first_text, {"": float(row[0])}), Figure(second, second_text, {"": float(row[1])})]
    for query, name, text, label in _BY_LABEL:
        values = {str(key): float(value) for key, value in connection.execute(_QUERIES[query], given)}
        found.append(Figure(name, text, values, label))
    return found
