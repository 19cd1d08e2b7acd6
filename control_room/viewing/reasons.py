"""Why somebody looks at recordings of people: an open alert says it, else it is asked once and lasts 15 minutes.

LO 7/2021 art. 33. What was given is in the audit, and so is each look, with the reason under which it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql
from control_room.viewing.watched import Span

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.viewing.watched import Watched

LASTS = timedelta(minutes=15)
ALERT_MARGIN = timedelta(minutes=5)
"""Before an alert's first sign and after its end: what led to it, and who walked away."""
RESTED_LONGEST = timedelta(hours=6)
"""Of what an alert says when its thing came: a device's word opens no day."""
CLOCKS_APART = timedelta(minutes=1)
"""Between who asks and what is asked for: "the last 30 seconds" are of a moment later."""
_KEPT = timedelta(days=1)

_QUERIES = sql.load(__file__)


class ReasonNeededError(problems.ForbiddenError):
    """People can be seen in it: say what you look into and why; that lasts 15 minutes for this camera and span."""

    name = "reason-needed"


class AlertClosedError(ReasonNeededError):
    """This alert is closed, or the span lies outside it: say what you look into and why."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Under which somebody looks."""

    text: str
    """For the audit."""
    object: str
    alert_id: uuid.UUID | None = None


def need(
    connection: pool.Connection,
    caller: Caller,
    watched: Watched,
    span: Span,
    *,
    alert_id: uuid.UUID | None = None,
    now: datetime,
) -> Reason:
    """The reason under which this person may look at that span now; who calls this writes it into the audit.

    Raises:
        ReasonNeededError: there is none; its document says what must be said where.
    """
    if alert_id is not None:
        carried = _of_alert(connection, watched, span, alert_id, now)
        if carried is not None:
            return carried
    lasting = find(connection, caller, watched, span, now)
    if lasting is not None:
        return lasting
    error = ReasonNeededError if alert_id is None else AlertClosedError
    raise error(**_to_say(watched, span))


def find(connection: pool.Connection, caller: Caller, watched: Watched, span: Span, now: datetime) -> Reason | None:
    """The one that this person gave for it in this session, newest first; None: none, or its time is over."""
    return _lasting(connection, session_of(caller), watched, span, now)


def lasts(
    connection: pool.Connection, session: str, watched: Watched, alert_id: uuid.UUID | None, now: datetime
) -> bool:
    """Whether what somebody began to watch live in that session still has its reason, or its alert is still open."""
    span = Span(now, now)
    if alert_id is not None and _of_alert(connection, watched, span, alert_id, now) is not None:
        return True
    return _lasting(connection, session, watched, span, now) is not None


def _lasting(connection: pool.Connection, session: str, watched: Watched, span: Span, now: datetime) -> Reason | None:
    given = {
        "session": session,
        "watched": watched.key,
        "from": span.start,
        "to": span.end,
        "apart": CLOCKS_APART,
        "now": now,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["lasting"], given).fetchone()
    return None if row is None else Reason(row["reason"], row["object"])


def give(
    connection: pool.Connection,
    caller: Caller,
    watched: Sequence[Watched],
    span: Span,
    *,
    about: str,
    reason: str,
    now: datetime,
) -> dict[str, Any]:
    """Write a reason down; from now on it opens these cameras for this span, for 15 minutes.

    Args:
        connection: its transaction.
        caller: who gives it.
        watched: what he wants to look at, and may.
        span: of it.
        about: the object, such as a case.
        reason: why.
        now: the server's time.
    """
    note(connection, caller, watched, span, reason=Reason(reason, about), now=now)
    detail = {
        "object": about,
        "watched": [each.key for each in watched],
        "from": _rfc3339(span.start),
        "to": _rfc3339(span.end),
        "session": session_of(caller),
    }
    audit.record(connection, caller, "viewing.reason", at=now, reason=reason, detail=detail)
    return {"expires_at": now + LASTS, "from": span.start, "to": span.end, "object": about, "reason": reason}


def note(
    connection: pool.Connection,
    caller: Caller,
    watched: Sequence[Watched],
    span: Span,
    *,
    reason: Reason,
    now: datetime,
) -> None:
    """Let a reason last that the audit has beside the look itself, such as an open alert: closing it stops no clip."""
    connection.execute(
        _QUERIES["add"],
        {
            "reason_id": uuids.uuid7(),
            "watched": [each.key for each in watched],
            "session": session_of(caller),
            "user_name": caller.name,
            "from": span.start,
            "to": span.end,
            "object": reason.object,
            "reason": reason.text,
            "now": now,
            "expires_at": now + LASTS,
        },
    )


def listed(connection: pool.Connection, caller: Caller, now: datetime) -> list[dict[str, Any]]:
    """Those of this session that last, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["listed"], {"session": session_of(caller), "now": now}).fetchall()


def forget_old(connection: pool.Connection, now: datetime) -> int:
    """What ended a day ago; the audit has it."""
    return connection.execute(_QUERIES["forget_old"], {"before": now - _KEPT}).rowcount


def session_of(caller: Caller) -> str:
    """How a browser's session is told from others where its cookie must not stand."""
    return caller.session.token_sha256.hex()[:16] if caller.session else ""


def _of_alert(
    connection: pool.Connection, watched: Watched, span: Span, alert_id: uuid.UUID, now: datetime
) -> Reason | None:
    given = {
        "alert_id": alert_id,
        "device_id": watched.device_id,
        "camera_id": watched.camera_id,
        "from": span.start,
        "to": span.end or now,
        "margin": ALERT_MARGIN,
        "rested": RESTED_LONGEST,
        "now": now,
    }
    if watched.kind != "camera" or connection.execute(_QUERIES["carries"], given).fetchone() is None:
        return None
    return Reason(f"alert {alert_id}", f"alert {alert_id}", alert_id)


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _to_say(watched: Watched, span: Span) -> dict[str, Any]:
    """Members of the problem: what must be sent where."""
    return {
        "post": "/api/v1/viewing/reasons",
        "needed": ["object", "reason"],
        "watched": watched.said(),
        "from": _rfc3339(span.start),
        "to": _rfc3339(span.end),
        "lasts_s": int(LASTS.total_seconds()),
    }
