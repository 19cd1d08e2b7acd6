"""Geozones in the database: a file is taken in whole, in one step, and the one before it stays."""

from __future__ import annotations

import hashlib
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.geozones import geometry, reading
from control_room.geozones.zone import Circle, Geozone

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from control_room import callers, config
    from control_room.database import pool

LIMIT_BYTES = 32 * 1024 * 1024
"""Of one file; a whole country's has some 10 MiB."""
MOST_AT_ONCE = 2000
"""Zones that one question about a place is given."""
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

_QUERIES = sql.load(__file__)


class NoSuchDatasetError(problems.NotFoundError):
    """There is no such file of geozones."""


class NoSuchGeozoneError(problems.NotFoundError):
    """There is no such geozone."""


class BadGeozoneFileError(problems.UnprocessableError):
    """The file cannot be read; what was here before stays in force."""

    name = "bad-geozone-file"


class SameGeozoneFileError(problems.ConflictError):
    """This very file is already the present one of that source."""

    name = "same-geozone-file"


class BadBoxError(problems.UnprocessableError):
    """A box is west,south,east,north in degrees."""

    name = "bad-box"


@dataclass(frozen=True, slots=True)
class Near:
    """Zones about a place, and the datasets that were looked at."""

    zones: list[tuple[uuid.UUID, uuid.UUID, Geozone]]
    """Geozone, dataset, zone."""
    datasets: list[dict[str, Any]]


def box(text: str) -> Box:
    """Raises BadBoxError."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise BadBoxError from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - degrees
        raise BadBoxError
    return west, south, east, north


def take_in(
    connection: pool.Connection,
    content: bytes,
    *,
    source: str,
    town: config.Town,
    by: callers.Caller,
    now: datetime,
) -> uuid.UUID:
    """A file in the place of the present one of its source; the new dataset's id.

    Raises:
        BadGeozoneFileError: with each fault by line; nothing is changed.
        SameGeozoneFileError: it is the present one.
    """
    try:
        file = reading.read(content, town=(town.lon, town.lat), time_zone=zoneinfo.ZoneInfo(town.time_zone))
    except reading.UnreadableFileError as error:
        faults = [{"line": one.line, "zone": one.zone, "at": one.at, "cause": one.cause} for one in error.faults]
        raise BadGeozoneFileError(str(error), faults=faults) from None
    sha256 = hashlib.sha256(content).hexdigest()
    connection.execute(_QUERIES["lock_source"], {"source": source})
    present = connection.execute(_QUERIES["present_of"], {"source": source}).fetchone()
    if present is not None and present[2] == sha256:
        raise SameGeozoneFileError
    (newest,) = connection.execute(_QUERIES["newest_version"], {"source": source}).fetchone() or (0,)
    connection.execute(_QUERIES["replace"], {"source": source, "now": now})
    dataset_id = uuids.uuid7()
    given = {
        "dataset_id": dataset_id,
        "source": source,
        "version": newest + 1,
        "dialect": file.dialect,
        "title": file.title,
        "issued_at": file.issued_at,
        "sha256": sha256,
        "zones": len(file.zones),
        "doubts": Jsonb(sorted({*file.doubts, *(doubt for zone in file.zones for doubt in zone.doubts)})),
        "now": now,
        "imported_by": by.name,
    }
    connection.execute(_QUERIES["add_dataset"], given)
    with connection.cursor() as cursor:
        cursor.executemany(_QUERIES["add_zone"], [_row(dataset_id, zone) for zone in file.zones])
    detail = {"source": source, "version": newest + 1, "zones": len(file.zones), "sha256": sha256}
    audit.record(connection, by, "geozones.import", at=now, on=("geozone_dataset", str(dataset_id)), detail=detail)
    return dataset_id


def datasets(connection: pool.Connection, dataset_id: uuid.UUID | None = None) -> list[dict[str, Any]]:
    """Files that were taken in, the present ones first; with an id only that one."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["datasets"], {"dataset_id": dataset_id, "limit": 200}).fetchall()


