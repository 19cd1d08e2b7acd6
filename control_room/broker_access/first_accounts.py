"""The first file of Mosquitto's dynamic security plug-in: the account of the room and the one that keeps the others."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import urllib.parse
from typing import TYPE_CHECKING, Any

from control_room import config, values
from wire import topics

if TYPE_CHECKING:
    from pathlib import Path

_ITERATIONS = 101
"""What Mosquitto 2.0 reckons with; the passwords here are long and random."""
_SALT_BYTES = 12
_CONTROL = "$CONTROL/dynamic-security/#"


def write(settings: config.Settings, path: Path) -> None:
    """Users and passwords are those of `mqtt.url` and `broker.admin_url`.

    Raises:
        config.ConfigError: one of the two names no user and password, or both the same user.
        OSError: the file cannot be written, or is there already: by then the broker keeps accounts in it.
    """
    room, keeper = _user("mqtt.url", settings.mqtt.url), _user("broker.admin_url", settings.broker.admin_url)
    if room[0] == keeper[0]:
        raise config.ConfigError(f"broker.admin_url: got the user {keeper[0]!r}; allowed: another one than mqtt.url's")
    content = {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": True,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [_client(*room, "room"), _client(*keeper, "keeper of accounts")],
        "roles": [_role("room", f"{topics.ROOT}/#"), _role("keeper of accounts", _CONTROL)],
    }
    with path.open("x", encoding="utf-8") as file:
        path.chmod(0o600)
        json.dump(content, file, indent=1)


def _user(key: str, url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    if not parts.username or not parts.password:
        raise config.ConfigError(f"{key}: got {values.without_password(url)!r}; allowed: with USER:PASSWORD@")
    return urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password)


def _client(name: str, password: str, role: str) -> dict[str, Any]:
    salt = secrets.token_bytes(_SALT_BYTES)
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return {
        "username": name,
        "password": base64.b64encode(hashed).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
        "roles": [{"rolename": role}],
    }


def _role(name: str, topic: str) -> dict[str, Any]:
    subscribes = ("subscribePattern", "unsubscribePattern")
    acls = [(kind, topic) for kind in ("publishClientSend", "publishClientReceive", *subscribes)]
    acls += [(kind, f"$share/+/{topic}") for kind in subscribes]  # several workers share what they hear
    return {"rolename": name, "acls": [{"acltype": kind, "topic": each, "allow": True} for kind, each in acls]}
