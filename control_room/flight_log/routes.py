"""`/api/v1/flight-log`, and what the law asks of one flight under `/api/v1/flights`."""

import http
import uuid
import zoneinfo
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from control_room import access, problems
from control_room import room as rooms
from control_room.audit import service as audit
from control_room.database import pool
from control_room.flight_log import checks, deadlines, papers, schemas, service
from control_room.papers import pdf
from control_room.papers.words import Language, Words
from control_room.viewing import asking

router = APIRouter(prefix="/api/v1", tags=["flight log"])
_WORDS: dict[str, Any] = {
    "response_class": Response,
    "dependencies": [asking.shows_nobody("papers of words and tables, without a picture")],
}
_KNOWN: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404)}
_CHANGED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}
_PAPER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The paper, or the table.", "content": {pdf.MEDIA_TYPE: {}, "text/csv": {}}}
}
_Language = Annotated[Language, Query(description="Of the paper.")]
_Since = Annotated[AwareDatetime | None, Query(description="Took off then or later.")]
_Until = Annotated[AwareDatetime | None, Query(description="Took off before then.")]
_Day = Annotated[str, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="Of the town's calendar.")]


def _town(room: rooms.Room) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(room.settings.town.time_zone)


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/flight-log", responses=_KNOWN)
def listed(
    room: rooms.Here,
    caller: access.Person,
    *,
    pilot: Annotated[str | None, Query(max_length=200)] = None,
    aircraft_id: uuid.UUID | None = None,
    state: Literal["draft", "flown", "closed"] | None = None,
    urgent: bool | None = None,
    since: _Since = None,
    until: _Until = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: uuid.UUID | None = None,
) -> schemas.LogPage:
    """The log, the newest first."""
    filters: dict[str, Any] = {"pilot": pilot, "aircraft_id": aircraft_id, "state": state, "urgent": urgent}
    filters |= {"since": since, "until": until}
    with room.database.connection() as connection:
        rows = service.page(connection, limit=limit + 1, by=caller, town=_town(room), after=cursor, **filters)
    more = rows[limit - 1]["flight_id"] if len(rows) > limit else None
    return schemas.LogPage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.get("/flight-log/export.{kind}", responses={**access.RESPONSES, **_PAPER}, **_WORDS)
def export(
    kind: Literal["pdf", "csv"],
    room: rooms.Here,
    caller: access.Person,
    *,
    language: _Language = "ca",
    pilot: Annotated[str | None, Query(max_length=200)] = None,
    aircraft_id: uuid.UUID | None = None,
    since: _Since = None,
    until: _Until = None,
) -> Response:
    """The log as a paper or a table (UAS.SPEC.050(1)(g)); who took it is in the audit."""
    now, words = room.clock(), Words(language, _town(room))
    filters: dict[str, Any] = {"pilot": pilot, "aircraft_id": aircraft_id, "since": since, "until": until}
    with room.database.connection() as connection:
        rows = service.everything(connection, by=caller, town=_town(room), **filters)
        audit.record(connection, caller, "flight_log.export", at=now, detail={"kind": kind, "flights": len(rows)})
    if kind == "csv":
        return _file(papers.as_csv(words, rows), papers.CSV_TYPE, "flight-log.csv")
    return _file(papers.log(words, rows, town=room.settings.town.name, made_at=now), pdf.MEDIA_TYPE, "flight-log.pdf")


@router.get("/flight-log/papers", responses=access.RESPONSES)
def due(room: rooms.Here, _caller: access.Person) -> schemas.Papers:
    """What the law wants by a time, and the reports that were sent."""
    now = room.clock()
    with room.database.connection() as connection:
        return schemas.Papers.model_validate(
            {
                "due": deadlines.due(connection, room.settings, now),
                "reports": deadlines.reports(connection),
                "next_report": deadlines.next_report(connection, room.settings, now),
            }
        )


@router.get("/flight-log/report.{kind}", responses={**access.RESPONSES, **_PAPER}, **_WORDS)
def report(
    kind: Literal["pdf", "csv"],
    room: rooms.Here,
    caller: access.Person,
    *,
    first: _Day,
    last: _Day,
    language: _Language = "ca",
) -> Response:
    """The report of all uses of mobile cameras in a span, drafted (LO 4/1997 art. 5)."""
    now, town = room.clock(), _town(room)
    words, span = Words(language, town), deadlines.span(first, last, town)
    with room.database.connection() as connection:
        rows = deadlines.reported(connection, *span, by=caller, town=town)
        detail = {"kind": kind, "first": first, "last": last, "flights": len(rows)}
        audit.record(connection, caller, "report.draft", at=now, detail=detail)
    name = f"report-{first}-{last}.{kind}"
    if kind == "csv":
        return _file(papers.as_csv(words, rows), papers.CSV_TYPE, name)
    law = room.settings.law
    content = papers.report(
        words, rows, span=span, town=room.settings.town.name, commission=law.commission, made_at=now
    )
    return _file(content, pdf.MEDIA_TYPE, name)


