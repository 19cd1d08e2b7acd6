"""Footprints of buildings, homes until somebody knows better: taken in, listed, taken out, found near a flight.

They are painted over in whatever the analyst keeps of a flight's pictures (`control_room.analyses.pictures`).
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from vision.footage import homes
from vision.georeference import globe

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room import callers, config
    from control_room.database import pool

LIMIT_BYTES = 32 * 1024 * 1024
MOST_SETS = 20
_MOST_BUILDINGS = 200_000
_FAR_M = 200_000.0
"""From the middle of the town; degrees in the wrong order lie thousands of kilometres off."""
_REACH_M = 1500.0
"""Around where a flight was; a house farther away is a few pixels."""
_QUERIES = sql.load(__file__)


class BadBuildingsError(problems.UnprocessableError):
    """Footprints are GeoJSON (RFC 7946): areas in degrees, longitude first."""

    name = "bad-buildings"


class NoSuchBuildingsError(problems.NotFoundError):
    """There is no such file of footprints."""


class TooManySetsError(problems.ConflictError):
    """There are as many files of footprints as can be: take one out first."""

    name = "too-many-sets"


def take_in(
    connection: pool.Connection, content: bytes, *, name: str, town: config.Town, by: callers.Caller, now: datetime
) -> uuid.UUID:
    """A file in the place of the one of that name, in one step; its id.

    Raises:
        BadBuildingsError: `detail` says what is wrong; nothing is changed.
        TooManySetsError: it would be one too many.
    """
    found = _read(content)
    bounds = [_bounds(rings[0]) for rings, _ in found]
    south, west = min(one[0] for one in bounds), min(one[1] for one in bounds)
    north, east = max(one[2] for one in bounds), max(one[3] for one in bounds)
    _check_near((south + north) / 2, (west + east) / 2, town)
    replaced = connection.execute(_QUERIES["remove_named"], {"name": name}).fetchone()
    if (connection.execute(_QUERIES["count"]).fetchone() or (0,))[0] >= MOST_SETS:
        raise TooManySetsError
    building_set_id = uuids.uuid7()
    sides = {"south": south, "west": west, "north": north, "east": east}
    given = {"building_set_id": building_set_id, "name": name, "buildings": len(found), "now": now, "by": by.name}
    sha256 = hashlib.sha256(content).hexdigest()
    connection.execute(_QUERIES["add_set"], given | sides | {"sha256": sha256})
    with connection.cursor() as cursor, cursor.copy(_QUERIES["copy_buildings"]) as copy:
        for number, ((rings, roof_m), box) in enumerate(zip(found, bounds, strict=True)):
            copy.write_row((building_set_id, number, *box, roof_m, Jsonb(rings)))
    detail = {"name": name, "buildings": len(found), "sha256": sha256, "replaced": replaced is not None}
    audit.record(connection, by, "buildings.add", at=now, on=("building_set", str(building_set_id)), detail=detail)
    return building_set_id


def take_out(
    connection: pool.Connection, building_set_id: uuid.UUID, *, reason: str, by: callers.Caller, now: datetime
) -> None:
    """Its homes are painted over no more. Raises NoSuchBuildingsError."""
    row = connection.execute(_QUERIES["remove"], {"building_set_id": building_set_id}).fetchone()
    if row is None:
        raise NoSuchBuildingsError
    on = ("building_set", str(building_set_id))
    audit.record(connection, by, "buildings.remove", at=now, on=on, reason=reason, detail={"name": row[0]})


def sets(connection: pool.Connection) -> list[dict[str, Any]]:
    return _rows(connection, None)


def item(connection: pool.Connection, building_set_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchBuildingsError."""
    rows = _rows(connection, building_set_id)
    if not rows:
        raise NoSuchBuildingsError
    return rows[0]


def near(connection: pool.Connection, flight_id: uuid.UUID) -> homes.Homes | None:
    """All that a flight's pictures may show; None: there are footprints, and nothing says where the flight was."""
    if connection.execute(_QUERIES["any"]).fetchone() != (True,):
        return homes.Homes([])
    flown = connection.execute(_QUERIES["flown"], {"flight_id": flight_id}).fetchone()
    if flown is None or flown[0] is None:
        return None
    south, west, north, east = flown
    east_m, north_m = globe.metres_of_a_degree(max(abs(south), abs(north)))
    up, across = _REACH_M / north_m, _REACH_M / max(east_m, 1.0)
    box = {"south": south - up, "north": north + up, "west": west - across, "east": east + across}
    rows = connection.execute(_QUERIES["near"], box).fetchall()
    return homes.Homes([([[(lat, lon) for lat, lon in ring] for ring in rings], roof_m) for rings, roof_m in rows])


def _read(content: bytes) -> list[tuple[homes.Footprint, float]]:
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadBuildingsError(f"buildings: no JSON ({error}); allowed: GeoJSON of polygons") from None
    try:
        found = homes.read(loaded)
    except homes.FootprintsError as error:
        raise BadBuildingsError(str(error)) from None
    if not found:
        raise BadBuildingsError("buildings: holds no area; allowed: features that are a Polygon or MultiPolygon")
    if len(found) > _MOST_BUILDINGS:
        raise BadBuildingsError(f"buildings: holds {len(found)} areas; allowed: {_MOST_BUILDINGS}")
    return found


def _check_near(lat: float, lon: float, town: config.Town) -> None:
    """A file with latitude first would paint over nothing, and nobody would know."""
    away_m = math.hypot(*globe.offset_m((town.lat, town.lon), (lat, lon)))
    if away_m > _FAR_M:
        said = f"lies {away_m / 1000:,.0f} km from the town, at {lat:.3f} north and {lon:.3f} east"
        raise BadBuildingsError(f"buildings: {said}; GeoJSON has the longitude first")


def _bounds(ring: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """South, west, north, east."""
    lats, lons = [lat for lat, _ in ring], [lon for _, lon in ring]
    return min(lats), min(lons), max(lats), max(lons)


def _rows(connection: pool.Connection, building_set_id: uuid.UUID | None) -> list[dict[str, Any]]:
    given = {"building_set_id": building_set_id, "limit": MOST_SETS}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["sets"], given).fetchall()
