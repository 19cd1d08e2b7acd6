"""Saves a picture of the moment for a person: under a reason, marked, and written down with its hash."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Response

from control_room import access, problems
from control_room.audit import service as audit
from control_room.live import media, opening, picture
from control_room.viewing import reasons
from control_room.viewing.watched import Span, Watched

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.live.media import Media
    from control_room.live.schemas import SavePicture
    from control_room.room import Room
    from control_room.viewing.service import Viewer

RESPONSES: dict[int | str, dict[str, Any]] = {
    **access.RESPONSES,
    **problems.responses(404, 409, 429, 501),
    200: {"content": {"image/jpeg": {}}, "description": "The picture, with who saved it, of what and when in it."},
}


@dataclass(frozen=True, slots=True)
class Saved:
    """Of which stream, the first that flows, and what stands in the picture as its name."""

    streams: list[str]
    name: str


def save(room: Room, viewer: Viewer, watched: Watched, of: Saved, wanted: SavePicture) -> Response:
    """The picture as a file to keep.

    Raises:
        NotWatchedError, ReasonNeededError: he may not, or says not why.
        NoPictureError: nothing flows of it now.
        RefusedError, MediaAwayError: what the media process says.
    """
    viewer.check(watched)
    now = room.clock()
    with room.database.connection() as connection:
        why = reasons.need(connection, viewer.caller, watched, Span(now, now), alert_id=wanted.alert_id, now=now)
    taken = _picture(opening.open_media(room), of.streams)
    taken_at = taken.taken_at or now
    marked = picture.mark(taken.jpeg, user=viewer.caller.name, name=of.name, at=taken_at)
    _, _, object_id = watched.key.partition("/")
    detail = {
        "sha256": marked.sha256,
        "taken_at": taken_at.isoformat(),
        "bytes": len(marked.jpeg),
        "note": wanted.note,
        "alert_id": wanted.alert_id and str(wanted.alert_id),
        "object": why.object,
    }
    with room.database.connection() as connection:
        audit.record(
            connection,
            viewer.caller,
            "live.picture",
            at=now,
            on=(watched.kind, object_id),
            reason=why.text,
            detail=detail,
        )
    headers = {
        "Content-Disposition": f'attachment; filename="{_file_name(object_id, now)}"',
        "Cache-Control": "no-store",
    }
    return Response(marked.jpeg, http.HTTPStatus.OK, headers, "image/jpeg")


def _picture(source: Media, streams: list[str]) -> media.Picture:
    for name in dict.fromkeys(streams):
        try:
            return source.picture(name)
        except media.NoSuchStreamError:
            continue
    raise picture.NoPictureError("nothing flows of it now: watch it first")


def _file_name(object_id: str, now: datetime) -> str:
    return f"{object_id.replace('/', '-')}-{now.strftime('%Y%m%dT%H%M%SZ')}.jpg"
