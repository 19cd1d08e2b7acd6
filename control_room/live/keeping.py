"""What is done by the clock: sessions that ended without a word, streams that are still watched or not any more.

In each serving process, but only one of them at a time does it.
"""

from __future__ import annotations

import contextlib
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import callers
from control_room.database import sql
from control_room.live import opening, publishing, sources, watching
from control_room.live.media import LiveOffError, MediaAwayError
from control_room.live.publishing import Camera
from control_room.viewing import reasons
from control_room.viewing import service as viewing
from control_room.viewing import watched as viewed

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.config import Live
    from control_room.database import pool
    from control_room.live.media import Media, SessionState
    from control_room.room import Room

_SETTLES = timedelta(seconds=5)
"""A session that has just begun may not be in the media process's list yet."""
_UNKNOWN_AFTER_S = 60.0
"""So long an answered offer may take to be written down; a process that was killed in between never writes it."""
_OBEYS = timedelta(seconds=10)
"""A device that was told to stop does."""
_ENDED = frozenset({"closed", "failed", "ended"})

_QUERIES = sql.load(__file__)


def look(room: Room, now: datetime) -> None:
    """Bring the room's sessions and what it asks of devices in line with who watches."""
    with room.database.connection() as connection:
        watching.forget_old(connection, now)
        sources.forget_old(connection, room.settings.retention.flight_years, now)
        has_chores = connection.execute(_QUERIES["has_chores"]).fetchone() == (True,)
    try:
        media = opening.open_media(room)
        known = media.sessions()
        if not has_chores and not known:
            return
        live = {each.stream for each in media.streams() if each.is_live}
    except (LiveOffError, MediaAwayError):
        if not has_chores:
            return
        known, live, media = None, None, None
    with room.database.connection() as connection:
        if connection.execute(_QUERIES["one_at_a_time"]).fetchone() != (True,):
            return
        if media is not None and known is not None:
            _reconcile(connection, media, {each.session_id: each for each in known}, now)
        if media is not None:
            _withdraw(connection, media, room.settings.live, now)
            _stop_sending(connection, media, now)
    with room.database.connection() as connection:
        _renew_or_stop(connection, room, live, now)


def _reconcile(connection: pool.Connection, media: Media, known: dict[str, SessionState], now: datetime) -> None:
    """End what the media process knows no more, and there what was never written down here."""
    seen: list[uuid.UUID] = []
    written = watching.opened(connection)
    for name in known.keys() - {each["media_session"].partition("|")[0] for each in written}:
        if (known[name].age_s or 0.0) > _UNKNOWN_AFTER_S:
            _end_there(media, name)
    for session in written:
        state = known.get(session["media_session"].partition("|")[0])
        if state is not None and state.state not in _ENDED:
            seen.append(session["session_id"])
        elif state is not None or now - session["began_at"] > _SETTLES:
            if state is not None:
                _end_there(media, session["media_session"])
            frames = None if state is None else state.frames
            watching.end(connection, session["session_id"], callers.ROOM, "vanished", now, frames)
    connection.execute(_QUERIES["see"], {"session_ids": seen, "now": now})


def _withdraw(connection: pool.Connection, media: Media, settings: Live, now: datetime) -> None:
    """End what somebody watches who is logged out or may not any more, or whose reason is over where one is needed."""
    views = [each for each in watching.opened(connection) if each["kind"] == "view"]
    given = {"sessions": sorted({each["session"] for each in views if each["session"]}), "now": now}
    viewers = {
        session: viewing.viewer(connection, callers.Caller(kind="user", name=name, role=callers.Role(role)))
        for session, name, role in connection.execute(_QUERIES["alive"], given).fetchall()
    }
    for view in views:
        viewer, thing = viewers.get(view["session"]), watched_of(view["stream"])
        why: watching.EndReason | None = None
        if viewer is None or not viewer.may(thing):
            why = "withdrawn"
        elif settings.reason_required and not reasons.lasts(connection, view["session"], thing, view["alert_id"], now):
            why = "reason-over"
        if why is not None:
            _end_there(media, view["media_session"])
            watching.end(connection, view["session_id"], callers.ROOM, why, now)


def _stop_sending(connection: pool.Connection, media: Media, now: datetime) -> None:
    """End what is sent by whom nobody asks any more: where it was told to stop and does not, or may not any more."""
    given = {"told_after": now - _OBEYS}
    for session_id, media_session in connection.execute(_QUERIES["may_not_send"], given).fetchall():
        _end_there(media, media_session)
        watching.end(connection, session_id, callers.ROOM, "withdrawn", now)


def _end_there(media: Media, session: str) -> None:
    """Should it be away just now, what it forgets when it begins anew is this too."""
    with contextlib.suppress(MediaAwayError):
        media.end(session)


def watched_of(stream: str) -> viewed.Watched:
    """Whose pictures a stream is made of."""
    camera = publishing.camera_of(stream)
    if camera is not None:
        return viewed.camera(*camera)
    return viewed.source(uuid.UUID(stream.partition("/")[2]))


def _renew_or_stop(connection: pool.Connection, room: Room, live: set[str] | None, now: datetime) -> None:
    """`live`: streams that flow; None: not known."""
    watched = sorted({each["stream"] for each in watching.opened(connection) if each["kind"] == "view"})
    connection.execute(_QUERIES["not_ahead"], {"now": now, "until_most": now + publishing.ASKED_FOR})
    connection.execute(_QUERIES["touch"], {"streams": watched, "now": now})
    lingers = timedelta(seconds=room.settings.live.linger_s)
    for asked in _publications(connection):
        connection.execute(_QUERIES["lock_stream"], {"stream": asked["stream"]})
        current = publishing.publication(connection, asked["stream"])
        if current is None:
            continue
        if now - current["watched_at"] > lingers:
            publishing.stop(connection, room, current, callers.ROOM)
        elif current["online"] and room.signer is not None:
            camera = Camera(current["device_id"], current["camera_id"], "live", None, online=True)
            flows = live is None or current["stream"] in live
            publishing.ask(connection, room, camera, current["stream"], callers.ROOM, flows=flows)


def _publications(connection: pool.Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["publications"]).fetchall()
