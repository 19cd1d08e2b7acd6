"""How a picture of a flight was taken, from the telemetry in the database: for places, footprints and corrections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import problems
from control_room.database import sql
from control_room.flights import lenses
from vision.georeference import cameras, correction, place
from vision.georeference.footprint import footprint
from vision.georeference.pose import RefusedError, Track, of_sample
from vision.telemetry.sample import Camera as CameraFacts
from vision.telemetry.sample import Sample

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from control_room.database import pool
    from vision.georeference.camera import Camera
    from vision.georeference.place import Bias, Placed, View

AROUND_S = 3.0
"""Telemetry that is read on either side of a moment; more than a gap that is interpolated over."""
_QUERIES = sql.load(__file__)


class NoSuchFootageError(problems.NotFoundError):
    """There is no such video or still of this flight."""


class NotPlacedError(problems.UnprocessableError):
    """The point cannot be put on the ground; `detail` says why."""

    name = "not-placed"


@dataclass(frozen=True, slots=True)
class Shown:
    """A video or still of a flight, and what is known of the camera that took it."""

    footage_id: uuid.UUID
    flight_id: uuid.UUID
    kind: str
    width_px: int | None
    height_px: int | None
    sync_offset_s: float | None
    telemetry: dict[str, Any] | None
    captured_from: datetime | None
    captured_to: datetime | None
    lens: str | None
    camera_model: str | None
    calibration: dict[str, Any] | None

    @property
    def size_px(self) -> tuple[int, int]:
        if self.width_px is None or self.height_px is None:
            raise NotPlacedError("the size of its pictures is not known")
        return self.width_px, self.height_px

    def camera(self, sample: Sample) -> Camera:
        """Raises RefusedError."""
        try:
            lens = lenses.of_aircraft(self.calibration, self.camera_model, self.lens)
        except cameras.UnknownModelError:
            raise RefusedError(f"the aircraft's camera {self.camera_model} is not in the table") from None
        return lens.camera(sample, self.size_px)


def shown(connection: pool.Connection, flight_id: uuid.UUID, footage_id: uuid.UUID) -> Shown:
    """Raises NoSuchFootageError."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["shown"], {"flight_id": flight_id, "footage_id": footage_id}).fetchone()
    if row is None:
        raise NoSuchFootageError
    return Shown(**row)


def view(connection: pool.Connection, of: Shown, time_s: float | None) -> View:
    """Of a moment of a video, or of a still (None). Raises RefusedError."""
    offset = of.sync_offset_s or 0.0
    around = None if time_s is None else time_s - offset
    rows = _samples(connection, of, around) or _samples(connection, of, None)
    if time_s is None:
        if not rows:
            raise RefusedError("the still says nothing of where it was taken")
        if rows[0].time_s is not None:  # a log's, which runs on
            pose, sample = Track(rows).at_time(0.0)
            return place.View(of.camera(sample), pose)
        return place.View(of.camera(rows[0]), of_sample(rows[0]))
    pose, sample = Track(rows).at_time(time_s - offset)
    return place.View(of.camera(sample), pose)


def located(view: View, x: float, y: float, bias: Bias | None = None) -> Placed:
    """`x`, `y`: 0..1 of the picture. Raises RefusedError."""
    return place.locate(replace(view, bias=bias), x * view.camera.width_px, y * view.camera.height_px)


def bias_of(connection: pool.Connection, flight_id: uuid.UUID) -> Bias | None:
    """What the known points of a flight tell of its lasting errors; None where there are none that can be used."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["known_points"], {"flight_id": flight_id}).fetchall()
    points = []
    for row in rows:
        try:
            seen = view(connection, shown(connection, flight_id, row["footage_id"]), row["time_s"])
        except (RefusedError, problems.ProblemError):
            continue
        x_px, y_px = row["x"] * seen.camera.width_px, row["y"] * seen.camera.height_px
        points.append(correction.KnownPoint(seen, x_px, y_px, row["lat"], row["lon"]))
    try:
        return correction.estimate(points) if points else None
    except RefusedError:
        return None


def footprints(connection: pool.Connection, of: Shown, every_s: float) -> list[dict[str, Any]]:
    """Where the camera was and what ground it showed, along a video."""
    offset, found, due = of.sync_offset_s or 0.0, [], float("-inf")
    bias = bias_of(connection, of.flight_id)
    rows = _samples(connection, of, None)
    track = Track(rows)
    for row in rows:
        if row.time_s is None or row.time_s < due or row.lat is None or row.lon is None:
            continue
        due = row.time_s + every_s
        try:
            pose, sample = track.at_time(row.time_s)
            corners = footprint(place.View(of.camera(sample), pose, bias=bias))
        except RefusedError:
            corners = []
        found.append(
            {
                "time_s": row.time_s + offset,
                "at": row.time_utc,
                "lat": row.lat,
                "lon": row.lon,
                "height_m": row.rel_alt_m,
                "yaw_deg": row.gimbal_yaw_deg,
                "pitch_deg": row.gimbal_pitch_deg,
                "corners": corners,
            }
        )
    return found


def _samples(connection: pool.Connection, of: Shown, around_s: float | None) -> Sequence[Sample]:
    """Of the whole file, or of the seconds about a moment of the telemetry."""
    asked = {
        "footage_id": of.footage_id,
        "from_s": None if around_s is None else around_s - AROUND_S,
        "to_s": None if around_s is None else around_s + AROUND_S,
    }
    told = of.telemetry or {}
    facts = CameraFacts(make=told.get("make"), model=told.get("model"))
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["samples"], asked).fetchall()
        if not rows and of.captured_from is not None:
            rows = cursor.execute(_QUERIES["samples_of_log"], asked | _of_log(of, around_s)).fetchall()
    image = str(of.footage_id) if of.kind == "still" else None
    return [Sample(**row, camera=facts, image=image) for row in rows]


def _of_log(of: Shown, around_s: float | None) -> dict[str, Any]:
    """Which part of a whole flight's log."""
    length_s = (
        0.0
        if of.captured_from is None or of.captured_to is None
        else (of.captured_to - of.captured_from).total_seconds()
    )
    from_s, to_s = (0.0, length_s) if around_s is None else (around_s, around_s)
    given = {"flight_id": of.flight_id, "captured_from": of.captured_from}
    return given | {"from_s": from_s - AROUND_S, "to_s": to_s + AROUND_S}
