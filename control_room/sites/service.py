"""Sites: join what was seen to them, list them, and what people do to them."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.callers import ROOM
from control_room.database import sql
from control_room.sites import joining
from control_room.stream import publish
from vision.georeference import globe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool

JOINING_RULES = ("illegal_dumping",)
"""Of cameras: what a confirmed alert of tells of a site."""
VISITS_MOST = 200
_LOCK = 0x74616C73  # "tals"
_CHANGED = ("name", "status", "waste_classes", "land_owner", "note")
_OF_VISIT = (
    *("finding_id", "alert_id", "flight_id", "footage_id", "time_s", "lat", "lon", "ce90_m"),
    *("before_sha256", "after_sha256", "changed_share", "note"),
)
_QUERIES = sql.load(__file__)


class NoSuchSiteError(problems.NotFoundError):
    """There is no such site."""


class StaleSiteError(problems.ConflictError):
    """Somebody changed this site since you saw it; `site` is how it is now."""

    name = "stale-version"


class BadMergeError(problems.UnprocessableError):
    """`into` is another site that is not merged itself."""

    name = "bad-merge"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which sites are wanted; None: whichever."""

    statuses: list[str] | None = None
    named: str | None = None
    """Part of the name."""
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north."""

    @property
    def parameters(self) -> dict[str, Any]:
        box = dict(zip(("west", "south", "east", "north"), self.box or (None,) * 4, strict=True))
        named = None if self.named is None else re.sub(r"([%_\\])", r"\\\1", self.named)
        return {"statuses": self.statuses or None, "named": None if named is None else f"%{named}%", **box}


def page(
    connection: pool.Connection, filters: Filters, *, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> list[dict[str, Any]]:
    """At most `limit` items older than `before` (last_seen_at and site_id of an item)."""
    cursor = {"before_at": before[0] if before else None, "before_id": before[1] if before else None, "limit": limit}
    return _rows(connection, "page", filters.parameters | cursor)


def item(connection: pool.Connection, site_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchSiteError, also where it was merged into another."""
    rows = _rows(connection, "item", {"site_id": site_id})
    if not rows:
        raise NoSuchSiteError
    return rows[0]


def detail(connection: pool.Connection, site_id: uuid.UUID) -> dict[str, Any]:
    """The item with what happened there, the newest first; raises NoSuchSiteError."""
    found = item(connection, site_id)
    return {**found, "visits": _rows(connection, "visits", {"site_id": site_id, "limit": VISITS_MOST})}


def join_finding(connection: pool.Connection, finding: Mapping[str, Any], *, by: Caller, now: datetime) -> uuid.UUID:
    """The site within reach of its error, or a new one.

    Args:
        connection: the transaction in which the finding is confirmed.
        finding: a row of `findings` with a place.
        by: who confirmed it.
        now: the server's clock.
    """
    visit = {name: finding[name] for name in ("finding_id", "flight_id", "footage_id", "time_s")}
    classes = [finding["waste_class"]] if finding["waste_class"] else []
    return _join(connection, "finding", finding, visit, classes, by=by, now=now)


def move_finding(connection: pool.Connection, finding: Mapping[str, Any], *, by: Caller, now: datetime) -> uuid.UUID:
    """Its place is another: it stays at its site where that is still within reach, else it joins another."""
    connection.execute(_QUERIES["lock_sites"], {"lock": _LOCK})
    of = {"finding_id": finding["finding_id"]}
    row = connection.execute(_QUERIES["visit_of_finding"], of).fetchone()
    if row is not None and _reaches(connection, row[0], finding):
        place = {"lat": finding["lat"], "lon": finding["lon"], "ce90_m": finding["ce90_m"]}
        connection.execute(_QUERIES["move_visit"], of | place)
        _settle(connection, row[0], now)
        return uuid.UUID(str(row[0]))
    forget_finding(connection, finding["finding_id"], now=now)
    return join_finding(connection, finding, by=by, now=now)


def forget_finding(connection: pool.Connection, finding_id: uuid.UUID, *, now: datetime) -> None:
    """It was none after all, or is elsewhere. A site of which nothing is left goes with it."""
    row = connection.execute(_QUERIES["forget_finding"], {"finding_id": finding_id}).fetchone()
    if row is not None:
        _settle(connection, row[0], now)


