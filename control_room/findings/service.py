"""Findings: list them, add one by hand, and a person's word on each, all or nothing in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room import problems
from control_room.analyses import jobs
from control_room.audit import service as audit
from control_room.callers import Role
from control_room.database import sql
from control_room.findings import events, placing
from control_room.holds import service as holds
from control_room.sites import service as sites
from control_room.stream import publish

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.store.content import Store

_QUERIES = sql.load(__file__)
_PLACE = ("lat", "lon", "ce90_m", "method")


class NoSuchFindingError(problems.NotFoundError):
    """There is no such finding."""


class NoSuchFlightError(problems.NotFoundError):
    """There is no such flight."""


class AnothersFlightError(problems.ForbiddenError):
    """A pilot judges what was found on his own flights."""

    name = "anothers-flight"


class StaleFindingError(problems.ConflictError):
    """Somebody changed this finding since you saw it; `finding` is how it is now."""

    name = "stale-version"


class WrongStateError(problems.ConflictError):
    """This cannot be done to a finding in its present state; `finding` is how it is now."""

    name = "wrong-state"


class BadMergeError(problems.UnprocessableError):
    """`into` is another finding of the same flight that is not merged itself."""

    name = "bad-merge"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which findings are wanted; None: whichever."""

    flight_id: uuid.UUID | None = None
    states: list[str] | None = None
    site_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody says of a finding that he saw in this `version`."""

    version: int
    by: Caller
    now: datetime
    reason: str | None = None
    label: str | None = None
    waste_class: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Something that a person saw: a point or box of a picture, or a place on the map."""

    label: str
    at: placing.Pictured = field(default_factory=placing.Pictured)
    place: placing.Given | None = None
    waste_class: str | None = None
    note: str | None = None
    seen_at: datetime | None = None


