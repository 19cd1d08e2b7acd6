"""What a device says of itself and its cameras, into their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from control_room.database import pool, sql
from control_room.ingest import clocks
from control_room.ingest.reading import Accepted
from control_room.positions import service as positions
from control_room.silenced import service as silenced
from control_room.stream import publish
from wire.device import CameraState, CameraStatus, MetricsMessage, PositionMessage, StatusMessage

SILENT_AFTER = timedelta(seconds=60)
"""A device measures itself every 10 s; after six that did not come it is taken to be away."""

_QUERIES = sql.load(__file__)
_STATES: dict[CameraState, tuple[str, str | None]] = {
    "live": ("live", None),
    "dark": ("dark", "no picture"),
    "starting": ("unknown", "starting"),
    "refused": ("dark", "refused by its configuration"),
}
"""State of the wire -> state of the room, and its reason where the device gives none."""


@dataclass(slots=True)
class Touched:
    """Rows whose screens must be told."""

    devices: set[str] = field(default_factory=set)
    cameras: set[tuple[str, str]] = field(default_factory=set)
    """(device_id, camera_id)."""
    aircraft: set[str] = field(default_factory=set)
    """device_id."""


def store_status(connection: pool.Connection, status: StatusMessage, touched: Touched, now: datetime) -> None:
    given = {
        "device_id": status.device_id,
        "online": status.online,
        "version": status.version,
        "alarms": _alarms(status),
        "now": now,
    }
    if connection.execute(_QUERIES["set_device_status"], given).fetchone() is not None:
        touched.devices.add(status.device_id)
    if not status.online:
        away = ("offline", status.reason or "its device is away")
        touched.cameras |= _set_aside(connection, status.device_id, away, [], now)
        return
    for camera in status.cameras:
        if connection.execute(_QUERIES["set_camera_status"], _camera(status, camera, now)).fetchone() is not None:
            touched.cameras.add((status.device_id, camera.camera_id))
    reported = [camera.camera_id for camera in status.cameras]
    unnamed = ("unknown", "its device names it no more")
    touched.cameras |= _set_aside(connection, status.device_id, unnamed, reported, now)


def store_metrics(
    connection: pool.Connection, measured: list[tuple[Accepted, MetricsMessage]], touched: Touched, now: datetime
) -> None:
    """All of a batch, in the order in which they came."""
    if not measured:
        return
    placed = [clocks.place(metrics.sent_at, accepted.delivery.received_at) for accepted, metrics in measured]
    given = {
        "device_ids": [metrics.device_id for _, metrics in measured],
        "times": [each.at for each in placed],
        "received_at": [accepted.delivery.received_at for accepted, _ in measured],
        "metrics": [accepted.delivery.payload.decode() for accepted, _ in measured],
        "device_times": [each.device_time for each in placed],
    }
    new = set(connection.execute(_QUERIES["add_metrics"], given).fetchall())
    for (_, metrics), where in zip(measured, placed, strict=True):
        if (metrics.device_id, where.at) in new:
            new.discard((metrics.device_id, where.at))
            silenced.add(connection, metrics, now)
    last = {metrics.device_id: metrics for _, metrics in measured}
    said = {
        "device_ids": list(last),
        "pending": [metrics.outbox_pending for metrics in last.values()],
        "clock_offsets_s": [metrics.clock_offset_s for metrics in last.values()],
    }
    connection.execute(_QUERIES["set_device_metrics"], said)
    woken = {"device_ids": list(last), "now": now}
    awake = [row[0] for row in connection.execute(_QUERIES["wake_devices"], woken).fetchall()]
    if awake:
        touched.devices |= set(awake)
        cameras = connection.execute(_QUERIES["wake_cameras"], {"device_ids": awake, "now": now}).fetchall()
        touched.cameras |= {(device_id, camera_id) for device_id, camera_id in cameras}


def store_positions(
    connection: pool.Connection, told: list[tuple[Accepted, PositionMessage]], touched: Touched, now: datetime
) -> None:
    """All of a batch, in the order in which they came."""
    rows = []
    for accepted, position in told:
        received_at = accepted.delivery.received_at
        placed = clocks.place(position.at, received_at)
        rows.append(positions.row(position, at=placed.at, received_at=received_at, device_time=placed.device_time))
    touched.aircraft |= positions.store(connection, rows, now)


def set_silent_aside(connection: pool.Connection, now: datetime) -> None:
    """Take devices that fell silent without a last will (a broker that was killed) to be away."""
    touched = Touched()
    given = {"now": now, "before": now - SILENT_AFTER}
    for (device_id,) in connection.execute(_QUERIES["silent_devices"], given).fetchall():
        touched.devices.add(device_id)
        silent = ("offline", f"its device said nothing for {SILENT_AFTER.seconds} s")
        touched.cameras |= _set_aside(connection, device_id, silent, [], now)
    publish_touched(connection, touched)


def publish_touched(connection: pool.Connection, touched: Touched) -> None:
    """Tell the screens; last in the transaction, because of the lock of the stream."""
    with connection.cursor(row_factory=dict_row) as cursor:
        if touched.devices:
            given: dict[str, Any] = {"device_ids": sorted(touched.devices)}
            publish.publish_all(connection, "device", cursor.execute(_QUERIES["device_items"], given).fetchall())
        if touched.cameras:
            device_ids, camera_ids = zip(*sorted(touched.cameras), strict=True)
            given = {"device_ids": list(device_ids), "camera_ids": list(camera_ids)}
            publish.publish_all(connection, "camera", cursor.execute(_QUERIES["camera_items"], given).fetchall())
    if touched.aircraft:
        publish.publish_all(connection, "position", positions.items_of(connection, touched.aircraft))


def _set_aside(
    connection: pool.Connection, device_id: str, state: tuple[str, str], reported: list[str], now: datetime
) -> set[tuple[str, str]]:
    """Give every camera of the device that is not `reported` this state, with its reason; those that changed."""
    given = {"device_id": device_id, "state": state[0], "reason": state[1], "reported": reported, "now": now}
    return {(device_id, row[0]) for row in connection.execute(_QUERIES["set_cameras_aside"], given)}


def _alarms(status: StatusMessage) -> Jsonb | None:
    """None: a last will knows nothing of them, so those that were told stand."""
    return Jsonb([alarm.model_dump(mode="json") for alarm in status.alarms]) if status.online else None


def _camera(status: StatusMessage, camera: CameraStatus, now: datetime) -> dict[str, Any]:
    state, usual_reason = _STATES[camera.state]
    place = camera.location
    return {
        "device_id": status.device_id,
        "camera_id": camera.camera_id,
        "name": camera.name,
        "state": state,
        "reason": camera.reason or usual_reason,
        "since": camera.since,
        "lat": None if place is None else place.lat,
        "lon": None if place is None else place.lon,
        "accuracy_m": None if place is None else place.accuracy_m,
        "purpose": camera.purpose or None,
        "legal_regime": camera.legal_regime,
        "staged": camera.staged,
        "last_frame_at": camera.last_frame_at,
        "ptz": None if camera.ptz is None else Jsonb(camera.ptz.model_dump(mode="json")),
        "now": now,
    }
