"""Live sources: drones and telephones that publish with a token of their own."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from uuid_utils import compat as uuids

from control_room import problems
from control_room.audit import service as audit
from control_room.callers import ROOM
from control_room.database import sql
from control_room.live.schemas import NewLiveSource

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool

_QUERIES = sql.load(__file__)
_NO_FILTER = dict.fromkeys(("source_id", "flight_id", "before_at", "before_id"), None)


class NoSuchSourceError(problems.NotFoundError):
    """There is no such live source, or it may not publish any more."""

    name = "no-such-source"


class TooManySourcesError(problems.ConflictError):
    """As many live sources are registered as may be; end one of them."""

    name = "too-many-sources"


class UnknownGroundError(problems.UnprocessableError):
    """What the source names is not there, or not in force."""

    name = "unknown-ground"


class WrongTokenError(problems.NotSignedInError):
    """This is not the token of this source."""

    name = "wrong-publish-token"


def add(
    connection: pool.Connection, wanted: NewLiveSource, *, most: int, by: Caller, now: datetime
) -> tuple[uuid.UUID, str]:
    """A new source and its token, which is kept nowhere.

    Raises:
        TooManySourcesError, UnknownGroundError: as they say.
    """
    row = connection.execute(_QUERIES["count_sources"]).fetchone()
    if row is not None and row[0] >= most:
        raise TooManySourcesError(f"at most {most} live sources may be registered; end one of them")
    source_id, token = uuids.uuid7(), secrets.token_urlsafe(32)
    given = {
        **wanted.model_dump(),
        "source_id": source_id,
        "token_sha256": _sha256(token),
        "now": now,
        "by": by.name,
    }
    missing = connection.execute(_QUERIES["unknown_ground"], given).fetchone()
    if missing is not None:
        raise UnknownGroundError(f"body.{missing[0]}: there is none such, or it is not in force")
    connection.execute(_QUERIES["add_source"], given)
    detail = {
        "name": wanted.name,
        "kind": wanted.kind,
        "flight_id": wanted.flight_id and str(wanted.flight_id),
        "authorisation_id": wanted.authorisation_id and str(wanted.authorisation_id),
        "purpose": wanted.purpose,
        "device_id": wanted.device_id,
    }
    audit.record(connection, by, "live.add_source", at=now, on=("source", str(source_id)), detail=detail)
    return source_id, token


def renew_token(connection: pool.Connection, source_id: uuid.UUID, *, by: Caller, now: datetime) -> str:
    """Another token; the one before opens nothing any more. Raises `NoSuchSourceError`."""
    token = secrets.token_urlsafe(32)
    given = {"source_id": source_id, "token_sha256": _sha256(token), "now": now}
    if connection.execute(_QUERIES["set_token"], given).fetchone() is None:
        raise NoSuchSourceError
    audit.record(connection, by, "live.renew_token", at=now, on=("source", str(source_id)))
    return token


def end(connection: pool.Connection, source_id: uuid.UUID, *, by: Caller, now: datetime) -> None:
    """It may not publish any more; what was recorded of it stays. Raises `NoSuchSourceError`."""
    given = {"source_id": source_id, "now": now, "by": by.name}
    if connection.execute(_QUERIES["end_source"], given).fetchone() is None:
        raise NoSuchSourceError
    audit.record(connection, by, "live.end_source", at=now, on=("source", str(source_id)))


def forget_old(connection: pool.Connection, years: int, now: datetime) -> None:
    """Sources that ended as long ago as the log of a flight is kept."""
    before = now - timedelta(days=366 * years)
    for (source_id,) in connection.execute(_QUERIES["forget_sources"], {"before": before}).fetchall():
        audit.record(connection, ROOM, "live.forget_source", at=now, on=("source", str(source_id)))


def page(connection: pool.Connection, *, limit: int, ended: bool = False, **filters: object) -> list[dict[str, Any]]:
    """The newest first. `filters`: source_id, flight_id; before_at, before_id: the last seen."""
    given = {**_NO_FILTER, **filters, "limit": limit, "ended": ended}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["sources"], given).fetchall()


def item(connection: pool.Connection, source_id: uuid.UUID) -> dict[str, Any]:
    """Also one that has ended; raises `NoSuchSourceError`."""
    found = page(connection, limit=1, ended=True, source_id=source_id)
    if not found:
        raise NoSuchSourceError
    return found[0]


def is_token(connection: pool.Connection, source_id: uuid.UUID, token: str) -> bool:
    """Whether this opens publishing for this source now."""
    row = connection.execute(_QUERIES["token_of"], {"source_id": source_id}).fetchone()
    return row is not None and hmac.compare_digest(bytes(row[0]), _sha256(token))


def check_token(connection: pool.Connection, source_id: uuid.UUID, token: str) -> None:
    """Raises `WrongTokenError`; the same for a source that is not there."""
    if not is_token(connection, source_id, token):
        raise WrongTokenError(headers={"WWW-Authenticate": "Bearer"})


def stream_of(source_id: uuid.UUID) -> str:
    return f"source/{source_id}"


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
