"""Where a publisher is, as it tells beside its video: lines of JSON on a data channel called `telemetry`.

A line has the fields of `wire.device.PositionMessage` without the device, which the room knows of its source; without a
time the line's arrival counts. A source without a device moves nothing. What cannot be used is counted, and no more.
Where the newest line of a source tells enough, the ground in its picture is reckoned.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from control_room.database import pool, sql
from control_room.ingest import clocks
from control_room.live.media import LiveOffError, MediaAwayError, RefusedError
from control_room.live.opening import open_media
from control_room.live_recordings.media import Memory
from control_room.positions import filming
from control_room.positions import service as positions
from control_room.stream import publish
from wire.device import PositionMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_room.room import Room

    Sizes = Mapping[str, tuple[int, int]]
    """Width and height in px of what each stream shows."""

LOOK_EVERY_S = 1.0
_QUERIES = sql.load(__file__)
_NOT_TOLD = frozenset({"schema", "device_id", "camera_id"})
"""What a line may not say: whose it is, the room knows."""
_log = logging.getLogger(__name__)


async def run(room: Room) -> None:
    """Until cancelled."""
    while True:
        try:
            await run_in_threadpool(look, room)
        except (psycopg.Error, PoolTimeout) as error:
            _log.warning("positions of live sources wait: %s", pool.one_line(error))
        await asyncio.sleep(LOOK_EVERY_S)


def look(room: Room) -> None:
    """Fetch what was told, write it down, and only then let go of it; one process at a time."""
    try:
        memory = Memory(room.settings.live)
        with room.database.connection() as connection:
            if connection.execute(_QUERIES["alone_with_telemetry"]).fetchone() != (True,):
                return
            lines = memory.telemetry()
            if not lines:
                return
            useless = take(connection, lines, room.clock(), sizes=_sizes(room))
        memory.telemetry_taken(lines[-1]["number"], dict(useless))
    except (LiveOffError, MediaAwayError, RefusedError):
        return  # the list of live video says so


def take(connection: pool.Connection, lines: list[dict[str, Any]], now: datetime, *, sizes: Sizes) -> Counter[str]:
    """Write positions down and tell the screens; how many lines of each stream were of no use."""
    streams = sorted({line["stream"] for line in lines})
    devices: dict[str, str] = dict(connection.execute(_QUERIES["devices_of"], {"streams": streams}).fetchall())
    useless: Counter[str] = Counter()
    told: list[tuple[str, datetime, PositionMessage]] = []
    for line in lines:
        stream, arrived = line["stream"], datetime.fromisoformat(line["at"])
        message = read(line["line"], devices.get(stream), arrived)
        if message is None:
            useless[stream] += 1
        else:
            told.append((stream, arrived, message))
    due = positions.store(connection, _rows(told, sizes), now)
    if due:
        publish.publish_all(connection, "position", positions.items_of(connection, due))
    return useless


def _rows(told: list[tuple[str, datetime, PositionMessage]], sizes: Sizes) -> list[dict[str, Any]]:
    newest = {stream: message for stream, _, message in sorted(told, key=lambda one: one[2].at)}
    rows: list[dict[str, Any]] = []
    for stream, arrived, message in told:
        placed = clocks.place(message.at, arrived)
        known = filming.filmed(message, sizes.get(stream)) if message is newest[stream] else message
        rows.append(positions.row(known, at=placed.at, received_at=arrived, device_time=placed.device_time))
    return rows


def _sizes(room: Room) -> Sizes:
    streams = open_media(room).streams()
    return {one.stream: (one.width_px, one.height_px) for one in streams if one.width_px and one.height_px}


def read(line: str, device_id: str | None, arrived: datetime) -> PositionMessage | None:
    """None: it is none, or nobody's."""
    if device_id is None:
        return None
    try:
        told = json.loads(line)
        if not isinstance(told, dict):
            return None
        content = {"at": arrived.isoformat()} | {key: value for key, value in told.items() if key not in _NOT_TOLD}
        return PositionMessage.model_validate(
            content | {"schema": f"{PositionMessage.SCHEMA}/{PositionMessage.VERSION}", "device_id": device_id}
        )
    except (ValueError, RecursionError, ValidationError):
        return None
