"""`/api/v1/flights`: cards, flights with their files and telemetry, and what pilots change."""

import http
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator, StringConstraints

from control_room import access, fields, problems
from control_room import room as rooms
from control_room.database import pool
from control_room.flights import confirming, opening, schemas, service, showing
from control_room.store import download as downloads
from control_room.viewing import asking

router = APIRouter(prefix="/api/v1/flights", tags=["flights"])

_CHANGED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}
_SHOWN = {"image/jpeg", "image/png", "image/webp", "video/mp4", "video/webm"}
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


def _given(value: object) -> object:
    """A filter that is left empty, as in `?pilot=`, is none."""
    return None if value == "" else value


@router.post("/cards", responses=access.RESPONSES)
def propose(card: schemas.FlightCard, room: rooms.Here, caller: access.Flyer) -> schemas.ProposalItem:
    """Which flights these files probably are, which are here already, and which are yet to be sent. Nothing is kept."""
    with room.database.connection() as connection:
        proposal, known = confirming.propose(
            connection, card.files, caller, zone=room.settings.town.time_zone, now=room.clock()
        )
    return schemas.ProposalItem.model_validate(
        {"flights": proposal.flights, "skipped": proposal.skipped, "known": known}, from_attributes=True
    )


@router.post("", status_code=http.HTTPStatus.CREATED, responses=_CHANGED)
def confirm(wanted: schemas.WantedFlights, room: rooms.Here, caller: access.Flyer) -> schemas.Confirmed:
    """Make these flights and await their files: each comes by tus with its `footage_id` in `Upload-Metadata`."""
    with room.database.connection() as connection:
        return schemas.Confirmed.model_validate(
            {"flights": confirming.confirm(connection, wanted.flights, caller, room.clock())}
        )


@router.get("/unfinished", responses=access.RESPONSES)
def unfinished(room: rooms.Here, caller: access.Flyer) -> schemas.UnfinishedList:
    """Files that whoever asks has yet to send, from whatever browser they were begun."""
    with room.database.connection() as connection:
        rows = confirming.unfinished(connection, room.store, caller)
    return schemas.UnfinishedList.model_validate({"items": rows})


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Person,
    *,
    pilot: Annotated[Name | None, BeforeValidator(_given)] = None,
    state: Annotated[schemas.State | None, BeforeValidator(_given)] = None,
    since: Annotated[AwareDatetime | None, BeforeValidator(_given)] = None,
    until: Annotated[AwareDatetime | None, BeforeValidator(_given)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, BeforeValidator(_given), Query(max_length=200)] = None,
) -> schemas.FlightPage:
    """Flights, the newest first, by their take-off, else by when they came."""
    before = schemas.read_cursor(cursor) or (None, None)
    filters = {"pilot": pilot, "state": state, "since": since, "until": until}
    with room.database.connection() as connection:
        rows = showing.page(
            connection, limit=limit + 1, now=room.clock(), before_at=before[0], before_id=before[1], **filters
        )
    more = schemas.cursor_after(rows[limit - 1]) if len(rows) > limit else None
    return schemas.FlightPage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.get("/{flight_id}", responses={**access.RESPONSES, **problems.responses(404)})
def detail(flight_id: uuid.UUID, room: rooms.Here, caller: access.Person) -> schemas.FlightDetail:
    """One flight with its log, track and history."""
    with room.database.connection() as connection:
        return _detail(connection, flight_id, room, caller)


def _detail(
    connection: pool.Connection, flight_id: uuid.UUID, room: rooms.Room, caller: access.Person
) -> schemas.FlightDetail:
    return schemas.FlightDetail.model_validate(service.detail(connection, flight_id, caller, room.clock()))


@router.patch("/{flight_id}", responses=_CHANGED)
def change(
    flight_id: uuid.UUID, changes: schemas.FlightChanges, room: rooms.Here, caller: access.Person
) -> schemas.FlightDetail:
    """Write into the log; what is not named stays, null empties. A pilot writes into his own."""
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
        return _detail(connection, flight_id, room, caller)


