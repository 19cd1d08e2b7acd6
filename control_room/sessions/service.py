"""Log in, log out, and know a browser again by its cookie."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from psycopg.rows import dict_row

from control_room import callers, problems
from control_room.attempts import service as attempts
from control_room.audit import service as audit
from control_room.database import sql
from control_room.users import passwords
from control_room.users import service as users

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool

LINK_LIFETIME = timedelta(minutes=15)
_ATTEMPTS_A_USER = 10
_ATTEMPTS_AN_ADDRESS = 30
_QUERIES = sql.load(__file__)


class WrongCredentialError(problems.NotSignedInError):
    """The user or the password is wrong."""

    name = "wrong-credential"


class DeadLinkError(problems.NotSignedInError):
    """This login link is used up, too old, or was never given."""

    name = "dead-link"


def take_attempt(database: pool.Pool, address: str, name: str | None, now: datetime) -> None:
    """Count an attempt to log in, by address and by account, whether it will succeed or not.

    Raises:
        TooManyRequestsError: there were too many lately.
    """
    with database.connection() as connection:
        wait_s = attempts.take(connection, "login", _of_address(address), _ATTEMPTS_AN_ADDRESS, now)
        if not wait_s and name is not None:
            wait_s = attempts.take(connection, "login", _of_name(connection, name), _ATTEMPTS_A_USER, now)
    if wait_s:
        raise problems.TooManyRequestsError("too many attempts to log in", retry_after_s=wait_s)


def forgive_attempts(database: pool.Pool, address: str, name: str) -> None:
    """A login succeeded: what was mistyped before it does not count any more."""
    with database.connection() as connection:
        attempts.forget(connection, "login", _of_address(address), _of_name(connection, name))


def _of_address(address: str) -> str:
    return f"address {address}"


def _of_name(connection: pool.Connection, name: str) -> str:
    """Of a name that is nobody's, twelve bits of its hash: it may be a password that was typed into the wrong field.

    So names that are nobody's share 4096 counts, and are limited as accounts are: who guesses learns nothing of them.
    """
    user = users.find(connection, name)
    if user is not None:
        return f"account {user.user_id}"
    return f"nobody {int.from_bytes(_sha256(name.lower())[:2]) >> 4:03x}"


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a session begins."""

    address: str
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session; `token` goes into the cookie and is known to nobody else."""

    token: str
    session: callers.Session


def log_in(
    database: pool.Pool, name: str, password: str, browser: Browser, *, lasts: timedelta, now: datetime
) -> Begun:
    """Begin a session with a password. No connection is held while that is hashed.

    Raises:
        WrongCredentialError: unknown, disabled, without a password, or another password; all look and take alike.
    """
    with database.connection() as connection:
        user = users.find(connection, name)
    password_hash = user.password_hash if user is not None and user.disabled_at is None else None
    is_right = passwords.matches(password, password_hash)
    with database.connection() as connection:
        if user is not None and is_right:
            if passwords.is_outdated(user.password_hash or ""):
                users.renew_hash(connection, user, password)
            return begin(connection, user, browser, lasts, now)
        # A name that is nobody's may be a password typed into the wrong field: it is not written down.
        _refuse(connection, user.name if user else "unknown user", "wrong credential", browser, now)
    raise WrongCredentialError


def log_in_by_link(database: pool.Pool, token: str, browser: Browser, *, lasts: timedelta, now: datetime) -> Begun:
    """Begin a session with a one-time link.

    Raises:
        DeadLinkError: unknown, used, expired, or the account is disabled.
    """
    with database.connection() as connection:
        row = connection.execute(_QUERIES["use_link"], {"token_sha256": _sha256(token), "now": now}).fetchone()
        user = None if row is None else users.find(connection, str(row[0]))
        if user is not None:
            return begin(connection, user, browser, lasts, now)
        _refuse(connection, "unknown user", "dead link", browser, now)
    raise DeadLinkError


def begin(connection: pool.Connection, user: users.User, browser: Browser, lasts: timedelta, now: datetime) -> Begun:
    """Log a browser in as `user`."""
    token = secrets.token_urlsafe(32)
    connection.execute(_QUERIES["forget_expired_sessions"], {"now": now})
    connection.execute(
        _QUERIES["begin_session"],
        {
            "token_sha256": _sha256(token),
            "user_id": user.user_id,
            "csrf_token": secrets.token_urlsafe(32),
            "now": now,
            "expires_at": now + lasts,
            "address": browser.address,
            "user_agent": None if browser.user_agent is None else browser.user_agent[:256].replace("\x00", ""),
        },
    )
    session = find(connection, token, now)
    if session is None:  # the account was disabled or removed just now
        raise WrongCredentialError
    who = callers.Caller(kind="user", name=session.user, role=session.role, address=browser.address)
    audit.record(connection, who, "session.begin", at=now)
    return Begun(token, session)


def find(connection: pool.Connection, token: str, now: datetime) -> callers.Session | None:
    """The session of a cookie; None where there is none, or it has ended."""
    return _find(connection, _sha256(token), now)


def alive(connection: pool.Connection, known: set[callers.Session], now: datetime) -> set[callers.Session]:
    """Those that still go on, in the same role."""
    given = {"tokens_sha256": [session.token_sha256 for session in known], "now": now}
    roles: dict[bytes, str] = dict(connection.execute(_QUERIES["roles_of_sessions"], given).fetchall())
    return {session for session in known if roles.get(session.token_sha256) == session.role}


def end(connection: pool.Connection, caller: callers.Caller, session: callers.Session, now: datetime) -> None:
    connection.execute(_QUERIES["end_session"], {"token_sha256": session.token_sha256})
    audit.record(connection, caller, "session.end", at=now)


def make_link(connection: pool.Connection, name: str, *, by: callers.Caller, now: datetime) -> str:
    """The token of a link that logs the account in once, within 15 minutes.

    Raises:
        UserError: no such account.
    """
    user = users.get(connection, name)
    if user.disabled_at is not None:
        raise users.UserError(f"user: {name!r} is disabled")
    token = secrets.token_urlsafe(32)
    connection.execute(_QUERIES["forget_old_links"], {"before": now - timedelta(days=1)})
    connection.execute(
        _QUERIES["add_link"],
        {
            "token_sha256": _sha256(token),
            "user_id": user.user_id,
            "now": now,
            "expires_at": now + LINK_LIFETIME,
        },
    )
    audit.record(connection, by, "session.make_link", at=now, on=("user", user.name))
    return token


def _refuse(connection: pool.Connection, name: str, why: str, browser: Browser, now: datetime) -> None:
    who = callers.Caller(kind="anonymous", name=name, address=browser.address)
    audit.record(connection, who, "session.begin", at=now, result=f"refused: {why}")


def _find(connection: pool.Connection, token_sha256: bytes, now: datetime) -> callers.Session | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["find_session"], {"token_sha256": token_sha256, "now": now}).fetchone()
    if row is None:
        return None
    return callers.Session(**{**row, "role": callers.Role(row["role"])})


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
