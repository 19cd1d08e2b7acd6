"""Findings of a flight: the list, one, and what people say of them; places, footprints and known points."""

import uuid
import zoneinfo
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from control_room import access, callers, problems
from control_room import room as rooms
from control_room.alerts.schemas import read_box
from control_room.audit import service as audit
from control_room.findings import known_points as known
from control_room.findings import placing, report, schemas, service, views
from control_room.papers import pdf, words
from control_room.store import download as downloads
from control_room.viewing import asking, watched
from control_room.viewing import service as viewing
from wire.message import UtcTime

router = APIRouter(prefix="/api/v1", tags=["findings"])

GEOJSON = "application/geo+json"

_FOUND: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404)}
_ACTED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}
_BoxText = Annotated[str | None, Query(max_length=200, description="west,south,east,north")]
_CursorText = Annotated[str | None, Query(max_length=200)]
_States = Annotated[list[schemas.State], Query(max_length=4)]
_Limit = Annotated[int, Query(ge=1, le=200)]


class NoPictureError(problems.NotFoundError):
    """The picture of this finding was erased, or never made."""

    name = "no-picture"


@router.get("/flights/{flight_id}/findings", responses=_FOUND)
def of_flight(
    flight_id: uuid.UUID,
    room: rooms.Here,
    _caller: access.Person,
    *,
    state: _States = [],  # noqa: B006 - FastAPI copies it
    limit: _Limit = 50,
    cursor: _CursorText = None,
) -> schemas.FlightFindingPage:
    """What was found in a flight's footage, the most worth a look first."""
    filters = service.Filters(flight_id=flight_id, states=[str(each) for each in state])
    with room.database.connection() as connection:
        service.flight(connection, flight_id)
        page = _page(connection, filters, limit, cursor)
        counts = service.counts(connection, flight_id)
    return schemas.FlightFindingPage.model_validate({**page, "counts": counts})


@router.get("/findings", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Person,
    *,
    state: _States = [],  # noqa: B006 - FastAPI copies it
    site_id: uuid.UUID | None = None,
    since: UtcTime | None = None,
    until: UtcTime | None = None,
    box: _BoxText = None,
    limit: _Limit = 50,
    cursor: _CursorText = None,
) -> schemas.FindingPage:
    """Findings of all flights; `since` and `until` are of `seen_at`."""
    area = read_box(box or None)
    filters = service.Filters(
        states=[str(each) for each in state],
        site_id=site_id,
        since=since,
        until=until,
        box=None if area is None else (area.west, area.south, area.east, area.north),
    )
    with room.database.connection() as connection:
        return schemas.FindingPage.model_validate(_page(connection, filters, limit, cursor))


