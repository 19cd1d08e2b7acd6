"""A flight in the database as an upload leaves it: a video, its telemetry, candidates of an analysis."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from tests.control_room import door as doors
from tests.control_room import messages
from vision.georeference import globe
from vision.telemetry.sample import Sample

TAKE_OFF = (41.1189, 1.2445)
HEIGHT_M = 60.0
SECONDS = 20
SPEED_MS = 4.0
SIZE_PX = (1920, 1080)


def samples(*, pitch_deg: float = -90.0, height_m: float = HEIGHT_M) -> list[Sample]:
    """Eastwards at 4 m/s, ten rows a second, the camera looking down with north up."""
    rows = []
    for row in range(1, SECONDS * 10 + 1):
        time_s = (row - 1) / 10
        lat, lon = globe.moved(TAKE_OFF, SPEED_MS * time_s, 0.0)
        rows.append(
            Sample(
                row=row,
                time_s=time_s,
                time_utc=messages.NOON + timedelta(seconds=time_s),
                lat=lat,
                lon=lon,
                rel_alt_m=height_m,
                gimbal_yaw_deg=0.0,
                gimbal_pitch_deg=pitch_deg,
                gimbal_roll_deg=0.0,
                focal_length_mm=24.0,
                zoom=1.0,
            )
        )
    return rows


def add_flight(door: doors.Door, pilot: str = "pere") -> uuid.UUID:
    flight_id = uuids.uuid7()
    door.log_in(pilot)
    with door.connection() as connection:
        connection.execute(
            "INSERT INTO flights (flight_id, pilot, created_at, created_by, updated_at) VALUES (%s, %s, %s, %s, %s)",
            (flight_id, pilot, door.clock(), pilot, door.clock()),
        )
    return flight_id


def add_footage(
    door: doors.Door, flight_id: uuid.UUID, telemetry: Iterable[Sample] = (), kind: str = "video"
) -> uuid.UUID:
    footage_id = uuids.uuid7()
    with door.connection() as connection, connection.transaction():
        connection.execute(
            "INSERT INTO footage (footage_id, flight_id, sha256, bytes, name, kind, state, width_px, height_px,"
            " captured_from, created_at, received_at) VALUES (%s, %s, %s, 1, 'DJI_0001.MP4', %s, 'ready', %s, %s,"
            " %s, %s, %s)",
            (footage_id, flight_id, "c" * 64, kind, *SIZE_PX, messages.NOON, door.clock(), door.clock()),
        )
        for each in telemetry:
            columns = {
                name: getattr(each, name)
                for name in (
                    *("row", "time_s", "lat", "lon", "rel_alt_m", "gimbal_yaw_deg", "gimbal_pitch_deg"),
                    *("gimbal_roll_deg", "focal_length_mm", "zoom"),
                )
            }
            names, values = ["footage_id", "at", *columns], [footage_id, each.time_utc, *columns.values()]
            places = ", ".join(["%s"] * len(values))
            connection.execute(f"INSERT INTO telemetry_samples ({', '.join(names)}) VALUES ({places})", values)  # noqa: S608 - names of this file
    return footage_id


def add_candidate(door: doors.Door, flight_id: uuid.UUID, **changes: Any) -> uuid.UUID:
    """As an analysis proposes one, 10 m east of take-off unless told otherwise."""
    finding_id = uuids.uuid7()
    lat, lon = globe.moved(TAKE_OFF, 10.0, 0.0)
    given: dict[str, Any] = {
        "finding_id": finding_id,
        "flight_id": flight_id,
        "state": "candidate",
        "label": "unusual",
        "confidence": 0.7,
        "score": 0.5,
        "seen_at": messages.NOON,
        "box": Jsonb([0.4, 0.4, 0.5, 0.5]),
        "lat": lat,
        "lon": lon,
        "ce90_m": 4.0,
        "method": "flat ground",
        "added_by": "room",
        "added_at": door.clock(),
        **changes,
    }
    places = ", ".join(["%s"] * len(given))
    with door.connection() as connection:
        connection.execute(
            f"INSERT INTO findings ({', '.join(given)}) VALUES ({places})",  # noqa: S608 - names of this file
            list(given.values()),
        )
    return finding_id


def at(east_m: float, north_m: float = 0.0) -> dict[str, float]:
    """A place so far from take-off, as columns."""
    lat, lon = globe.moved(TAKE_OFF, east_m, north_m)
    return {"lat": lat, "lon": lon}


def seen_at(**after_noon: float) -> datetime:
    return messages.NOON + timedelta(**after_noon)
