"""Where the aircraft was while it sent live, as a telemetry file beside its video: so that its findings get places."""

from __future__ import annotations

import tempfile
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room.database import sql
from control_room.flights import receiving
from control_room.probing import service as probing
from control_room.store.staging import Incoming
from vision.georeference.camera import equivalent_of_view
from vision.telemetry import rows as csv
from vision.telemetry.sample import Sample

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool
    from control_room.store.content import Store

_QUERIES = sql.load(__file__)
_ENOUGH = 2
"""A line needs two places."""


def add_telemetry(  # noqa: PLR0917 - of what, where to, when
    connection: pool.Connection,
    store: Store,
    video: dict[str, Any],
    recording: dict[str, Any],
    name: str,
    now: datetime,
) -> None:
    """Nothing where no positions of its aircraft are known."""
    content = content_of(connection, recording)
    if content is None:
        return
    with tempfile.NamedTemporaryFile(dir=store.staging.incoming, suffix=".csv") as file:
        file.write(content)
        file.flush()
        outcome = probing.probe(Path(file.name), name="live.csv", media_type="text/csv")
    if outcome.found is None:
        return
    with Incoming(store) as incoming:
        incoming.write(content)
        connection.execute(_QUERIES["lock_content"], {"sha256": incoming.sha256})
        incoming.keep()
        log = video | {
            "footage_id": uuids.uuid7(),
            "bytes": len(content),
            "name": f"{name}.csv",
            "kind": "telemetry",
            "belongs_to": video["footage_id"],
        }
        connection.execute(_QUERIES["add_footage"], log)
        receiving.receive(
            connection, log, sha256=incoming.sha256, size_bytes=len(content), found=outcome.found, now=now
        )


def content_of(connection: pool.Connection, recording: dict[str, Any]) -> bytes | None:
    """CSV; None where fewer than two places are known."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["positions"], recording).fetchall()
    if len(found) < _ENOUGH:
        return None
    samples = [
        Sample(
            row=number,
            time_s=(row["at"] - recording["captured_from"]).total_seconds(),
            time_utc=row["at"].astimezone(UTC),
            lat=row["lat"],
            lon=row["lon"],
            rel_alt_m=row["relative_altitude_m"],
            abs_alt_m=row["absolute_altitude_m"],
            gimbal_yaw_deg=row["gimbal_yaw_deg"],
            gimbal_pitch_deg=row["gimbal_pitch_deg"],
            gimbal_roll_deg=row["gimbal_roll_deg"],
            focal_length_mm=_equivalent_mm(row["view_deg"], recording),
        )
        for number, row in enumerate(found, 1)
    ]
    return ("\n".join(csv.lines(samples)) + "\n").encode()


def _equivalent_mm(view_deg: float | None, recording: dict[str, Any]) -> float | None:
    """How such files tell of a lens."""
    size_px = recording["width_px"], recording["height_px"]
    return None if view_deg is None else equivalent_of_view(view_deg, size_px)
