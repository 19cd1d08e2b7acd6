"""What is live: every camera and source with what flows of it, how old its last packet is, and who watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import problems
from control_room.database import sql
from control_room.live import opening, publishing, schemas, sources, watching
from control_room.viewing import watched

if TYPE_CHECKING:
    from control_room.database import pool
    from control_room.live.media import StreamState
    from control_room.room import Room
    from control_room.viewing.service import Viewer

_QUERIES = sql.load(__file__)
_SOURCES_MOST = 10_000


def everything(connection: pool.Connection, room: Room, viewer: Viewer) -> schemas.LiveList:
    """As this person may see it."""
    live = room.settings.live
    fault = None
    try:
        streams = {each.stream: each for each in opening.open_media(room).streams()}
    except problems.ProblemError as error:
        streams, fault = {}, error.detail
    watchers = watching.watchers(connection)
    asked = _asked(connection)
    items = [_camera(row, viewer, streams, watchers, asked) for row in _cameras(connection)]
    items += [_source(row, viewer, streams, watchers) for row in sources.page(connection, limit=_SOURCES_MOST)]
    server = schemas.LiveServer(
        backend=live.backend, reachable=fault is None, fault=fault, reason_required=live.reason_required
    )
    return schemas.LiveList(server=server, items=items, at=room.clock())


def _camera(
    row: dict[str, Any],
    viewer: Viewer,
    streams: dict[str, StreamState],
    watchers: dict[str, list[dict[str, Any]]],
    asked: set[str],
) -> schemas.LiveItem:
    device_id, camera_id = row["device_id"], row["camera_id"]
    names = {name: publishing.stream_of(device_id, camera_id, name) for name in ("main", "sub")}
    there = [_publication(key, streams.get(name), name in asked) for key, name in names.items()]
    publications = [each for each in there if each is not None]
    may = viewer.may(watched.camera(device_id, camera_id))
    url = f"/api/v1/cameras/{camera_id}/whep?device_id={device_id}" if may else None
    return schemas.LiveItem(
        kind="camera",
        device_id=device_id,
        camera_id=camera_id,
        source_id=None,
        name=row["name"],
        state=_state(publications, "off" if row["state"] == "live" else row["state"]),
        reason=row["reason"],
        may_watch=may,
        whep_url=url,
        publications=publications,
        watchers=[each for name in names.values() for each in watchers.get(name, [])],
    )


def _source(
    row: dict[str, Any],
    viewer: Viewer,
    streams: dict[str, StreamState],
    watchers: dict[str, list[dict[str, Any]]],
) -> schemas.LiveItem:
    source_id = row["source_id"]
    name = sources.stream_of(source_id)
    publication = _publication("main", streams.get(name), asked=False)
    publications = [publication] if publication is not None else []
    may = viewer.may(watched.source(source_id))
    return schemas.LiveItem(
        kind=row["kind"],
        device_id=row["device_id"],
        camera_id=None,
        source_id=source_id,
        name=row["name"],
        state=_state(publications, "off"),
        reason=None,
        may_watch=may,
        whep_url=f"/api/v1/live/sources/{source_id}/whep" if may else None,
        publications=publications,
        watchers=watchers.get(name, []),
    )


def _publication(stream: str, state: StreamState | None, asked: bool) -> schemas.LivePublication | None:  # noqa: FBT001 - of one row
    gone = state is None or not state.is_published
    if gone and not asked:
        return None
    if state is None or gone:
        shown: dict[str, Any] = dict.fromkeys(
            ("published_since", "last_packet_age_s", "codec", "width_px", "height_px", "fps", "bits_s")
        )
        return schemas.LivePublication.model_validate(
            {**shown, "stream": stream, "state": "starting", "transcoded": False, "viewers": 0}
        )
    return schemas.LivePublication.model_validate(
        {**state.model_dump(), "stream": stream, "state": "live" if state.is_live else "stale"}
    )


def _state(publications: list[schemas.LivePublication], otherwise: schemas.LiveState) -> schemas.LiveState:
    """The best of what is on its way."""
    order = ("live", "starting", "stale")
    return min((each.state for each in publications), key=order.index, default=otherwise)


def _cameras(connection: pool.Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["every_camera"]).fetchall()


def _asked(connection: pool.Connection) -> set[str]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return {row["stream"] for row in cursor.execute(_QUERIES["publications"])}