def note_alert(connection: pool.Connection, alert_id: uuid.UUID, *, is_real: bool, by: Caller, now: datetime) -> None:
    """A camera's alert was judged: one of dumping with a place belongs to a site; one that was wrong to none."""
    if not is_real:
        row = connection.execute(_QUERIES["forget_alert"], {"alert_id": alert_id}).fetchone()
        if row is not None:
            _settle(connection, row[0], now)
        return
    rows = _rows(connection, "alert", {"alert_id": alert_id, "rules": list(JOINING_RULES)})
    if rows:
        _join(connection, "alert", rows[0], {"alert_id": alert_id}, [], by=by, now=now)


def change(
    connection: pool.Connection,
    site_id: uuid.UUID,
    version: int,
    wanted: Mapping[str, Any],
    *,
    by: Caller,
    now: datetime,
    reason: str | None,
) -> None:
    """Write what people say of it: name, status, waste_classes, land_owner, note; what is not in `wanted` stays.

    Raises:
        NoSuchSiteError, StaleSiteError: as the names say.
    """
    row = _locked(connection, site_id, version)
    after = {name: wanted.get(name, row[name]) for name in _CHANGED}
    connection.execute(_QUERIES["change"], {"site_id": site_id, "now": now, **after})
    changed = {name: [row[name], after[name]] for name in _CHANGED if row[name] != after[name]}
    if "status" in changed:
        note = f"{row['status']} -> {after['status']}" + (f": {reason}" if reason else "")
        _add_visit(connection, site_id, {"kind": "person", "at": now, "actor": by.name, "note": note})
    on = ("site", str(site_id))
    audit.record(connection, by, "site.change", at=now, on=on, reason=reason, detail=changed)
    tell(connection, site_id)


def merge(
    connection: pool.Connection, site_id: uuid.UUID, into: uuid.UUID, version: int, *, by: Caller, now: datetime
) -> None:
    """Both are one place.

    Raises:
        NoSuchSiteError, StaleSiteError, BadMergeError: as the names say.
    """
    _locked(connection, site_id, version)
    others = _rows(connection, "lock", {"site_id": into})
    if into == site_id or not others or others[0]["merged_into"] is not None:
        raise BadMergeError
    given = {"site_id": site_id, "into": into}
    for query in ("merge_visits", "merge_findings", "merge"):
        connection.execute(_QUERIES[query], given)
    audit.record(connection, by, "site.merge", at=now, on=("site", str(site_id)), detail={"into": str(into)})
    _settle(connection, into, now)


def note_look(connection: pool.Connection, site_id: uuid.UUID, look: Mapping[str, Any]) -> None:
    """A flight's pictures show the place. `look`: columns of `site_visits`."""
    _add_visit(connection, site_id, {"kind": "look", "actor": ROOM.name, **look})
    tell(connection, site_id)


def tell(connection: pool.Connection, site_id: uuid.UUID) -> None:
    """Tell the screens how a site is now."""
    publish.publish(connection, "site", item(connection, site_id))


def to_look_at(connection: pool.Connection, filters: Filters, *, before: datetime, limit: int) -> list[dict[str, Any]]:
    """Sites that need a look, the most urgent first."""
    return _rows(connection, "to_look_at", filters.parameters | {"before": before, "limit": limit})


def picture(connection: pool.Connection, site_id: uuid.UUID, visit_id: uuid.UUID, which: str) -> str:
    """SHA-256 of the picture `before` or `after` of a look; raises NoSuchSiteError where there is none."""
    given = {"site_id": site_id, "visit_id": visit_id, "which": which}
    row = connection.execute(_QUERIES["picture"], given).fetchone()
    if row is None or row[0] is None:
        raise NoSuchSiteError("there is no such picture of a site")
    return str(row[0])


