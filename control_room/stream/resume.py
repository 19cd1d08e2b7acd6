"""What a browser begins with: what it missed since its last event, or how everything is now."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from control_room.alerts import service as alerts
from control_room.callers import Role
from control_room.cameras import service as cameras
from control_room.database import sql
from control_room.devices import service as devices
from control_room.positions import service as positions
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
    seen_by_all: frozenset[publish.Kind] = frozenset({"camera", "device", "position", "flight", "finding", "site"})
    return seen_by_all | {"alert", "command"} if role in _SEES_ALERTS else seen_by_all


class Beginnings:
    """Where browsers begin. Many that come at once, as after a restart, share one snapshot."""

    def __init__(self, database: pool.Pool) -> None:
        self._database = database
        self._making = threading.Lock()
        self._snapshots: dict[frozenset[publish.Kind], tuple[float, Beginning]] = {}
        """With the monotonic time before it was looked at: what was true then, or later."""

    def begin(self, kinds: frozenset[publish.Kind], last_event_id: int | None) -> Beginning:
        """What was missed since `last_event_id`; a snapshot where there is none, or too much was missed or forgotten.

        Whoever calls it has subscribed before.
        """
        asked_s = time.monotonic()
        if last_event_id is not None:
            with self._database.connection() as connection:
                connection.execute(_QUERIES["one_moment"])
                missed = _missed(connection, kinds, last_event_id)
            if missed is not None:
                return missed
        with self._making:
            made_s, snapshot = self._snapshots.get(kinds, (-float("inf"), None))
            if snapshot is None or made_s < asked_s:
                made_s = time.monotonic()
                with self._database.connection() as connection:
                    connection.execute(_QUERIES["one_moment"])
                    snapshot = _snapshot(connection, kinds)
                self._snapshots[kinds] = made_s, snapshot
            return snapshot


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
        "positions": positions.items(connection, datetime.now(UTC)),
    }
    return Beginning(hub.event(stream_id, "snapshot", publish.encode(snapshot)), stream_id)