@router.post("/flight-log/reports", status_code=http.HTTPStatus.CREATED, responses=access.RESPONSES)
def report_sent(told: schemas.ReportSent, room: rooms.Here, caller: access.Flyer) -> schemas.ReportItem:
    """A report went to the Commission: the next one covers what follows."""
    with room.database.connection() as connection:
        report_id = deadlines.report_sent(connection, told.model_dump(), by=caller, town=_town(room), now=room.clock())
        found = next(row for row in deadlines.reports(connection) if row["report_id"] == report_id)
    return schemas.ReportItem.model_validate(found)


@router.post("/flight-log/planned", status_code=http.HTTPStatus.CREATED, responses=access.RESPONSES)
def plan(wanted: schemas.Planned, room: rooms.Here, caller: access.Flyer) -> schemas.LogItem:
    """Write a flight down before its take-off; its card is put to it later."""
    with room.database.connection() as connection:
        flight_id = service.plan(connection, wanted.model_dump(), by=caller, now=room.clock())
        return _item(connection, flight_id, room, caller)


@router.get("/flight-log/{flight_id}", responses=_KNOWN)
def one(flight_id: uuid.UUID, room: rooms.Here, caller: access.Person) -> schemas.LogItem:
    """A flight as the log has it."""
    with room.database.connection() as connection:
        return _item(connection, flight_id, room, caller)


@router.patch("/flight-log/{flight_id}", responses=_CHANGED)
def change(
    flight_id: uuid.UUID, changes: schemas.LawChanges, room: rooms.Here, caller: access.Flyer
) -> schemas.LogItem:
    """Write the check before take-off, the elevation of the take-off point, the batteries; the rest is the flight's."""
    named = changes.model_dump(exclude_unset=True, exclude={"version", "reason"})
    with room.database.connection() as connection:
        service.change(
            connection,
            flight_id,
            named,
            version=changes.version,
            reason=changes.reason,
            by=caller,
            now=room.clock(),
        )
        return _item(connection, flight_id, room, caller)


@router.post("/flight-log/{flight_id}/close", responses=_CHANGED)
def close(flight_id: uuid.UUID, wanted: schemas.Close, room: rooms.Here, caller: access.Flyer) -> schemas.LogItem:
    """The log is complete. Without permission or urgent reason, or risk assessment, it cannot be."""
    with room.database.connection() as connection:
        service.close(connection, flight_id, version=wanted.version, by=caller, town=_town(room), now=room.clock())
        return _item(connection, flight_id, room, caller)


@router.post("/flight-log/{flight_id}/reopen", responses=_CHANGED)
def reopen(flight_id: uuid.UUID, wanted: schemas.Reopen, room: rooms.Here, caller: access.Flyer) -> schemas.LogItem:
    """Change it after all; why stays in its history."""
    with room.database.connection() as connection:
        service.reopen(connection, flight_id, version=wanted.version, reason=wanted.reason, by=caller, now=room.clock())
        return _item(connection, flight_id, room, caller)


@router.post("/flight-log/{flight_id}/notice", responses=_CHANGED)
def tell(flight_id: uuid.UUID, told: schemas.Told, room: rooms.Here, caller: access.Flyer) -> schemas.LogItem:
    """The authority was told of this urgent flight: its clock stops (LO 7/2021 art. 17)."""
    with room.database.connection() as connection:
        service.tell(connection, flight_id, told.model_dump(), by=caller, now=room.clock())
        return _item(connection, flight_id, room, caller)


@router.get("/flight-log/{flight_id}/notice.pdf", responses={**_CHANGED, **_PAPER}, **_WORDS)
def notice(flight_id: uuid.UUID, room: rooms.Here, caller: access.Person, *, language: _Language = "ca") -> Response:
    """The notice of an urgent use, drafted (LO 7/2021 art. 17)."""
    now, town = room.clock(), _town(room)
    with room.database.connection() as connection:
        row = service.item(connection, flight_id, by=caller, town=town)
        if row["notice_due_at"] is None:
            raise service.NotUrgentError
        found, _ = checks.of(connection, flight_id, room.settings, now)
        audit.record(connection, caller, "notice.draft", at=now, on=("flight", str(flight_id)))
    words, settings = Words(language, town), room.settings
    content = papers.notice(words, row, found, town=settings.town.name, authority=settings.law.authority, made_at=now)
    return _file(content, pdf.MEDIA_TYPE, "notice.pdf")


@router.get("/flights/{flight_id}/checks", responses=_KNOWN)
def checked(flight_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.ChecksItem:
    """What the replay of its track against geozones, heights, sight, daylight and permission found."""
    with room.database.connection() as connection:
        found, at = checks.of(connection, flight_id, room.settings, room.clock())
    return schemas.ChecksItem.model_validate(found.model_dump() | {"flight_id": flight_id, "computed_at": at})


def _item(
    connection: pool.Connection, flight_id: uuid.UUID, room: rooms.Room, caller: access.Person
) -> schemas.LogItem:
    return schemas.LogItem.model_validate(service.item(connection, flight_id, by=caller, town=_town(room)))