@dataclass(slots=True)
class _Row:
    """A locked finding."""

    values: dict[str, Any]
    changed: dict[str, list[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def note(self, name: str, after: Any) -> None:
        if self.values[name] != after:
            self.changed[name] = [self.values[name], after]


def page(
    connection: pool.Connection, filters: Filters, *, limit: int, before: tuple[float, uuid.UUID] | None
) -> list[dict[str, Any]]:
    """At most `limit` items after `before` (score and id of an item), the most worth a look first."""
    west, south, east, north = filters.box or (None, None, None, None)
    given = {
        "flight_id": filters.flight_id,
        "states": filters.states or None,
        "site_id": filters.site_id,
        "since": filters.since,
        "until": filters.until,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "before_score": before[0] if before else None,
        "before_id": before[1] if before else None,
        "limit": limit,
    }
    return read(connection, "page", given)


def item(connection: pool.Connection, finding_id: uuid.UUID) -> dict[str, Any]:
    """Raises NoSuchFindingError."""
    rows = read(connection, "item", {"finding_id": finding_id})
    if not rows:
        raise NoSuchFindingError
    return rows[0]


def detail(connection: pool.Connection, finding_id: uuid.UUID) -> dict[str, Any]:
    """The item with its history; raises NoSuchFindingError."""
    history = read(connection, "history", {"finding_id": finding_id})
    return {**item(connection, finding_id), "history": history}


def counts(connection: pool.Connection, flight_id: uuid.UUID) -> dict[str, int]:
    """How many of a flight are in each state."""
    return dict(connection.execute(_QUERIES["counts"], {"flight_id": flight_id}).fetchall())


def flight(connection: pool.Connection, flight_id: uuid.UUID) -> dict[str, Any]:
    """Whose it is, and which rules hold for it; raises NoSuchFlightError."""
    rows = read(connection, "flight", {"flight_id": flight_id})
    if not rows:
        raise NoSuchFlightError
    return rows[0]


def picture(connection: pool.Connection, finding_id: uuid.UUID) -> str | None:
    """SHA-256 of its picture, None where it has none; raises NoSuchFindingError."""
    row = connection.execute(_QUERIES["picture"], {"finding_id": finding_id}).fetchone()
    if row is None:
        raise NoSuchFindingError
    return None if row[0] is None else str(row[0])


def may_judge(connection: pool.Connection, flight_id: uuid.UUID, by: Caller) -> dict[str, Any]:
    """The flight, where `by` may say what its findings are.

    Raises:
        NoSuchFlightError: there is none.
        AnothersFlightError: a pilot, and it is another's.
    """
    found = flight(connection, flight_id)
    if by.role is Role.PILOT and found["pilot"] != by.name:
        raise AnothersFlightError
    return found


def add(connection: pool.Connection, flight_id: uuid.UUID, seen: ByHand, *, by: Caller, now: datetime) -> uuid.UUID:
    """Add what a person saw, as a candidate with the place and error of any other; its id.

    Raises:
        NoSuchFlightError, AnothersFlightError: see `may_judge`.
        NoSuchFootageError: no such video or still of this flight.
    """
    may_judge(connection, flight_id, by)
    where = placing.place(connection, flight_id, seen.at, seen.place)
    finding_id = uuids.uuid7()
    given = {
        "finding_id": finding_id,
        "flight_id": flight_id,
        "footage_id": seen.at.footage_id,
        "label": seen.label,
        "seen_at": seen.seen_at or placing.moment(connection, seen.at.footage_id, seen.at.time_s) or now,
        "time_s": seen.at.time_s,
        "box": None if seen.at.box is None else Jsonb(list(seen.at.box)),
        "waste_class": seen.waste_class,
        "note": seen.note,
        "by": by.name,
        "now": now,
        **where.columns,
    }
    connection.execute(_QUERIES["add"], given)
    if seen.place is not None:
        connection.execute(_QUERIES["place_by_hand"], {"finding_id": finding_id})
    write_down(connection, finding_id, "add", by, now, changed={}, reason=None)
    tell(connection, finding_id)
    if seen.at.footage_id is not None:
        jobs.defer(connection, jobs.PICTURE, finding_id=str(finding_id))
    return finding_id


def illustrate(connection: pool.Connection, store: Store, finding_id: uuid.UUID, sha256: str, now: datetime) -> bool:
    """Take a picture that was made afterwards, which is in the store; False: it has one, or is gone."""
    row = connection.execute(_QUERIES["set_picture"], {"finding_id": finding_id, "sha256": sha256}).fetchone()
    if row is None:
        return False
    if row[0] is not None:
        events.illustrate(connection, store, read(connection, "lock", {"finding_id": finding_id})[0], now)
    tell(connection, finding_id)
    return True


def confirm(connection: pool.Connection, store: Store, finding_id: uuid.UUID, word: Word) -> None:
    """It is what it looks like: it becomes an event of the room's, and joins a site.

    Raises:
        NoSuchFindingError, StaleFindingError, AnothersFlightError: as the names say.
        WrongStateError: it is confirmed already, or merged.
    """
    holds.keep_retention_out(connection)
    row = _locked(connection, finding_id, word, allowed={"candidate"})
    _judge(connection, row, word, "confirmed", event_id=row["event_id"] or uuids.uuid7())
    judged = read(connection, "lock", {"finding_id": finding_id})[0]
    site_id = None
    if judged["lat"] is not None:
        site_id = sites.join_finding(connection, judged, by=word.by, now=word.now)
        connection.execute(_QUERIES["set_site"], {"finding_id": finding_id, "site_id": site_id})
    events.report(connection, store, {**judged, "site_id": site_id}, by=word.by, now=word.now)
    _done(connection, row, "confirm", word)


def reject(connection: pool.Connection, finding_id: uuid.UUID, word: Word) -> None:
    """It is nothing; an alert that it became is closed as a false alarm, and its site forgets it.

    Raises:
        NoSuchFindingError, StaleFindingError, AnothersFlightError: as the names say.
        WrongStateError: it is rejected already, or merged.
    """
    row = _locked(connection, finding_id, word, allowed={"candidate", "confirmed"})
    _judge(connection, row, word, "rejected")
    _take_back(connection, row, word)
    _done(connection, row, "reject", word)


def merge(connection: pool.Connection, finding_id: uuid.UUID, into: uuid.UUID, word: Word) -> None:
    """It shows the same as another finding of its flight.

    Raises:
        NoSuchFindingError, StaleFindingError, AnothersFlightError, WrongStateError: as the names say.
        BadMergeError: `into` is none that it could be.
    """
    row = _locked(connection, finding_id, word, allowed={"candidate", "confirmed"})
    others = read(connection, "lock", {"finding_id": into})
    if into == finding_id or not others or others[0]["flight_id"] != row["flight_id"] or others[0]["state"] == "merged":
        raise BadMergeError
    _judge(connection, row, word, "merged", merged_into=into)
    _take_back(connection, row, word)
    _done(connection, row, "merge", word)


def reconsider(connection: pool.Connection, finding_id: uuid.UUID, word: Word) -> None:
    """The word on it was too quick: it is a candidate again.

    Raises:
        NoSuchFindingError, StaleFindingError, AnothersFlightError: as the names say.
        WrongStateError: it is neither rejected nor merged.
    """
    row = _locked(connection, finding_id, word, allowed={"rejected", "merged"})
    _judge(connection, row, word, "candidate")
    _done(connection, row, "reconsider", word)


def correct_place(connection: pool.Connection, finding_id: uuid.UUID, given: placing.Given, word: Word) -> None:
    """A person knows better where it is.

    Raises:
        NoSuchFindingError, StaleFindingError, AnothersFlightError: as the names say.
        WrongStateError: it is merged.
    """
    row = _locked(connection, finding_id, word, allowed={"candidate", "confirmed", "rejected"})
    where = given.placed
    connection.execute(_QUERIES["set_place"], {"finding_id": finding_id, **where.columns})
    connection.execute(_QUERIES["place_by_hand"], {"finding_id": finding_id})
    for name in _PLACE:
        row.note(name, where.columns[name])
    if row["state"] == "confirmed":
        moved = {**row.values, **where.columns}
        site_id = sites.move_finding(connection, moved, by=word.by, now=word.now)
        connection.execute(_QUERIES["set_site"], {"finding_id": finding_id, "site_id": site_id})
    _done(connection, row, "place", word)


def tell(connection: pool.Connection, finding_id: uuid.UUID) -> None:
    """Tell the screens how a finding is now."""
    publish.publish(connection, "finding", item(connection, finding_id))


def _locked(connection: pool.Connection, finding_id: uuid.UUID, word: Word, *, allowed: set[str]) -> _Row:
    rows = read(connection, "lock", {"finding_id": finding_id})
    if not rows:
        raise NoSuchFindingError
    row = rows[0]
    may_judge(connection, row["flight_id"], word.by)
    if row["version"] != word.version:
        raise StaleFindingError(finding=_shown(item(connection, finding_id)))
    if row["state"] not in allowed:
        raise WrongStateError(f"it is {row['state']}", finding=_shown(item(connection, finding_id)))
    return _Row(row)


def _judge(
    connection: pool.Connection,
    row: _Row,
    word: Word,
    state: str,
    *,
    merged_into: uuid.UUID | None = None,
    event_id: uuid.UUID | None = None,
) -> None:
    open_again = state == "candidate"
    given = {
        "finding_id": row["finding_id"],
        "state": state,
        "by": None if open_again else word.by.name,
        "at": None if open_again else word.now,
        "merged_into": merged_into,
        "label": word.label,
        "waste_class": word.waste_class,
        "note": word.note,
        "event_id": event_id,
    }
    connection.execute(_QUERIES["judge"], given)
    row.note("state", state)
    for name in ("label", "waste_class", "note"):
        if given[name] is not None:
            row.note(name, given[name])
    if merged_into is not None:
        row.changed["merged_into"] = [None, str(merged_into)]


def _take_back(connection: pool.Connection, row: _Row, word: Word) -> None:
    """Of a confirmed one: its alert and its place in a site's history."""
    if row["state"] != "confirmed":
        return
    events.take_back(connection, row["event_id"], by=word.by, now=word.now)
    sites.forget_finding(connection, row["finding_id"], now=word.now)
    connection.execute(_QUERIES["set_site"], {"finding_id": row["finding_id"], "site_id": None})


def _done(connection: pool.Connection, row: _Row, action: str, word: Word) -> None:
    finding_id = row["finding_id"]
    write_down(connection, finding_id, action, word.by, word.now, changed=row.changed, reason=word.reason)
    tell(connection, finding_id)


def write_down(
    connection: pool.Connection,
    finding_id: uuid.UUID,
    action: str,
    by: Caller,
    now: datetime,
    *,
    changed: dict[str, list[Any]],
    reason: str | None,
) -> None:
    """Into the history of the finding, and into the audit."""
    given = {"finding_id": finding_id, "now": now, "actor": by.name, "action": action, "reason": reason}
    connection.execute(_QUERIES["add_history"], {**given, "changed": Jsonb(changed) if changed else None})
    on = ("finding", str(finding_id))
    audit.record(connection, by, f"finding.{action}", at=now, on=on, reason=reason, detail=changed or None)


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(publish.encode(found))
    return shown


def read(connection: pool.Connection, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """What one of the queries of this folder gives."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], parameters, prepare=False).fetchall()
