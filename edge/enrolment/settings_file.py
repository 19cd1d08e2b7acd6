"""Writes what an enrolment gave into the agent's file: `[device]`, `[room]` and `[mqtt]`; the rest stays as it is."""

from __future__ import annotations

import json
import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from edge.enrolment import identity
from edge.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from wire.enrolment import Identity

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\"'-]+)\s*\]\]?\s*(#.*)?$")
_CAMERA = """
# Add the cameras, as `talaia-edge config --example` shows them, and try them with `talaia-edge check -c`:
# [[camera]]
# id = "plaza"
# name = "Plaça Major"
# source = "rtsp://192.0.2.10/stream1"
"""


def device_id(path: Path) -> str | None:
    """Of a file that is there.

    Raises:
        ConfigurationError: it is no TOML.
    """
    found = _read(path)
    table = None if found is None else tomllib.loads(found).get("device")
    name = table.get("id") if isinstance(table, dict) else None
    return name if isinstance(name, str) else None


def write(path: Path, folder: Path, given: Identity, room_url: str, room_ca: Path | None) -> None:
    """A new file, or the three tables of one that is there; its old content stays beside it as `....before`.

    Raises:
        ConfigurationError: it cannot be read or written.
    """
    had = _read(path)
    content = {} if had is None else tomllib.loads(had)
    tables = _tables(content, folder.name, given, room_url, room_ca)
    if had is None:
        text = "".join(_table(name, values) for name, values in tables.items()) + _CAMERA
    else:
        text = _without(had, set(tables))
        text = "".join(_table(name, values) for name, values in tables.items()) + text
    tomllib.loads(text)
    try:
        if had is not None:
            _put(path.with_name(f"{path.name}.before"), had)
        _put(path, text)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None


def _tables(
    content: dict[str, Any], folder: str, given: Identity, room_url: str, room_ca: Path | None
) -> dict[str, dict[str, Any]]:
    device = {"data_dir": "data", **_dictionary(content.get("device"))}
    room: dict[str, Any] = {"url": room_url, "token_file": f"{folder}/{identity.TOKEN}"}
    if room_ca is not None:
        room["ca_file"] = str(room_ca)
    if given.command_key is not None:
        room["command_key_file"] = f"{folder}/{identity.COMMAND_KEY}"
    broker: dict[str, Any] = {"url": given.mqtt_url, "password_file": f"{folder}/{identity.PASSWORD}"}
    if given.mqtt_url.startswith("mqtts:"):
        broker |= {
            "ca_file": f"{folder}/{identity.AUTHORITY}",
            "certificate_file": f"{folder}/{identity.TLS_CERTIFICATE}",
            "key_file": f"{folder}/{identity.TLS_KEY}",
        }
    return {"device": {**device, "id": given.device_id, "identity": folder}, "room": room, "mqtt": broker}


def _dictionary(found: Any) -> dict[str, Any]:
    return dict(found) if isinstance(found, dict) else {}


def _table(name: str, values: dict[str, Any]) -> str:
    """Strings, numbers and booleans, whose JSON form is their TOML form too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines]) + "\n\n"


def _without(text: str, names: set[str]) -> str:
    """The lines that belong to no table of these names."""
    kept: list[str] = []
    keep = True
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is not None:
            keep = header[1].strip("\"'") not in names
        if keep:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _read(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="utf-8")
        tomllib.loads(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: is no TOML: {error}") from None
    return text


def _put(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
