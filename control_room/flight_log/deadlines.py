"""What the law wants by a time: notices, logs, permissions to renew, and the reports of all uses, sent or due."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.authorisations import limits
from control_room.authorisations import service as authorisations
from control_room.database import sql
from control_room.flight_log import service

if TYPE_CHECKING:
    import uuid

    from control_room import callers, config
    from control_room.database import pool

LOG_WITHIN = timedelta(days=7)
"""Our own word: after that an open log is on the board."""
_QUERIES = sql.load(__file__)


class WrongSpanError(problems.UnprocessableError):
    """A report covers days of the calendar, the first not after the last, of a year at most."""

    name = "wrong-span"


def report_sent(
    connection: pool.Connection,
    told: dict[str, Any],
    *,
    by: callers.Caller,
    town: zoneinfo.ZoneInfo,
    now: datetime,
) -> uuid.UUID:
    """A report went to the Commission. Raises WrongSpanError."""
    since, until = span(told["covers_from"], told["covers_to"], town)
    flights = len(reported(connection, since, until, by=by, town=town))
    report_id = uuids.uuid7()
    given = told | {"report_id": report_id, "flights": flights, "by": by.name, "now": now}
    connection.execute(_QUERIES["add_report"], given)
    detail = {"covers_from": told["covers_from"], "covers_to": told["covers_to"], "flights": flights}
    audit.record(connection, by, "report.sent", at=now, on=("use_report", str(report_id)), detail=detail)
    return report_id


def reports(connection: pool.Connection, limit: int = 100) -> list[dict[str, Any]]:
    """The newest first, their days as text."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["reports"], {"limit": limit}).fetchall()
    return [row | {"covers_from": str(row["covers_from"]), "covers_to": str(row["covers_to"])} for row in rows]


def span(first: str, last: str, town: zoneinfo.ZoneInfo) -> tuple[datetime, datetime]:
    """From the begin of one day of the town to the end of another. Raises WrongSpanError."""
    try:
        begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise WrongSpanError from None
    if not begins <= ends <= begins + timedelta(days=366):
        raise WrongSpanError
    after = ends + timedelta(days=1)
    return datetime.combine(begins, time(), town).astimezone(UTC), datetime.combine(after, time(), town).astimezone(UTC)


def reported(
    connection: pool.Connection, since: datetime, until: datetime, *, by: callers.Caller, town: zoneinfo.ZoneInfo
) -> list[dict[str, Any]]:
    """Flights that a report names, the oldest first: those that took off then, under LO 7/2021."""
    rows = service.everything(connection, by=by, town=town, since=since, until=until)
    flown = [row for row in rows if row["take_off_at"] is not None and row["legal_regime"] == "lo_7_2021"]
    return flown[::-1]


def due(connection: pool.Connection, settings: config.Settings, now: datetime) -> list[dict[str, Any]]:
    """What the law wants by a time, the soonest first."""
    found: list[dict[str, Any]] = []
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["untold"]).fetchall():
            ends = row["take_off_at"] + service.NOTICE_WITHIN
            found.append(_clock("urgent_notice", "LO 7/2021 art. 17", ends, now, flight_id=row["flight_id"]))
        for row in cursor.execute(_QUERIES["open_logs"], {"before": now - LOG_WITHIN}).fetchall():
            ends = row["landed_at"] + LOG_WITHIN
            found.append(_clock("open_log", "UAS.SPEC.050(1)(g)", ends, now, flight_id=row["flight_id"]))
    report = next_report(connection, settings, now)
    if report["due_at"] <= now:
        found.append(report)
    for row in authorisations.page(connection, limit=200, now=now, in_force=True):
        told = {"authorisation_id": row["authorisation_id"], "reference": row["reference"]}
        if row["warning"] in {"renew_soon", "renew_now"}:
            ends = row["valid_to"] - limits.RENEW_NOW
            found.append(_clock("authorisation_renewal", "RD 596/1999 art. 5", ends, now, **told))
        elif row["warning"] == "ends_soon":
            found.append(_clock("authorisation_end", "LO 7/2021 art. 17", row["valid_to"], now, **told))
    return sorted(found, key=lambda one: one["due_at"])


def next_report(connection: pool.Connection, settings: config.Settings, now: datetime) -> dict[str, Any]:
    """The span after the last report, or from the first flight on, and when its report is due (LO 4/1997 art. 5)."""
    town = zoneinfo.ZoneInfo(settings.town.time_zone)
    days = timedelta(days=settings.law.report_days)
    sent = reports(connection, 1)
    if sent:
        first = date.fromisoformat(sent[0]["covers_to"]) + timedelta(days=1)
    else:
        row = connection.execute(_QUERIES["first_flight"]).fetchone()
        began = row[0] if row and row[0] is not None else now
        first = began.astimezone(town).date()
    last = first + days - timedelta(days=1)
    _, due_at = span(first.isoformat(), last.isoformat(), town)
    told = {"covers_from": first.isoformat(), "covers_to": last.isoformat()}
    return _clock("use_report", "LO 4/1997 art. 5", due_at, now, **told)


def _clock(item: str, article: str, due_at: datetime, now: datetime, **told: object) -> dict[str, Any]:
    return {"item": item, "article": article, "due_at": due_at, "is_late": due_at < now, **told}
