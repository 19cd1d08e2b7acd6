"""Devices: which may speak to this room, their tokens, and how they are.

A token is `<device_id>.<secret>` with 256 random bits in the secret; a plain SHA-256 of those cannot be guessed back.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room.audit import service as audit
from control_room.database import sql

if TYPE_CHECKING:
    from datetime import datetime

    from control_room import callers
    from control_room.database import pool

_QUERIES = sql.load(__file__)
_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")  # wire.identifiers.Identifier
_NAME_LIMIT = 200
_NO_SECRET = "0" * 64


class DeviceError(ValueError):
    """The device cannot be added or changed so; the message is one line for people."""


def add(connection: pool.Connection, device_id: str, name: str, *, by: callers.Caller, now: datetime) -> str:
    """Add a device; its token, which nobody can read again.

    Raises:
        DeviceError: the id is taken or not allowed, or so is the name.
    """
    if not _ID.match(device_id):
        raise DeviceError(f"id: {device_id[:80]!r} is none; 1 to 64 letters, digits and . _ -, a letter or digit first")
    if not name.strip() or len(name) > _NAME_LIMIT or "\x00" in name:
        raise DeviceError(f"name: {name[:80]!r} is none; 1 to {_NAME_LIMIT} characters")
    secret = secrets.token_urlsafe(32)
    parameters = {"device_id": device_id, "name": name.strip(), "secret_hash": _hash(secret), "now": now}
    if connection.execute(_QUERIES["add_device"], parameters).fetchone() is None:
        raise DeviceError(f"id: {device_id!r} is taken")
    audit.record(connection, by, "device.add", at=now, on=("device", device_id))
    return f"{device_id}.{secret}"


def renew_token(connection: pool.Connection, device_id: str, *, by: callers.Caller, now: datetime) -> str:
    """Another token; the one before stops working at once.

    Raises:
        DeviceError: no such device, or it is revoked.
    """
    secret = secrets.token_urlsafe(32)
    parameters = {"device_id": device_id, "secret_hash": _hash(secret)}
    if connection.execute(_QUERIES["renew_secret"], parameters).fetchone() is None:
        raise DeviceError(f"id: there is no device {device_id[:80]!r}")
    audit.record(connection, by, "device.renew_token", at=now, on=("device", device_id))
    return f"{device_id}.{secret}"


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


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
