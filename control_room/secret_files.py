"""Secrets that lie in files of their own, put into the settings that name the files."""

from __future__ import annotations

import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from control_room.config import Live, Settings


class SecretFileError(ValueError):
    """A file cannot be read, or its secret has no place; one line: the key, what it got, what it allows."""


def put_in(settings: Settings) -> Settings:
    """The settings with what lies in those files.

    Raises:
        SecretFileError: as it says.
        ValidationError: what a file holds is not what the setting allows.
    """
    database, mqtt, broker = settings.database, settings.mqtt, settings.broker
    if database.url_file:
        url = _secret("database.url_file", database.url_file)
        database = type(database).model_validate({"url": url, "url_file": database.url_file})
    if mqtt.password_file:
        url = _with_password("mqtt.password_file", mqtt.url, mqtt.password_file)
        mqtt = mqtt.model_copy(update={"url": url})
    if broker.admin_password_file:
        url = _with_password("broker.admin_password_file", broker.admin_url, broker.admin_password_file)
        broker = broker.model_copy(update={"admin_url": url})
    store = settings.store
    if store.s3_secret_access_key_file:
        secret = SecretStr(_secret("store.s3_secret_access_key_file", store.s3_secret_access_key_file))
        store = store.model_copy(update={"s3_secret_access_key": secret})
    changed = {"database": database, "mqtt": mqtt, "store": store, "broker": broker}
    return settings.model_copy(update={**changed, "live": _live_with_secrets(settings.live)})


def _live_with_secrets(live: Live) -> Live:
    secrets = {
        name: SecretStr(_secret(f"live.{name}_file", file))
        for name, file in (("secret", live.secret_file), ("turn_secret", live.turn_secret_file))
        if file
    }
    return live.model_copy(update=secrets)


def _with_password(key: str, url: str, file: str) -> str:
    password = urllib.parse.quote(_secret(key, file), safe="")
    parts = urllib.parse.urlsplit(url)
    if not parts.username:
        raise SecretFileError(f"{key}: got a password for no user; allowed: with mqtt://USER@HOST:PORT")
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username}:{password}@{place}").geturl()


def _secret(key: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretFileError(f"{key}: got {path!r}; allowed: a readable text file ({error})") from None
