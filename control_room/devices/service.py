"""Devices: which may speak to this room, their tokens, and how they are.

A token is `<device_id>.<secret>` with 256 random bits in the secret; a plain SHA-256 of those cannot be guessed back.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room import problems
from control_room.audit import service as audit
from control_room.database import sql

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from control_room import callers
    from control_room.database import pool

_QUERIES = sql.load(__file__)
_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")  # wire.identifiers.Identifier
_NAME_LIMIT = 200
_DETAILS = ("place", "owner", "purpose")
_NO_SECRET = "0" * 64


class DeviceError(ValueError):
    """The device cannot be added or changed so; the message is one line for people."""


class NoSuchDeviceError(problems.NotFoundError):
    """There is no such device."""


class DeviceTakenError(problems.ConflictError):
    """There is a device of this id already."""

    name = "device-taken"


class BadCursorError(problems.UnprocessableError):
    """This cursor was not given by this list."""

    name = "bad-cursor"


def add(
    connection: pool.Connection,
    device_id: str,
    name: str,
    *,
    by: callers.Caller,
    now: datetime,
    place: str | None = None,
    owner: str | None = None,
    purpose: str | None = None,
    not_as: Collection[str] = (),
) -> str:
    """Add a device; its token, which nobody can read again. `not_as`: the room's own accounts at the broker.

    Raises:
        DeviceError: the id is taken or not allowed, or so is the name.
    """
    if not _ID.match(device_id):
        raise DeviceError(f"id: {device_id[:80]!r} is none; 1 to 64 letters, digits and . _ -, a letter or digit first")
    if device_id in not_as:
        raise DeviceError(f"id: {device_id!r} is the name of an account of this room at the broker; choose another")
    if not name.strip() or len(name) > _NAME_LIMIT or "\x00" in name:
        raise DeviceError(f"name: {name[:80]!r} is none; 1 to {_NAME_LIMIT} characters")
    token, secret_hash = new_token(device_id)
    details = {"name": name.strip(), "place": place, "owner": owner, "purpose": purpose}
    parameters = {"device_id": device_id, "secret_hash": secret_hash, "now": now, **details}
    if connection.execute(_QUERIES["add_device"], parameters).fetchone() is None:
        raise DeviceError(f"id: {device_id!r} is taken")
    audit.record(connection, by, "device.add", at=now, on=("device", device_id), detail=details)
    return token


def new_token(device_id: str) -> tuple[str, str]:
    """A token and what its secret hashes to."""
    secret = secrets.token_urlsafe(32)
    return f"{device_id}.{secret}", _hash(secret)


def renew_token(connection: pool.Connection, device_id: str, *, by: callers.Caller, now: datetime) -> str:
    """Another token; the one before stops working at once.

    Raises:
        DeviceError: no such device, or it is revoked.
    """
    token, secret_hash = new_token(device_id)
    parameters = {"device_id": device_id, "secret_hash": secret_hash}
    if connection.execute(_QUERIES["renew_secret"], parameters).fetchone() is None:
        raise DeviceError(f"id: there is no device {device_id[:80]!r}")
    audit.record(connection, by, "device.renew_token", at=now, on=("device", device_id))
    return token


def authenticate(connection: pool.Connection, token: str) -> str | None:
    """The device_id that the token is of; None where it is of none."""
    device_id, _, secret = token.rpartition(".")  # the id may hold points, the secret does not
    if not _ID.match(device_id):
        return None
    row = connection.execute(_QUERIES["secret_hash"], {"device_id": device_id}).fetchone()
    known = str(row[0]) if row is not None and row[0] is not None else _NO_SECRET
    return device_id if hmac.compare_digest(_hash(secret), known) else None


def items(connection: pool.Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["items"]).fetchall()


def page(
    connection: pool.Connection, *, search: str | None, state: str | None, limit: int, after: tuple[str, str] | None
) -> list[dict[str, Any]]:
    """Rows of the registry by name; `after`: name and id of the last one of the page before."""
    name, device_id = after or (None, None)
    parameters = {"search": search, "state": state, "limit": limit, "after_name": name, "after_id": device_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["page"], parameters).fetchall()


def registered(connection: pool.Connection, device_id: str) -> dict[str, Any]:
    """One device of the registry, with its cameras.

    Raises:
        NoSuchDeviceError: as it says.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["registered"], {"device_id": device_id}).fetchone()
        if found is None:
            raise NoSuchDeviceError
        shown = cursor.execute(_QUERIES["cameras"], {"device_id": device_id}).fetchall()
    return {**found, "camera_list": shown}


def edit(
    connection: pool.Connection, device_id: str, changes: dict[str, str | None], *, by: callers.Caller, now: datetime
) -> None:
    """Change what people wrote of it.

    Raises:
        NoSuchDeviceError: as it says.
    """
    had = _lock(connection, device_id)
    wanted = {key: changes.get(key, had[key]) for key in ("name", *_DETAILS)}
    connection.execute(_QUERIES["edit"], {"device_id": device_id, **wanted})
    detail = {key: {"from": had[key], "to": wanted[key]} for key in wanted if wanted[key] != had[key]}
    audit.record(connection, by, "device.edit", at=now, on=("device", device_id), detail=detail)


def revoke(connection: pool.Connection, device_id: str, reason: str, *, by: callers.Caller, now: datetime) -> None:
    """Let it speak to nobody any more; the worker takes its account at the broker, which cuts its connection.

    Raises:
        NoSuchDeviceError: as it says.
    """
    if _lock(connection, device_id)["revoked_at"] is not None:
        return
    given = {"device_id": device_id, "now": now}
    for statement in ("revoke", "set_cameras_aside", "close_codes"):
        connection.execute(_QUERIES[statement], given)
    audit.record(connection, by, "device.revoke", at=now, on=("device", device_id), reason=reason)


def cursor_after(row: dict[str, Any]) -> str:
    text = json.dumps([row["name"], row["device_id"]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[str, str] | None:
    """Raises `BadCursorError`."""
    if cursor is None:
        return None
    try:
        read = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        name, device_id = read
    except (binascii.Error, ValueError, TypeError):
        raise BadCursorError from None
    if not (isinstance(name, str) and isinstance(device_id, str)) or "\x00" in name + device_id:
        raise BadCursorError
    return name, device_id


def _lock(connection: pool.Connection, device_id: str) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["lock"], {"device_id": device_id}).fetchone()
    if found is None:
        raise NoSuchDeviceError
    return found


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
