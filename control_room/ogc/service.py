"""What the collections hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from psycopg.rows import dict_row

from control_room import problems
from control_room.database import sql
from control_room.findings import report

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from datetime import datetime

    from control_room.database import pool

Collection = Literal["findings", "sites"]
COLLECTIONS: dict[Collection, tuple[str, str]] = {
    "findings": ("Findings of drone flights", "What a person confirmed in the footage of a flight; of places only."),
    "sites": ("Sites", "Places where dumping recurs."),
}
_QUERIES = sql.load(__file__)


class NoSuchFeatureError(problems.NotFoundError):
    """There is no such feature in this collection."""


class BadIntervalError(problems.UnprocessableError):
    """`datetime` is a time, or begin/end where either may be `..`."""

    name = "bad-interval"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which features; None: whichever."""

    box: tuple[float, float, float, float] | None = None
    """West, south, east, north."""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 10
    offset: int = 0

    @property
    def parameters(self) -> dict[str, Any]:
        box = dict(zip(("west", "south", "east", "north"), self.box or (None,) * 4, strict=True))
        return {**box, "since": self.since, "until": self.until, "limit": self.limit, "offset": self.offset}


def features(connection: pool.Connection, of: Collection, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """A page of them, and how many there are in all."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES[of], wanted.parameters).fetchall()
        counted = cursor.execute(_QUERIES[f"count_{of}"], wanted.parameters).fetchone()
    return [_feature(of, row) for row in rows], 0 if counted is None else int(counted["matched"])


def feature(connection: pool.Connection, of: Collection, feature_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchFeatureError."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES[f"one_of_{of}"], {"feature_id": feature_id}).fetchone()
    if row is None:
        raise NoSuchFeatureError
    return _feature(of, row)


def _feature(of: Collection, row: Mapping[str, Any]) -> dict[str, Any]:
    if of == "findings":
        return report.feature(row)
    times = {name: row[name] and row[name].isoformat() for name in ("first_seen_at", "last_seen_at", "cleaned_at")}
    plain = ("name", "status", "waste_classes", "ce90_m", "findings", "alerts", "looks")
    return {
        "type": "Feature",
        "id": str(row["site_id"]),
        "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
        "properties": {"site_id": str(row["site_id"]), **{name: row[name] for name in plain}, **times},
    }
