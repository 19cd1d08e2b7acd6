"""`/api/v1/alerts`: the queue, one alert, and what people do to it."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BeforeValidator, StringConstraints

from control_room import access, callers, problems
from control_room import room as rooms
from control_room.alerts import schemas, service
from control_room.alerts.states import Action, State
from control_room.database import pool
from control_room.viewing import asking, watched
from control_room.viewing import service as viewing
from wire.identifiers import Identifier
from wire.message import UtcTime

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

_ACTED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}


RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
BoxText = Annotated[str, StringConstraints(max_length=200)]
CursorText = Annotated[str, StringConstraints(max_length=200)]


def _given(value: object) -> object:
    """A filter that is left empty, as in `?rule=`, is none."""
    return None if value == "" else value


def _given_ones(values: object) -> object:
    return [value for value in values if value != ""] if isinstance(values, list) else values


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    state: Annotated[list[State], BeforeValidator(_given_ones), Query(max_length=4)] = [],  # noqa: B006 - FastAPI copies it
    rule: Annotated[RuleName | None, BeforeValidator(_given)] = None,
    camera_id: Annotated[Identifier | None, BeforeValidator(_given)] = None,
    device_id: Annotated[Identifier | None, BeforeValidator(_given)] = None,
    since: Annotated[UtcTime | None, BeforeValidator(_given)] = None,
    until: Annotated[UtcTime | None, BeforeValidator(_given)] = None,
    box: Annotated[BoxText | None, BeforeValidator(_given), Query(description="west,south,east,north")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[CursorText | None, BeforeValidator(_given)] = None,
) -> schemas.AlertPage:
    """Alerts, the newest first. `state` may be given several times; `since` and `until` are of `opened_at`.

    `box`, in degrees, keeps those that have a place in that part of the map.
    """
    filters = service.Filters(
        states=state,
        rule=rule,
        camera_id=camera_id,
        device_id=device_id,
        since=since,
        until=until,
        box=schemas.read_box(box),
    )
    before = schemas.read_cursor(cursor)
    with room.database.connection() as connection:
        rows = service.page(connection, filters, limit=limit + 1, before=before)
    more = schemas.cursor_after(rows[limit - 1]) if len(rows) > limit else None
    return schemas.AlertPage.model_validate(
        {"items": [_shown(viewer, row) for row in rows[:limit]], "next_cursor": more}
    )


@router.get("/{alert_id}", responses={**access.RESPONSES, **problems.responses(404)})
def detail(alert_id: uuid.UUID, room: rooms.Here, viewer: asking.Operator) -> schemas.AlertDetail:
    """One alert with its evidence and history."""
    with room.database.connection() as connection:
        return _detail(room, connection, alert_id, viewer)


@router.post("/{alert_id}/acknowledge", responses=_ACTED)
def acknowledge(
    alert_id: uuid.UUID, act: schemas.Acknowledge, room: rooms.Here, caller: access.Operator
) -> schemas.AlertDetail:
    """I am looking at it."""
    return _act(room, caller, alert_id, service.Change(Action.ACKNOWLEDGE, act.version, act.reason, act.note))


@router.post("/{alert_id}/shelve", responses=_ACTED)
def shelve(alert_id: uuid.UUID, act: schemas.Shelve, room: rooms.Here, caller: access.Operator) -> schemas.AlertDetail:
    """Not now: it comes back by itself at `until`, 24 hours away at most."""
    change = service.Change(Action.SHELVE, act.version, act.reason, act.note, act.until)
    return _act(room, caller, alert_id, change)


@router.post("/{alert_id}/close", responses=_ACTED)
def close(alert_id: uuid.UUID, act: schemas.Close, room: rooms.Here, caller: access.Operator) -> schemas.AlertDetail:
    """It is judged."""
    return _act(room, caller, alert_id, service.Change(Action.CLOSE, act.version, act.reason, act.note))


@router.post("/{alert_id}/reopen", responses=_ACTED)
def reopen(alert_id: uuid.UUID, act: schemas.Reopen, room: rooms.Here, caller: access.Operator) -> schemas.AlertDetail:
    """The judgement was wrong: it is new again."""
    return _act(room, caller, alert_id, service.Change(Action.REOPEN, act.version, act.reason, act.note))


@router.post("/{alert_id}/notes", responses=_ACTED)
def note(alert_id: uuid.UUID, act: schemas.Note, room: rooms.Here, caller: access.Operator) -> schemas.AlertDetail:
    """Something to remember; the state stays."""
    return _act(room, caller, alert_id, service.Change(Action.NOTE, act.version, act.reason, act.note))


def _act(room: rooms.Room, caller: callers.Caller, alert_id: uuid.UUID, change: service.Change) -> schemas.AlertDetail:
    with room.database.connection() as connection:
        service.act(connection, alert_id, change, by=caller, now=room.clock())
        return _detail(room, connection, alert_id, viewing.viewer(connection, caller))


def _shown(viewer: viewing.Viewer, row: dict[str, Any]) -> dict[str, Any]:
    """Without the addresses of pictures that this person may not watch."""
    key = row["device_id"], row["camera_id"]
    if viewer.may(watched.camera(*key) if row["camera_id"] is not None else watched.event(key[0], row["event_id"])):
        return row
    urls = dict.fromkeys(("snapshot_url", "snapshot_annotated_url", "clip_url"))
    evidence = {"evidence": [{**file, "url": None} for file in row["evidence"]]} if "evidence" in row else {}
    return {**row, **urls, **evidence}


def _detail(
    room: rooms.Room, connection: pool.Connection, alert_id: uuid.UUID, viewer: viewing.Viewer
) -> schemas.AlertDetail:
    found = _shown(viewer, service.detail(connection, alert_id))
    tracing = room.settings.tracing
    if tracing.endpoint:
        found["traces"] = service.traces(connection, alert_id, tracing.share)
    return schemas.AlertDetail.model_validate(found)