@router.post("/{flight_id}/move", responses=_CHANGED)
def move(
    flight_id: uuid.UUID, wanted: schemas.FlightMove, room: rooms.Here, caller: access.Person
) -> schemas.FlightDetail:
    """Files into another flight, or a new one, which is the answer; what was found in them goes with them."""
    now = room.clock()
    with room.database.connection() as connection:
        into = service.move(
            connection, flight_id, wanted.footage_ids, wanted.into, version=wanted.version, by=caller, now=now
        )
        return _detail(connection, into, room, caller)


@router.post("/{flight_id}/merge", responses=_CHANGED)
def merge(
    flight_id: uuid.UUID, wanted: schemas.FlightMerge, room: rooms.Here, caller: access.Person
) -> schemas.FlightDetail:
    """All files of another draft into this flight; the draft ceases to be."""
    now = room.clock()
    with room.database.connection() as connection:
        service.merge(connection, flight_id, wanted.flight_id, version=wanted.version, by=caller, now=now)
        return _detail(connection, flight_id, room, caller)


@router.post("/{flight_id}/delete", status_code=http.HTTPStatus.NO_CONTENT, responses=_CHANGED)
def delete(flight_id: uuid.UUID, wanted: schemas.FlightDelete, room: rooms.Here, caller: access.Person) -> None:
    """Throw a draft away with all its files. It does not come back; the audit says who did and why."""
    with room.database.connection() as connection:
        service.delete(
            connection,
            room.store,
            flight_id,
            version=wanted.version,
            reason=wanted.reason,
            by=caller,
            now=room.clock(),
        )


@router.get("/{flight_id}/footage", responses={**access.RESPONSES, **problems.responses(404)})
def footage(flight_id: uuid.UUID, room: rooms.Here, caller: access.Person) -> schemas.FootageList:
    """Its files, in the order of time."""
    with room.database.connection() as connection:
        showing.item(connection, flight_id, room.clock())
        rows = service.files(connection, room.store, flight_id, caller)
    return schemas.FootageList.model_validate({"items": rows})


@router.get("/{flight_id}/telemetry", responses={**access.RESPONSES, **problems.responses(404)})
def telemetry(
    flight_id: uuid.UUID,
    room: rooms.Here,
    caller: access.Person,
    *,
    footage_id: uuid.UUID | None = None,
    rows: Annotated[int, Query(ge=1, le=service.SAMPLES_MAX, description="About how many.")] = 2000,
) -> schemas.SampleList:
    """Where aircraft and camera were, of one file or of all, thinned evenly."""
    with room.database.connection() as connection:
        showing.item(connection, flight_id, room.clock())
        there = [row["footage_id"] for row in service.files(connection, room.store, flight_id, caller)]
        wanted = [one for one in there if footage_id in {None, one}]
        items, every, total = service.samples(connection, wanted, wanted=rows)
    return schemas.SampleList.model_validate({"items": items, "every": every, "rows": total})


@router.get(
    "/{flight_id}/footage/{footage_id}/content",
    responses={
        **access.RESPONSES,
        **problems.responses(404, 410, 416),
        200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        206: {"description": "A range of its bytes."},
        304: {"description": "The caller has it already."},
    },
    response_class=Response,
)
def content(
    flight_id: uuid.UUID,
    footage_id: uuid.UUID,
    request: Request,
    room: rooms.Here,
    viewer: asking.Person,
    *,
    reason: Annotated[fields.Line | None, Query(description="Why; needed for originals that show people.")] = None,
    pixelated: Annotated[bool, Query(description="The small copy with people pixelated.")] = False,
    download: Annotated[bool, Query(description="As a file to keep, not to show in the page.")] = False,
) -> Response:
    """An original as it came, or its small pixelated copy; whole or a range. Who opened it and why is in the audit."""
    with room.database.connection() as connection:
        opened = opening.show(
            connection,
            room.store,
            (flight_id, footage_id),
            by=viewer,
            reason=reason,
            pixelated=pixelated,
            now=room.clock(),
        )
    shown = opened.media_type in _SHOWN and not download
    name = opened.name.encode("ascii", "replace").decode().translate({ord('"'): "_", ord("?"): "_"})
    media_type = opened.media_type if opened.media_type in _SHOWN else "application/octet-stream"
    return downloads.answer(
        request, room.store, opened.sha256, opened.bytes, media_type=media_type, name=name, shown=shown
    )
