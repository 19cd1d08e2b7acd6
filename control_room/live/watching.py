"""Live sessions: who watches or sends what, from the answered offer to the end, each written into the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import callers, problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.live import publishing
from control_room.live.media import NoSuchLiveSessionError
from control_room.viewing import reasons
from control_room.viewing.watched import Span, Watched

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.config import Live
    from control_room.database import pool

_KEPT = timedelta(days=1)
_QUERIES = sql.load(__file__)

EndReason = Literal["left", "vanished", "withdrawn", "reason-over", "refused", "ended", "replaced"]


class WrongAlertError(problems.UnprocessableError):
    """This alert is not of this camera."""

    name = "wrong-alert"


@dataclass(frozen=True, slots=True)
class Ground:
    """Under what somebody watches; both None: nothing was needed."""

    reason: str | None
    alert_id: uuid.UUID | None


def ground(  # noqa: PLR0917 - who watches what, from where, by which rule
    connection: pool.Connection,
    caller: Caller,
    watched: Watched,
    alert_id: uuid.UUID | None,
    settings: Live,
    now: datetime,
) -> Ground:
    """Why this person watches live, where it is needed or an alert says it.

    Raises:
        WrongAlertError: the alert is another camera's.
        ReasonNeededError: live pictures need a reason in this room, and there is none.
    """
    state = None
    if alert_id is not None:
        given = {"alert_id": alert_id, "device_id": watched.device_id, "camera_id": watched.camera_id}
        row = connection.execute(_QUERIES["is_of_camera"], given).fetchone()
        if row is None:
            raise WrongAlertError
        state = str(row[0])
    if settings.reason_required:
        return Ground(
            reasons.need(connection, caller, watched, Span(now, now), alert_id=alert_id, now=now).text, alert_id
        )
    return Ground(f"alert {alert_id}" if state not in {None, "closed"} else None, alert_id)


def begin_view(
    connection: pool.Connection,
    viewer: Caller,
    watched: Watched,
    *,
    stream: str,
    media_session: str,
    why: Ground,
    now: datetime,
) -> uuid.UUID:
    """Write down that somebody watches from now on."""
    session_id = _begin(connection, "view", viewer, stream, media_session, now, why)
    on = (watched.kind, watched.key.partition("/")[2])
    detail = {"session_id": str(session_id), "stream": stream, "alert_id": why.alert_id and str(why.alert_id)}
    audit.record(connection, viewer, "live.view", at=now, on=on, reason=why.reason, detail=detail)
    return session_id


def begin_publish(
    connection: pool.Connection, publisher: Caller, *, stream: str, media_session: str, now: datetime
) -> uuid.UUID:
    """Write down that a device or a source sends from now on; the one before of the same stream is replaced."""
    connection.execute(_QUERIES["end_publishing"], {"stream": stream, "now": now})
    session_id = _begin(connection, "publish", publisher, stream, media_session, now, Ground(None, None))
    detail = {"session_id": str(session_id), "stream": stream}
    audit.record(connection, publisher, "live.publish", at=now, on=("stream", stream), detail=detail)
    return session_id


def own(connection: pool.Connection, session_id: uuid.UUID, caller: Caller) -> dict[str, Any]:
    """A session of this very caller that goes on; raises `NoSuchLiveSessionError`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["session"], {"session_id": session_id}).fetchone()
    if found is None or (found["actor_kind"], found["actor"]) != (_kind(caller), caller.name):
        raise NoSuchLiveSessionError
    return found


def opened(connection: pool.Connection) -> list[dict[str, Any]]:
    """All that go on."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["open"]).fetchall()


def watchers(connection: pool.Connection) -> dict[str, list[dict[str, Any]]]:
    """By stream."""
    found: dict[str, list[dict[str, Any]]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["watchers"]):
            found.setdefault(row.pop("stream"), []).append(row)
    return found


def end(  # noqa: PLR0917 - who ended what, and why
    connection: pool.Connection,
    session_id: uuid.UUID,
    by: Caller,
    why: EndReason,
    now: datetime,
    frames: int | None = None,
) -> bool:
    """Write down that it is over; False where it was already."""
    with connection.cursor(row_factory=dict_row) as cursor:
        given = {"session_id": session_id, "now": now, "why": why}
        ended = cursor.execute(_QUERIES["end"], given).fetchone()
    if ended is None:
        return False
    camera = publishing.camera_of(ended["stream"])
    on = ("camera", "/".join(camera)) if camera else ("source", ended["stream"].partition("/")[2])
    detail = {
        "session_id": str(session_id),
        "stream": ended["stream"],
        "who": ended["actor"],
        "kind": ended["kind"],
        "seconds": round((now - ended["began_at"]).total_seconds(), 1),
        "frames": frames,
    }
    audit.record(connection, by, "live.end", at=now, on=on, reason=ended["reason"], result=why, detail=detail)
    return True


def forget_old(connection: pool.Connection, now: datetime) -> None:
    """What ended a day ago."""
    connection.execute(_QUERIES["forget_sessions"], {"before": now - _KEPT})


def _begin(  # noqa: PLR0917 - all that is known of it
    connection: pool.Connection,
    kind: Literal["view", "publish"],
    caller: Caller,
    stream: str,
    media_session: str,
    now: datetime,
    why: Ground,
) -> uuid.UUID:
    session_id = uuids.uuid7()
    connection.execute(
        _QUERIES["begin"],
        {
            "session_id": session_id,
            "stream": stream,
            "kind": kind,
            "media_session": media_session,
            "actor_kind": _kind(caller),
            "actor": caller.name,
            "session": reasons.session_of(caller) or None,
            "alert_id": why.alert_id,
            "reason": why.reason,
            "now": now,
        },
    )
    return session_id


def _kind(caller: Caller) -> str:
    return "source" if caller.kind == "anonymous" else caller.kind


def of_source(source_id: uuid.UUID, address: str | None = None) -> Caller:
    """A publisher that showed the token of a source: no person and no device."""
    return callers.Caller(kind="anonymous", name=str(source_id), address=address)