def dataset(connection: pool.Connection, dataset_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchDatasetError."""
    rows = datasets(connection, dataset_id)
    if not rows:
        raise NoSuchDatasetError
    return rows[0]


def page(
    connection: pool.Connection,
    *,
    limit: int,
    after: uuid.UUID | None = None,
    within: Box | None = None,
    **filters: object,
) -> list[dict[str, Any]]:
    """Zones by identifier. `filters`: dataset_id, kind, search, geozone_id; None where all are wanted.

    Raises:
        NoSuchGeozoneError: `after` is none.
    """
    after_identifier = None
    if after is not None:
        found = connection.execute(_QUERIES["identifier_of"], {"geozone_id": after}).fetchone()
        if found is None:
            raise NoSuchGeozoneError
        after_identifier = found[0]
    given: dict[str, Any] = {"dataset_id": None, "kind": None, "search": None, "geozone_id": None, **filters}
    given |= dict(zip(("west", "south", "east", "north"), within or (None,) * 4, strict=True))
    given |= {"limit": limit, "after_identifier": after_identifier, "after_id": after}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["items"], given).fetchall()
    return [row | {"zone": row.pop("document")} for row in rows]


def item(connection: pool.Connection, geozone_id: uuid.UUID) -> dict[str, Any]:
    """A zone, also one of a dataset that was replaced. Raises NoSuchGeozoneError."""
    row = connection.execute(_QUERIES["dataset_of"], {"geozone_id": geozone_id}).fetchone()
    if row is None:
        raise NoSuchGeozoneError
    return page(connection, limit=1, geozone_id=geozone_id, dataset_id=row[0])[0]


def in_force(connection: pool.Connection, at: datetime) -> list[dict[str, Any]]:
    """Of each source the dataset that was in force then, else the first that came after."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["in_force_at"], {"at": at}).fetchall()


def near(connection: pool.Connection, within: Box, at: datetime) -> Near:
    """Zones whose box meets `within`, of the datasets that were in force at `at`."""
    files = in_force(connection, at)
    with connection.cursor(row_factory=dict_row) as cursor:
        given: dict[str, Any] = dict(zip(("west", "south", "east", "north"), within, strict=True))
        given |= {"datasets": [file["dataset_id"] for file in files], "limit": MOST_AT_ONCE}
        rows = cursor.execute(_QUERIES["near"], given).fetchall()
    zones = [(row["geozone_id"], row["dataset_id"], Geozone.model_validate(row["document"])) for row in rows]
    return Near(zones, files)


def features(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """GeoJSON features of zones as `page` gives them, one for each volume."""
    found: list[dict[str, Any]] = []
    for row in rows:
        zone = Geozone.model_validate(row["zone"])
        for volume in zone.volumes:
            rings = (geometry.ring_of(volume.shape),) if isinstance(volume.shape, Circle) else volume.shape.rings
            properties = {
                "geozone_id": str(row["geozone_id"]),
                "identifier": zone.identifier,
                "name": zone.name,
                "kind": zone.kind,
                "lower": volume.lower and volume.lower.model_dump(),
                "upper": volume.upper and volume.upper.model_dump(),
            }
            found.append({"geometry": {"type": "Polygon", "coordinates": rings}, "properties": properties})
    return found


def _row(dataset_id: uuid.UUID, zone: Geozone) -> dict[str, Any]:
    west, south, east, north = geometry.box_of_all(volume.shape for volume in zone.volumes)
    return {
        "geozone_id": uuids.uuid7(),
        "dataset_id": dataset_id,
        "identifier": zone.identifier,
        "country": zone.country,
        "kind": zone.kind,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "search": _searched([zone.identifier, *zone.name.values()]),
        "document": Jsonb(zone.model_dump(mode="json")),
    }


def _searched(words: Sequence[str]) -> str:
    return "\n".join(words).lower()
