"""A month and more of a device: events every few hours, each with a picture in the store."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from control_room import callers
from control_room.database import pool
from control_room.holds import service as holds
from control_room.ingest.delivery import Delivery
from control_room.store.local import LocalStore
from control_room.store.staging import Incoming
from tests.control_room import messages
from tests.control_room.messages import NOON

EVERY = timedelta(hours=5)
NOW = NOON + timedelta(days=45)
BY = callers.Caller(kind="user", name="marta", role=callers.Role.OPERATOR)


def picture(number: int) -> bytes:
    return f"picture {number}".encode()


def name(number: int) -> str:
    """Of the picture in the store."""
    return hashlib.sha256(picture(number)).hexdigest()


def fill(connection: pool.Connection, store: LocalStore, events: int) -> None:
    """Events 1 to `events`, of two cameras in turn, all with their picture; their alerts are closed."""
    messages.add_device(connection)
    for number in range(1, events + 1):
        at = NOON + number * EVERY
        when = messages.rfc3339(at)
        announced = messages.evidence(
            sha256=name(number), bytes=len(picture(number)), captured_from=when, captured_to=when
        )
        camera_id = "placa" if number % 2 else "port"
        told = messages.event(sequence=number, evidence=[announced], occurred_at=when, camera_id=camera_id)
        messages.ingest(connection, Delivery(messages.delivery(told).topic, messages.encoded(told), at), now=at)
        with Incoming(store) as incoming:
            incoming.write(picture(number))
            incoming.keep()
    connection.execute("UPDATE evidence SET received_at = announced_at")
    connection.execute("UPDATE alerts SET state = 'closed', close_reason = 'false_alarm', version = 2")
    connection.execute(
        "INSERT INTO alert_history (alert_id, at, actor_kind, actor, action, state, version)"
        " SELECT alert_id, now(), 'user', 'marta', 'closed', state, version FROM alerts"
    )


def hold(connection: pool.Connection, wanted: holds.Wanted, until: datetime | None = None) -> None:
    with connection.transaction():
        holds.add(connection, wanted, reason="case 7", until=until, by=BY, now=NOW)


def settings(folder: Path, url: str) -> Path:
    """The room's file."""
    file = folder / "room.toml"
    file.write_text(
        f'[database]\nurl = "{url}"\n[store]\ndirectory = "{folder / "store"}"\n'
        "[retention]\nrows_days = 10\nfiles_days = 10\n",
        encoding="utf-8",
    )
    return file
