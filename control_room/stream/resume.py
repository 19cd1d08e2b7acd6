"""What a browser begins with: what it missed since its last event, or how everything is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from control_room.alerts import service as alerts
from control_room.callers import Role
from control_room.cameras import service as cameras
from control_room.database import sql
from control_room.devices import service as devices
from control_room.stream import hub, publish

if TYPE_CHECKING:
    from control_room.database import pool

_QUERIES = sql.load(__file__)
_MOST_MISSED = 2 * hub.MOST_BEHIND  # beyond that a snapshot is less
_SEES_ALERTS = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first events of a stream."""

    text: bytes
    stream_id: int
    """The newest change that it contains; what follows has a greater id."""


def kinds_for(role: Role | None) -> frozenset[publish.Kind]:
    """Which changes a role may see: alerts and commands are of cameras in the street, no pilot's business."""
    seen_by_all: frozenset[publish.Kind] = frozenset({"camera", "device"})
    return seen_by_all | {"alert", "command"} if role in _SEES_ALERTS else seen_by_all


def begin(database: pool.Pool, kinds: frozenset[publish.Kind], last_event_id: int | None) -> Beginning:
    """What was missed since `last_event_id`; a snapshot where there is none, or too much was missed or forgotten."""
    with database.connection() as connection:
        connection.execute(_QUERIES["one_moment"])
        missed = None if last_event_id is None else _missed(connection, kinds, last_event_id)
        return missed or _snapshot(connection, kinds)


def _missed(connection: pool.Connection, kinds: frozenset[publish.Kind], last_event_id: int) -> Beginning | None:
    if connection.execute(_QUERIES["is_resumable"], {"id": last_event_id}).fetchone() != (True,):
        return None
    parameters = {"id": last_event_id, "limit": _MOST_MISSED + 1}
    rows = connection.execute(_QUERIES["after"], parameters).fetchall()
    if len(rows) > _MOST_MISSED:
        return None
    text = b"".join(hub.event(stream_id, kind, payload) for stream_id, kind, payload in rows if kind in kinds)
    return Beginning(text, rows[-1][0] if rows else last_event_id)


def _snapshot(connection: pool.Connection, kinds: frozenset[publish.Kind]) -> Beginning:
    stream_id = publish.newest_id(connection)
    snapshot = {
        "alerts": alerts.open_items(connection) if "alert" in kinds else [],
        "cameras": cameras.items(connection),
        "devices": devices.items(connection),
    }
    return Beginning(hub.event(stream_id, "snapshot", publish.encode(snapshot)), stream_id)
