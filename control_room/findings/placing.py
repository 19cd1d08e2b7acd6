"""Where a finding is: from a picture and its telemetry, or as a person gave it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from control_room.database import sql
from control_room.findings import views
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from datetime import datetime

    from control_room.database import pool
    from vision.georeference.errors import Covariance
    from vision.georeference.place import Bias, Placed

_CHI2_90 = 4.605170185988092
"""Of two degrees of freedom: the squared Mahalanobis distance that 90 % stay within."""
_MOVED_DEG = 1e-7
"""A centimetre: nearer is the same place."""
_QUERIES = sql.load(__file__)


@dataclass(frozen=True, slots=True)
class Where:
    """The columns of a finding that say where it is."""

    lat: float | None
    lon: float | None
    ce90_m: float | None
    method: str
    ellipse: dict[str, float] | None = None
    depression_deg: float | None = None

    @property
    def location(self) -> dict[str, Any] | None:
        """As `finding_items` has it."""
        if self.lat is None:
            return None
        return {"lat": self.lat, "lon": self.lon, "ce90_m": self.ce90_m, "ellipse": self.ellipse}

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "lat": self.lat,
            "lon": self.lon,
            "ce90_m": self.ce90_m,
            "method": self.method,
            "ellipse": None if self.ellipse is None else Jsonb(self.ellipse),
            "depression_deg": self.depression_deg,
        }


@dataclass(frozen=True, slots=True)
class Pictured:
    """Where in which picture something is; None: not said, of `time_s` also a still."""

    footage_id: uuid.UUID | None = None
    time_s: float | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A place as somebody gave it on the map."""

    lat: float
    lon: float
    ce90_m: float

    @property
    def placed(self) -> Where:
        return Where(self.lat, self.lon, self.ce90_m, "by hand")


def of_placed(placed: Placed) -> Where:
    return Where(
        placed.lat, placed.lon, placed.ce90_m, placed.method, ellipse(placed.covariance), placed.depression_deg
    )


def ellipse(covariance: Covariance) -> dict[str, float]:
    """Of 90 %: half axes in metres, and the bearing of the longer one from north, clockwise, 0 to 180 degrees."""
    values, vectors = np.linalg.eigh(covariance.matrix)
    minor, major = (math.sqrt(max(0.0, float(value)) * _CHI2_90) for value in values)
    east, north = (float(part) for part in vectors[:, 1])
    bearing = math.degrees(math.atan2(east, north)) % 180.0
    return {"semi_major_m": round(major, 2), "semi_minor_m": round(minor, 2), "bearing_deg": round(bearing, 1)}


def place(connection: pool.Connection, flight_id: uuid.UUID, at: Pictured, given: Given | None) -> Where:
    """The place of the middle of a box's lower edge, unless one is given; or why it has none.

    Raises:
        NoSuchFootageError: no such video or still of this flight.
    """
    of = None if at.footage_id is None else views.shown(connection, flight_id, at.footage_id)
    if given is not None:
        return given.placed
    if of is None or at.box is None:
        return Where(None, None, None, "neither a picture nor a place was given")
    try:
        seen = views.view(connection, of, at.time_s)
        return of_placed(views.located(seen, *_foot(at.box), views.bias_of(connection, flight_id)))
    except (RefusedError, views.NotPlacedError) as error:
        return Where(None, None, None, str(error))


def moment(connection: pool.Connection, footage_id: uuid.UUID | None, time_s: float | None) -> datetime | None:
    """When a picture was taken, by the drone's clock; None: nothing tells."""
    if footage_id is None:
        return None
    asked = {"footage_id": footage_id, "time_s": time_s}
    row = (
        connection.execute(_QUERIES["sample_near"], asked).fetchone()
        or connection.execute(_QUERIES["captured"], asked).fetchone()
    )
    return None if row is None else row[0]


def check_known_point(connection: pool.Connection, flight_id: uuid.UUID, point: Mapping[str, Any]) -> None:
    """Raises NoSuchFootageError, or NotPlacedError where its picture tells nothing."""
    of = views.shown(connection, flight_id, point["footage_id"])
    try:
        views.located(views.view(connection, of, point["time_s"]), point["x"], point["y"])
    except RefusedError as error:
        raise views.NotPlacedError(str(error)) from None


def place_anew(
    connection: pool.Connection, flight_id: uuid.UUID
) -> list[tuple[uuid.UUID, Where, dict[str, list[Any]]]]:
    """Findings of a flight that lie elsewhere by what is known now: id, where, and [before, after] of what changed.

    Of a candidate that was fused from several looks its best look is what is placed.
    """
    bias = views.bias_of(connection, flight_id)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["to_place_anew"], {"flight_id": flight_id}).fetchall()
    moved = []
    for row in rows:
        where = _again(connection, flight_id, row, bias)
        if where is None or where.lat is None or where.lon is None or row["lat"] is None:
            continue
        if max(abs(where.lat - row["lat"]), abs(where.lon - row["lon"])) > _MOVED_DEG:
            changed = {"lat": [row["lat"], where.lat], "lon": [row["lon"], where.lon]}
            moved.append((row["finding_id"], where, changed))
    return moved


def _again(
    connection: pool.Connection, flight_id: uuid.UUID, row: Mapping[str, Any], bias: Bias | None
) -> Where | None:
    try:
        seen = views.view(connection, views.shown(connection, flight_id, row["footage_id"]), row["time_s"])
        return of_placed(views.located(seen, *_foot(row["box"]), bias))
    except (RefusedError, views.NotPlacedError, views.NoSuchFootageError):
        return None


def _foot(box: tuple[float, float, float, float]) -> tuple[float, float]:
    """Of a thing that stands on the ground: where it touches it."""
    return (box[0] + box[2]) / 2, box[3]
