"""What an analysis reads: a flight's videos on a disk, their telemetry out of the database, their lens."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room.database import sql
from control_room.flights import lenses
from control_room.probing import telemetry
from control_room.store.local import LocalStore
from vision.footage.flown import Flown
from vision.georeference import cameras
from vision.telemetry.sample import Camera, Sample, UtcSource

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from control_room.database import pool
    from control_room.store.content import Store
    from vision.footage.video import Facts
    from vision.georeference.camera import Camera as GroundCamera

_QUERIES = sql.load(__file__)
_COLUMNS = tuple(name for name in telemetry.COLUMNS if name not in {"time_utc", "notes"})
"""Told by the database as they are; the moment and the notes need reading."""


class NoTelemetryError(Exception):
    """Nothing says where the video was taken; one line, beginning with a code."""


@dataclass(frozen=True, slots=True)
class Video:
    """One to look through."""

    footage_id: uuid.UUID
    name: str
    sha256: str
    captured_from: datetime | None
    captured_to: datetime | None
    duration_s: float | None
    width_px: int | None
    height_px: int | None
    telemetry: dict[str, Any] | None
    lens: str | None
    camera_model: str | None
    """Of its aircraft, as the unit wrote it down."""
    calibration: dict[str, Any] | None
    """Likewise, of its wide lens."""


def videos(connection: pool.Connection, flight_id: uuid.UUID) -> list[Video]:
    """Of a flight, in the order of time."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["videos"], {"flight_id": flight_id}).fetchall()
    return [Video(**{name: row[name] for name in Video.__slots__}) for row in rows]


def video(connection: pool.Connection, footage_id: uuid.UUID) -> Video:
    """One that is there, of whatever lens.

    Raises:
        LookupError: it is not there any more.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["video"], {"footage_id": footage_id}).fetchone()
    if row is None:
        raise LookupError(f"footage {footage_id} is gone")
    return Video(**{name: row[name] for name in Video.__slots__})


def samples(connection: pool.Connection, flight_id: uuid.UUID, video: Video) -> list[Sample]:
    """Of the video itself, else the part of a whole flight's log that it lies in.

    Raises:
        NoTelemetryError: neither is there.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["samples_of"], {"footage_id": video.footage_id}).fetchall()
        if not rows and video.captured_from is not None and video.captured_to is not None:
            span = {"flight_id": flight_id, "from": video.captured_from, "to": video.captured_to}
            rows = cursor.execute(_QUERIES["samples_of_log"], span).fetchall()
    if not any(row["lat"] is not None for row in rows):
        raise NoTelemetryError("no_telemetry: no telemetry says where it was taken")
    camera = _camera_of(video)
    return [_sample(row, camera) for row in rows]


def _sample(row: dict[str, Any], camera: Camera | None) -> Sample:
    sample = Sample(**{name: row[name] for name in _COLUMNS})
    sample.time_utc, sample.utc_source = row["at"], UtcSource.ASSUMED_ZONE
    sample.notes = tuple(row["notes"] or ())
    sample.camera = camera
    return sample


def _camera_of(video: Video) -> Camera | None:
    told = video.telemetry or {}
    if not told.get("model"):
        return None
    return Camera(told.get("make"), told["model"], video.width_px, video.height_px)


def lens(video: Video) -> Callable[[Sample, tuple[int, int]], GroundCamera]:
    """The aircraft's camera where the unit wrote it down, else what the telemetry tells."""
    try:
        return lenses.of_aircraft(video.calibration, video.camera_model, video.lens).camera
    except cameras.UnknownModelError:
        return lenses.Lens().camera


def flown(
    connection: pool.Connection, flight_id: uuid.UUID, video: Video, facts: Facts, offset_s: float | None = None
) -> Flown:
    """Where its camera was; `offset_s` None: as the analysis wrote down by how much its telemetry is moved.

    Raises:
        NoTelemetryError: nothing says it.
    """
    if offset_s is None:
        row = connection.execute(_QUERIES["offset"], {"footage_id": video.footage_id}).fetchone()
        offset_s = float(row[0]) if row is not None and row[0] is not None else 0.0
    told = samples(connection, flight_id, video)
    return Flown(told, lens(video), (facts.width_px, facts.height_px), offset_s=offset_s)


@contextlib.contextmanager
def on_disk(store: Store, sha256: str) -> Iterator[Path]:
    """Where a file of the store can be read; of a store on a network a copy, gone afterwards."""
    if isinstance(store, LocalStore):
        yield store.path(sha256)
        return
    with tempfile.NamedTemporaryFile(dir=store.staging.incoming) as copy:
        for piece in store.read(sha256):
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)