@router.get("/findings/{finding_id}", responses=_FOUND)
def detail(finding_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.FindingDetail:
    """One finding with its history."""
    with room.database.connection() as connection:
        return schemas.FindingDetail.model_validate(service.detail(connection, finding_id))


@router.get(
    "/findings/{finding_id}/picture",
    response_class=Response,
    responses={
        **_FOUND,
        **problems.responses(410),
        200: {"content": {"image/jpeg": {}}, "description": "The picture."},
    },
)
def picture(finding_id: uuid.UUID, request: Request, room: rooms.Here, viewer: asking.Person) -> Response:
    """The picture that shows it best, people pixelated. Who looked is in the audit."""
    now = room.clock()
    with room.database.connection() as connection:
        sha256 = service.picture(connection, finding_id)
        viewer.check(viewing.flight_of(connection, "finding", finding_id))
        audit.record(connection, viewer.caller, "finding.look", at=now, on=("finding", str(finding_id)))
    size = room.store.size_bytes(sha256) if sha256 else None
    if sha256 is None or size is None:
        raise NoPictureError
    name = f"finding-{finding_id}.jpg"
    return downloads.answer(request, room.store, sha256, size, media_type="image/jpeg", name=name, shown=True)


@router.post("/flights/{flight_id}/findings", status_code=201, responses=_FOUND)
def add(
    flight_id: uuid.UUID, seen: schemas.NewFinding, room: rooms.Here, caller: access.Person
) -> schemas.FindingDetail:
    """Something that a person saw and the machine did not."""
    now = room.clock()
    by_hand = service.ByHand(
        label=seen.label,
        at=placing.Pictured(seen.footage_id, seen.time_s, seen.box),
        place=None if seen.place is None else placing.Given(**seen.place.model_dump()),
        waste_class=seen.waste_class,
        note=seen.note,
        seen_at=seen.seen_at,
    )
    with room.database.connection() as connection:
        finding_id = service.add(connection, flight_id, by_hand, by=caller, now=now)
        if seen.confirm:
            service.confirm(connection, room.store, finding_id, service.Word(version=1, by=caller, now=now))
        return schemas.FindingDetail.model_validate(service.detail(connection, finding_id))


@router.post("/findings/{finding_id}/confirm", responses=_ACTED)
def confirm(
    finding_id: uuid.UUID, said: schemas.ConfirmFinding, room: rooms.Here, caller: access.Person
) -> schemas.FindingDetail:
    """It is what it looks like: it becomes an alert that you have acknowledged, and joins a site."""
    word = _word(room, caller, said.version, label=said.label, waste_class=said.waste_class, note=said.note)
    with room.database.connection() as connection:
        service.confirm(connection, room.store, finding_id, word)
        return schemas.FindingDetail.model_validate(service.detail(connection, finding_id))


@router.post("/findings/{finding_id}/reject", responses=_ACTED)
def reject(
    finding_id: uuid.UUID, said: schemas.RejectFinding, room: rooms.Here, caller: access.Person
) -> schemas.FindingDetail:
    """It is nothing. An alert that it became is closed as a false alarm."""
    word = _word(room, caller, said.version, reason=said.reason)
    with room.database.connection() as connection:
        service.reject(connection, finding_id, word)
        return schemas.FindingDetail.model_validate(service.detail(connection, finding_id))


@router.post("/findings/{finding_id}/merge", responses=_ACTED)
def merge(
    finding_id: uuid.UUID, said: schemas.MergeFinding, room: rooms.Here, caller: access.Person
) -> schemas.FindingDetail:
    """It shows the same as another finding of its flight."""
    with room.database.connection() as connection:
        service.merge(connection, finding_id, said.into, _word(room, caller, said.version))
        return schemas.FindingDetail.model_validate(service.detail(connection, finding_id))


@router.post("/findings/{finding_id}/reconsider", responses=_ACTED)
def reconsider(
    finding_id: uuid.UUID, said: schemas.ReconsiderFinding, room: rooms.Here, caller: access.Person
) -> schemas.FindingDetail:
    """The word on it was too quick: it is a candidate again."""
    with room.database.connection() as connection:
        service.reconsider(connection, finding_id, _word(room, caller, said.version, reason=said.reason))
        return schemas.FindingDetail.model_validate(service.detail(connection, finding_id))


@router.post("/findings/{finding_id}/place", responses=_ACTED)
def correct_place(
    finding_id: uuid.UUID, said: schemas.PlaceFinding, room: rooms.Here, caller: access.Person
) -> schemas.FindingDetail:
    """It is elsewhere. From now on neither telemetry nor known points move it."""
    given = placing.Given(**said.place.model_dump())
    with room.database.connection() as connection:
        service.correct_place(connection, finding_id, given, _word(room, caller, said.version, reason=said.reason))
        return schemas.FindingDetail.model_validate(service.detail(connection, finding_id))


@router.get("/flights/{flight_id}/place", responses=_FOUND)
def place_of(
    flight_id: uuid.UUID,
    footage_id: uuid.UUID,
    room: rooms.Here,
    _caller: access.Person,
    *,
    x: schemas.Share,
    y: schemas.Share,
    time_s: schemas.Seconds | None = None,
) -> schemas.PlaceAnswer:
    """Where a point of a picture is on the ground, as a click would put it."""
    at = placing.Pictured(footage_id, time_s, (x, y, x, y))
    with room.database.connection() as connection:
        where = placing.place(connection, flight_id, at, None)
    location = (
        None if where.lat is None else {name: getattr(where, name) for name in ("lat", "lon", "ce90_m", "ellipse")}
    )
    said = {"location": location, "depression_deg": where.depression_deg, "method": where.method}
    return schemas.PlaceAnswer.model_validate(said)


@router.get("/flights/{flight_id}/footprints", responses=_FOUND)
def footprints(
    flight_id: uuid.UUID,
    footage_id: uuid.UUID,
    room: rooms.Here,
    _caller: access.Person,
    *,
    every_s: Annotated[float, Query(ge=0.2, le=60)] = 1.0,
) -> schemas.Footprints:
    """Where the camera was and what ground it showed, along a video."""
    with room.database.connection() as connection:
        of = views.shown(connection, flight_id, footage_id)
        return schemas.Footprints.model_validate({"items": views.footprints(connection, of, every_s)})


@router.get(
    "/flights/{flight_id}/report.pdf",
    response_class=Response,
    responses={**_FOUND, 200: {"content": {pdf.MEDIA_TYPE: {}}, "description": "The report."}},
)
def report_pdf(
    flight_id: uuid.UUID, room: rooms.Here, viewer: asking.Person, *, language: words.Language | None = None
) -> Response:
    """What the flight found, with a sketch of the place and pictures, people pixelated."""
    viewer.check(watched.flight(flight_id))
    caller, town = viewer.caller, room.settings.town
    found = _report(room, caller, flight_id, "pdf")
    spoken = language or words.LANGUAGES[0]
    if language is None and caller.session is not None and caller.session.language in words.LANGUAGES:
        spoken = caller.session.language
    told = words.Words(spoken, zoneinfo.ZoneInfo(town.time_zone))
    content = report.paper(found, told, town=town.name, made_at=room.clock(), store=room.store)
    headers = {"Content-Disposition": f'attachment; filename="flight-{flight_id}.pdf"', "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type=pdf.MEDIA_TYPE)


@router.get(
    "/flights/{flight_id}/report.geojson",
    response_class=JSONResponse,
    responses={**_FOUND, 200: {"content": {GEOJSON: {}}, "description": "Track and findings."}},
)
def report_geojson(flight_id: uuid.UUID, room: rooms.Here, caller: access.Person) -> Response:
    """Track and findings with their errors, for a map of anybody's."""
    content = report.geojson(_report(room, caller, flight_id, "geojson"))
    headers = {"Content-Disposition": f'attachment; filename="flight-{flight_id}.geojson"', "Cache-Control": "no-store"}
    return JSONResponse(content, headers=headers, media_type=GEOJSON)


@router.get("/flights/{flight_id}/known-points", responses=_FOUND)
def known_points(flight_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.KnownPoints:
    """Points of its pictures of which somebody knows where they are."""
    with room.database.connection() as connection:
        return schemas.KnownPoints.model_validate({"items": known.of_flight(connection, flight_id)})


@router.post("/flights/{flight_id}/known-points", status_code=201, responses=_FOUND)
def add_known_point(
    flight_id: uuid.UUID, point: schemas.NewKnownPoint, room: rooms.Here, caller: access.Person
) -> schemas.KnownPoints:
    """This point of the picture is there: every place of the flight is corrected by it."""
    word = _word(room, caller, 1, reason=point.reason)
    with room.database.connection() as connection:
        moved = known.add(connection, flight_id, point.model_dump(exclude={"reason"}), word)
        points = known.of_flight(connection, flight_id)
    return schemas.KnownPoints.model_validate({"items": points, "moved": moved})


@router.delete("/flights/{flight_id}/known-points/{known_point_id}", responses=_FOUND)
def remove_known_point(
    flight_id: uuid.UUID, known_point_id: uuid.UUID, room: rooms.Here, caller: access.Person
) -> schemas.KnownPoints:
    """It was wrong: the places are as they were without it."""
    with room.database.connection() as connection:
        moved = known.remove(connection, flight_id, known_point_id, _word(room, caller, 1))
        points = known.of_flight(connection, flight_id)
    return schemas.KnownPoints.model_validate({"items": points, "moved": moved})


def _report(room: rooms.Room, caller: callers.Caller, flight_id: uuid.UUID, form: str) -> report.Report:
    """Who took it is in the audit before it leaves."""
    with room.database.connection() as connection:
        found = report.read(connection, flight_id)
        on = ("flight", str(flight_id))
        audit.record(connection, caller, "flight.report", at=room.clock(), on=on, detail={"form": form})
    return found


def _page(connection: Any, filters: service.Filters, limit: int, cursor: str | None) -> dict[str, Any]:
    rows = service.page(connection, filters, limit=limit + 1, before=schemas.CURSOR.read(cursor))
    last = rows[limit - 1] if len(rows) > limit else None
    more = None if last is None else schemas.CURSOR.after((last["score"], last["finding_id"]))
    return {"items": rows[:limit], "next_cursor": more}


def _word(room: rooms.Room, caller: callers.Caller, version: int, **said: str | None) -> service.Word:
    return service.Word(version=version, by=caller, now=room.clock(), **said)
