"""What is kept of live video leaves in its time, unless its alert is open; a backup's restore knows what was erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from uuid_utils import compat as uuids

from control_room import config
from control_room.backup import tables
from control_room.fsck import report
from control_room.retention import limits, service
from control_room.store.local import LocalStore
from control_room.store.staging import Incoming
from tests.control_room import messages
from wire import topics

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from control_room.database import pool

NOW = messages.RECEIVED + timedelta(days=100)
OLD, YOUNG = NOW - timedelta(days=40), NOW - timedelta(days=3)


def put(store: LocalStore, content: bytes) -> str:
    with Incoming(store) as incoming:
        incoming.write(content)
        incoming.keep()
        return incoming.sha256


def add_recording(connection: pool.Connection, store: LocalStore, at: datetime) -> uuid.UUID:
    live_recording_id, content = uuids.uuid7(), f"recorded at {at}".encode()
    connection.execute(
        "INSERT INTO live_recordings (live_recording_id, recording_id, part, source_id, sha256, bytes, captured_from,"
        " captured_to, width_px, height_px, pictures, received_at)"
        " VALUES (%(id)s, %(id)s, 1, %(id)s, %(sha256)s, %(bytes)s, %(at)s, %(at)s, 320, 240, 50, %(at)s)",
        {"id": live_recording_id, "sha256": put(store, content), "bytes": len(content), "at": at},
    )
    return live_recording_id


def add_clip(connection: pool.Connection, store: LocalStore, at: datetime, alert_id: uuid.UUID | None) -> uuid.UUID:
    evidence_id, content = uuids.uuid7(), f"clipped at {at} for {alert_id}".encode()
    connection.execute(
        "INSERT INTO evidence (evidence_id, device_id, camera_id, clip_alert_id, kind, media_type, sha256, bytes,"
        " captured_from, captured_to, announced_at, received_at) VALUES (%(id)s, 'quay', 'placa', %(alert_id)s,"
        " 'recording', 'video/mp4', %(sha256)s, %(bytes)s, %(at)s, %(at)s, %(at)s, %(at)s)",
        {"id": evidence_id, "alert_id": alert_id, "sha256": put(store, content), "bytes": len(content), "at": at},
    )
    return evidence_id


def test_recordings_and_clips_leave_in_their_time_but_for_an_open_alerts(
    connection: pool.Connection, tmp_path: Path
) -> None:
    store = LocalStore(tmp_path / "store")
    messages.add_device(connection)
    status = messages.status(cameras=[messages.camera_status()])
    messages.ingest(connection, messages.delivery(status, topics.STATUS))
    messages.ingest(connection, messages.delivery(messages.event()))
    [alert] = messages.rows(connection, "SELECT alert_id FROM alerts")
    old, young = add_recording(connection, store, OLD), add_recording(connection, store, YOUNG)
    add_clip(connection, store, OLD, None)
    kept = add_clip(connection, store, OLD, alert["alert_id"])
    assert report.check(connection, store).violations == []
    run = service.Run(connection, store, limits.at(NOW, config.Retention()), NOW)
    planned = {step.kind: step.rows for step in service.plan(connection, run.limits, NOW)}
    assert (planned["live_recordings"], planned["files"]) == (1, 1)
    steps = {step.kind: step.files for step in run.steps()}
    assert (steps["live_recordings"], steps["files"]) == (1, 1)
    rows = messages.rows(connection, "SELECT live_recording_id, erased_at IS NOT NULL AS erased FROM live_recordings")
    assert {row["live_recording_id"]: row["erased"] for row in rows} == {old: True, young: False}
    left = messages.rows(connection, "SELECT evidence_id FROM evidence WHERE erased_at IS NULL")
    assert [row["evidence_id"] for row in left] == [kept]
    assert len(list(store.contents())) == 2
    assert report.check(connection, store).violations == []
    much_later = NOW + timedelta(days=60)
    list(service.Run(connection, store, limits.at(much_later, config.Retention()), much_later).steps())
    assert [row["live_recording_id"] for row in messages.rows(connection, "SELECT * FROM live_recordings")] == [young]


def test_what_was_erased_while_a_backup_was_made_is_erased_after_its_restore(
    connection: pool.Connection, tmp_path: Path
) -> None:
    store = LocalStore(tmp_path / "store")
    recording = add_recording(connection, store, YOUNG)
    assert connection.execute(tables.QUERIES["names"], {"ids": [recording]}).fetchall() == [(recording,)]
    given = {"ids": [recording], "at": NOW}
    connection.execute(tables.QUERIES["set_live_recordings_erased"], given)
    assert connection.execute(tables.QUERIES["names"], {"ids": [recording]}).fetchall() == []
    [row] = messages.rows(connection, "SELECT sha256, erased_at FROM live_recordings")
    assert (row["sha256"], row["erased_at"]) == (None, NOW)
