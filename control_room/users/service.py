"""Accounts of people."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uuid_utils.compat
from psycopg.rows import class_row, dict_row

from control_room import callers
from control_room.audit import service as audit
from control_room.database import sql
from control_room.users import passwords

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.database import pool

LANGUAGES = ("ca", "es", "en")

_QUERIES = sql.load(__file__)
_NAME = re.compile(r"^[^\W_][\w.@-]{0,63}$")


class UserError(ValueError):
    """The account cannot be made or changed so; the message is one line for people."""


@dataclass(frozen=True, slots=True)
class User:
    """An account as a login needs it."""

    user_id: uuid.UUID
    name: str
    password_hash: str | None
    role: str
    language: str
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedUser:
    """An account as an administrator sees it."""

    user_id: uuid.UUID
    name: str
    role: str
    language: str
    created_at: datetime
    disabled_at: datetime | None
    has_password: bool


def add(
    connection: pool.Connection,
    name: str,
    role: str,
    *,
    password: str | None,
    by: callers.Caller,
    now: datetime,
    language: str = "ca",
) -> uuid.UUID:
    """Make an account; without a password only a login link opens it.

    Raises:
        UserError: the name is taken or not allowed, or so is the role, language or password.
    """
    _check(name, role, language)
    password_hash = None if password is None else _hashed(password)
    user_id = uuid_utils.compat.uuid7()
    row = connection.execute(
        _QUERIES["add_user"],
        {
            "user_id": user_id,
            "name": name,
            "password_hash": password_hash,
            "role": role,
            "language": language,
            "now": now,
        },
    ).fetchone()
    if row is None:
        raise UserError(f"user: {name!r} is taken")
    audit.record(connection, by, "user.add", at=now, on=("user", name), detail={"role": role})
    return user_id


def set_password(connection: pool.Connection, name: str, password: str, *, by: callers.Caller, now: datetime) -> None:
    """Also ends the sessions and unused login links of the account.

    Raises:
        UserError: no such account, or a password that is not allowed.
    """
    user = get(connection, name)
    parameters = {"user_id": user.user_id, "password_hash": _hashed(password), "now": now}
    connection.execute(_QUERIES["set_password"], parameters)
    connection.execute(_QUERIES["end_sessions"], parameters)
    connection.execute(_QUERIES["void_links"], parameters)
    audit.record(connection, by, "user.set_password", at=now, on=("user", user.name))


def renew_hash(connection: pool.Connection, user: User, password: str) -> None:
    """Hash the same password with today's parameters."""
    parameters = {"user_id": user.user_id, "password_hash": passwords.create(password)}
    connection.execute(_QUERIES["set_password"], parameters)


def find(connection: pool.Connection, name: str) -> User | None:
    with connection.cursor(row_factory=class_row(User)) as cursor:
        return cursor.execute(_QUERIES["find_user"], {"name": name}).fetchone()


def get(connection: pool.Connection, name: str) -> User:
    """Raises `UserError` where there is none of that name."""
    user = find(connection, name)
    if user is None:
        raise UserError(f"user: there is no {name!r}")
    return user


def listed(connection: pool.Connection) -> list[ListedUser]:
    with connection.cursor(row_factory=class_row(ListedUser)) as cursor:
        return cursor.execute(_QUERIES["list_users"]).fetchall()


def page(connection: pool.Connection, *, search: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Accounts by name, as the route gives them."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["page_of_users"], {"search": search, "after": after, "limit": limit}).fetchall()


def _check(name: str, role: str, language: str) -> None:
    roles = sorted(callers.PEOPLE)
    if not _NAME.match(name):
        raise UserError(f"user: {name[:80]!r} is no name; 1 to 64 letters, digits and . @ _ -, a letter or digit first")
    if role not in roles:
        raise UserError(f"role: {role[:80]!r} is none of {', '.join(roles)}")
    if language not in LANGUAGES:
        raise UserError(f"language: {language[:80]!r} is none of {', '.join(LANGUAGES)}")


def _hashed(password: str) -> str:
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise UserError(
            f"password: it has {len(password)} characters; {passwords.SHORTEST} to {passwords.LONGEST} are allowed"
        )
    return passwords.create(password)
