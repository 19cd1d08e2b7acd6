"""Messages as devices send them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room.database import pool
from control_room.ingest import reading, storing
from control_room.ingest.delivery import Delivery
from wire import topics

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RECEIVED = NOON + timedelta(seconds=2)


def rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def event(device_id: str = "quay", phase: str = "opened", **changes: Any) -> dict[str, Any]:
    """An EventMessage as JSON content."""
    content: dict[str, Any] = {
        "schema": "talaia.event/1",
        "message_id": str(uuids.uuid7()),
        "event_id": str(uuids.uuid7()),
        "outbox_id": str(uuid.UUID(int=1)),
        "sequence": 1,
        "device_id": device_id,
        "camera_id": "placa",
        "rule": "illegal_dumping",
        "phase": phase,
        "occurred_at": rfc3339(NOON),
        "sent_at": rfc3339(NOON),
        "severity": "high",
        "confidence": 0.8,
        "objects": [
            {"role": "thing", "label": "unknown", "track_id": None, "confidence": 0.8, "box": [0.1, 0.2, 0.3, 0.4]}
        ],
        "zone": None,
        "location": {"lat": 41.1, "lon": 1.2, "accuracy_m": 5},
        "evidence": [],
        "model": {"name": "centernet-coco", "sha256": "a" * 64},
        "attributes": {"began_at": rfc3339(NOON - timedelta(seconds=10))},
    }
    return content | changes


def evidence(kind: str = "snapshot", **changes: Any) -> dict[str, Any]:
    """An EvidenceReference as JSON content."""
    content: dict[str, Any] = {
        "evidence_id": str(uuids.uuid7()),
        "kind": kind,
        "sha256": "b" * 64,
        "bytes": 1000,
        "media_type": "video/mp4" if kind == "clip" else "image/jpeg",
        "captured_from": rfc3339(NOON),
        "captured_to": rfc3339(NOON),
    }
    return content | changes


def status(device_id: str = "quay", *, online: bool = True, **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "schema": "talaia.status/1",
        "message_id": str(uuids.uuid7()),
        "device_id": device_id,
        "sent_at": rfc3339(NOON),
        "online": online,
        "version": "0.1.0",
        "cameras": [],
    }
    return content | changes


def camera_status(camera_id: str = "placa", **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "camera_id": camera_id,
        "name": "Plaça Major",
        "state": "live",
        "since": rfc3339(NOON),
        "location": {"lat": 41.1, "lon": 1.2, "accuracy_m": 5},
        "purpose": "dumping",
        "legal_regime": "lo_7_2021",
    }
    return content | changes


def metrics(device_id: str = "quay", **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "schema": "talaia.metrics/1",
        "device_id": device_id,
        "sent_at": rfc3339(NOON),
        "cameras": [],
        "outbox_pending": 3,
        "evidence_pending": 0,
        "clock_offset_s": 0.25,
        "disk_free_bytes": 10**10,
    }
    return content | changes


def encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def delivery(
    content: dict[str, Any] | bytes,
    topic: topics.Topic = topics.EVENTS,
    device_id: str = "quay",
    message_id: str | None = None,
) -> Delivery:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Delivery(topic.of(device_id), payload, RECEIVED, message_id)


def add_device(connection: pool.Connection, device_id: str = "quay") -> None:
    connection.execute(
        "INSERT INTO devices (device_id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING", (device_id, device_id.title())
    )


def ingest(
    connection: pool.Connection, *deliveries: Delivery, now: datetime = RECEIVED, together: bool = True
) -> storing.Stored:
    """As the worker would, in one batch or one after another."""
    storing.prepare(connection)
    outcomes = [reading.read(each) for each in deliveries]
    if together:
        return storing.store(connection, outcomes, now)
    stored = storing.Stored()
    for outcome in outcomes:
        stored.add(storing.store(connection, [outcome], now))
    return stored


def rows(connection: pool.Connection, query: str, *parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()