def _join(
    connection: pool.Connection,
    kind: str,
    seen: Mapping[str, Any],
    visit: Mapping[str, Any],
    classes: list[str],
    *,
    by: Caller,
    now: datetime,
) -> uuid.UUID:
    connection.execute(_QUERIES["lock_sites"], {"lock": _LOCK})
    here = joining.Seen(seen["lat"], seen["lon"], seen["ce90_m"])
    found = joining.nearest(here, _near(connection, here))
    site_id = found if isinstance(found, uuid.UUID) else _new_site(connection, here, seen["seen_at"], by=by, now=now)
    place = {"lat": here.lat, "lon": here.lon, "ce90_m": here.ce90_m}
    _add_visit(connection, site_id, {"kind": kind, "at": seen["seen_at"], "actor": by.name, **place, **visit})
    for waste_class in classes:
        connection.execute(_QUERIES["add_waste_class"], {"site_id": site_id, "waste_class": waste_class})
    _settle(connection, site_id, now)
    return site_id


def _reaches(connection: pool.Connection, site_id: uuid.UUID, finding: Mapping[str, Any]) -> bool:
    """Whether it still belongs to its site; one that nothing else was seen at goes where it goes."""
    rows = _rows(connection, "members", {"site_id": site_id})
    others = [_seen(row) for row in rows if row["finding_id"] != finding["finding_id"]]
    if not others:
        return True
    here = joining.Seen(finding["lat"], finding["lon"], finding["ce90_m"])
    return joining.nearest(here, [(site_id, joining.joint(others))]) is not None


def _seen(row: Mapping[str, Any]) -> joining.Seen:
    return joining.Seen(row["lat"], row["lon"], row["ce90_m"], row["flight_id"] or row["alert_id"])


def _near(connection: pool.Connection, seen: joining.Seen) -> list[tuple[uuid.UUID, joining.Joint]]:
    reach = joining.REACH_M_MAX
    south, west = globe.moved((seen.lat, seen.lon), -reach, -reach)
    north, east = globe.moved((seen.lat, seen.lon), reach, reach)
    corners = {"lats": [south, south, north, north], "lons": [west, east, west, east]}
    cells = [row[0] for row in connection.execute(_QUERIES["cells"], corners)]
    box = {"south": south, "north": north, "west": west, "east": east, "cells": cells}
    return [
        (row["site_id"], joining.Joint(row["lat"], row["lon"], row["ce90_m"])) for row in _rows(connection, "near", box)
    ]


def _new_site(connection: pool.Connection, here: joining.Seen, at: datetime, *, by: Caller, now: datetime) -> uuid.UUID:
    site_id = uuids.uuid7()
    given = {"site_id": site_id, "name": f"{here.lat:.5f}, {here.lon:.5f}", "lat": here.lat, "lon": here.lon}
    given |= {"ce90_m": here.ce90_m, "waste_classes": [], "at": at, "now": now, "by": by.name}
    connection.execute(_QUERIES["add"], given)
    audit.record(connection, by, "site.add", at=now, on=("site", str(site_id)))
    return site_id


def _add_visit(connection: pool.Connection, site_id: uuid.UUID, visit: Mapping[str, Any]) -> None:
    given = {**dict.fromkeys(_OF_VISIT), "site_id": site_id, "visit_id": uuids.uuid7(), **visit}
    connection.execute(_QUERIES["add_visit"], given)


def _settle(connection: pool.Connection, site_id: uuid.UUID, now: datetime) -> None:
    """Where it is by what is left of it; a site of which nothing is left is no more."""
    rows = _rows(connection, "members", {"site_id": site_id})
    if not rows:
        for query in ("forget_visits", "forget_merged", "forget_findings", "forget_site"):
            connection.execute(_QUERIES[query], {"site_id": site_id})
        audit.record(connection, ROOM, "site.forget", at=now, on=("site", str(site_id)))
        return
    where = joining.joint([_seen(row) for row in rows])
    given = {"site_id": site_id, "lat": where.lat, "lon": where.lon, "ce90_m": where.ce90_m}
    connection.execute(_QUERIES["settle"], {**given, "first": rows[0]["at"], "last": rows[-1]["at"]})
    tell(connection, site_id)


def _locked(connection: pool.Connection, site_id: uuid.UUID, version: int) -> dict[str, Any]:
    rows = _rows(connection, "lock", {"site_id": site_id})
    if not rows or rows[0]["merged_into"] is not None:
        raise NoSuchSiteError
    if rows[0]["version"] != version:
        shown: dict[str, Any] = json.loads(publish.encode(item(connection, site_id)))
        raise StaleSiteError(site=shown)
    return rows[0]


def _rows(connection: pool.Connection, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], parameters, prepare=False).fetchall()
