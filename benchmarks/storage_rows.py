"""A town's past for the storage benchmark: made inside the database, so that 5 million messages take minutes.

The rows are synthetic. An occurrence has five messages (opened, three times updated, closed), an alert and a picture;
it lies near its camera, and cameras differ in how much they see.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from control_room.counts import service as counts
from control_room.database import pool

CAMERAS_A_DEVICE = 4
MESSAGES_A_EVENT = 5
_DAYS_TOGETHER = 3  # a part of the past that is loaded in one transaction

_DEVICES = """
    INSERT INTO devices (device_id, name)
    SELECT 'device-' || number, 'Device ' || number FROM generate_series(0, %(devices)s - 1) AS number
"""
_CAMERAS = """
    INSERT INTO cameras (device_id, camera_id, name, lat, lon)
    SELECT 'device-' || number / %(each)s, 'camera-' || number, 'Camera ' || number,
        41.10 + (number * 37 %% 200) * 0.0004, 1.20 + (number * 91 %% 200) * 0.0006
    FROM generate_series(0, %(cameras)s - 1) AS number
"""
_OCCURRENCES = """
    CREATE TEMP TABLE occurrences ON COMMIT DROP AS
    SELECT number, gen_random_uuid() AS alert_id, gen_random_uuid() AS event_id, at, device_id, camera_id, lat, lon,
        (ARRAY['illegal_dumping', 'loitering', 'intrusion'])[1 + number %% 3] AS rule
    FROM (
        SELECT number, %(since)s::timestamptz + (number - %(first)s) * %(step)s::interval AS at,
            floor(power(random(), 2) * %(cameras)s)::integer AS camera
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
    ) AS drawn
    JOIN LATERAL (
        SELECT device_id, camera_id, lat, lon FROM cameras WHERE camera_id = 'camera-' || camera
    ) AS seen_by ON true
"""
_EVENTS = """
    INSERT INTO events (event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
                        severity, sent_at, received_at, message)
    SELECT event_id, md5(device_id)::uuid, number * 5 + part, at + part * interval '20 seconds', gen_random_uuid(),
        device_id, camera_id, rule, (ARRAY['opened', 'updated', 'updated', 'updated', 'closed'])[1 + part], 'high',
        at, at + interval '2 seconds', %(message)s::jsonb
    FROM occurrences CROSS JOIN generate_series(0, 4) AS part
    ORDER BY at
"""
_ALERTS = """
    INSERT INTO alerts (alert_id, event_id, device_id, camera_id, rule, severity, confidence, state, close_reason,
                        opened_at, over_since, received_at, updated_at, lat, lon, accuracy_m, objects, attributes,
                        model, told_closed, told_outbox_id, told_sequence, opened_seen)
    SELECT alert_id, event_id, device_id, camera_id, rule, 'high', 0.8,
        CASE WHEN number %% 500 = 0 THEN 'new' ELSE 'closed' END,
        CASE WHEN number %% 500 <> 0 THEN 'false_alarm' END, at, at + interval '80 seconds', at, at,
        lat + random() * 0.0005, lon + random() * 0.0005, 5, %(objects)s::jsonb, '{}', '{}', false,
        md5(device_id)::uuid, number * 5 + 3, true
    FROM occurrences ORDER BY at
"""
_EVIDENCE = """
    INSERT INTO evidence (evidence_id, device_id, camera_id, event_id, kind, media_type, sha256, bytes, captured_from,
                          captured_to, announced_at, received_at)
    SELECT gen_random_uuid(), device_id, camera_id, event_id, 'snapshot', 'image/jpeg',
        md5(number::text) || md5(event_id::text), 90000, at, at, at, at
    FROM occurrences ORDER BY at
"""
_CHANGES = """
    INSERT INTO event_count_changes (hour, device_id, camera_id, rule, opened, messages)
    SELECT date_trunc('hour', at, 'UTC'), device_id, camera_id, rule, count(*), 5 * count(*)
    FROM occurrences GROUP BY 1, 2, 3, 4
"""
_OBJECTS = (
    '[{"role": "thing", "label": "unknown", "track_id": null, "confidence": 0.8, "box": [0.1, 0.2, 0.3, 0.4]},'
    ' {"role": "actor", "label": "person", "track_id": 7, "confidence": 0.9, "box": [0.1, 0.2, 0.3, 0.4]}]'
)
_MESSAGE = (
    '{"schema": "talaia.event/1", "confidence": 0.8, "zone": null, "evidence": [], "objects": ' + _OBJECTS + ","
    ' "location": {"lat": 41.1, "lon": 1.2, "accuracy_m": 5}, "attributes": {"began_at": "2026-11-21T12:00:00Z"},'
    ' "model": {"name": "centernet-coco", "sha256": "' + "a" * 64 + '"}}'
)


def load(
    connection: pool.Connection,
    *,
    messages: int,
    days: int,
    cameras: int,
    until: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Fill an empty, migrated database with the `days` before `until`. The connection is in autocommit."""
    connection.execute("SELECT setseed(0.5)")
    connection.execute(_DEVICES, {"devices": -(-cameras // CAMERAS_A_DEVICE)})
    connection.execute(_CAMERAS, {"cameras": cameras, "each": CAMERAS_A_DEVICE})
    occurrences = messages // MESSAGES_A_EVENT
    step = timedelta(days=days) / occurrences
    together = max(1, occurrences * _DAYS_TOGETHER // days)
    for first in range(0, occurrences, together):
        last = min(first + together, occurrences) - 1
        since = until - timedelta(days=days) + first * step
        given = {"first": first + 1, "last": last + 1, "since": since, "step": step, "cameras": cameras}
        with connection.transaction():
            connection.execute(_OCCURRENCES, given)
            connection.execute(_EVENTS, {"message": _MESSAGE})
            connection.execute(_ALERTS, {"objects": _OBJECTS})
            connection.execute(_EVIDENCE)
            connection.execute(_CHANGES)
        counts.fold(connection)
        tell(f"{(last + 1) * MESSAGES_A_EVENT} of {messages} messages")
    connection.execute("VACUUM (ANALYZE)")
