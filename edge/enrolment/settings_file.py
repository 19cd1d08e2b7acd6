"""Writes what an enrolment gave into the agent's file: `[device]`, `[room]` and `[mqtt]`, in their places.

The rest of the file, and every comment, stays as it is.
"""

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
_PAIR = re.compile(
    r"""^\s*(?P<key>[A-Za-z0-9_-]+)\s*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^#"'\[{]+?)\s*(?P<comment>\#.*)?$""", re.VERBOSE
)
_TABLES = ("device", "room", "mqtt")
_CAMERA = """
# Add the cameras, as `talaia-edge config --example` shows them, and try them with `talaia-edge check -c`:
# [[camera]]
# id = "plaza"
# name = "Plaça Major"
# source = "rtsp://192.0.2.10/stream1"
"""


def device_id(path: Path) -> str | None:
    """Of a file that is there, which must be one that `write` can change: asked before the code is used up.

    Raises:
        ConfigurationError: it is no TOML, or its tables are written as no enrolment can change them.
    """
    found = _read(path)
    if found is None:
        return None
    content = tomllib.loads(found)
    _merged(path, found, {name: _dictionary(content.get(name)) for name in _TABLES})
    name = _dictionary(content.get("device")).get("id")
    return name if isinstance(name, str) else None


def write(path: Path, folder: Path, given: Identity, room_url: str, room_ca: Path | None) -> None:
    """A new file, or the three tables of one that is there; its old content stays beside it as `....before`.

    Raises:
        ConfigurationError: it cannot be read or written.
    """
    had = _read(path)
    content = {} if had is None else tomllib.loads(had)
    tables = _tables(content, folder.name, given, room_url, room_ca)
    text = _tables_of(tables) + _CAMERA if had is None else _merged(path, had, tables)
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


def _merged(path: Path, had: str, tables: dict[str, dict[str, Any]]) -> str:
    """In the places of the old values where they are written line by line, else above what is left of the file."""
    wanted = {**tomllib.loads(had), **tables}
    for text in (_rewritten(had, tables), _tables_of(tables) + _without(had, set(tables))):
        try:
            if tomllib.loads(text) == wanted:
                return text
        except tomllib.TOMLDecodeError:
            continue
    allowed = "tables that begin with a line [device], [room] and [mqtt], one value a line"
    raise ConfigurationError(f"{path}: got device, room or mqtt written otherwise; allowed: {allowed}")


def _tables_of(tables: dict[str, dict[str, Any]]) -> str:
    return "".join(_table(name, values) for name, values in tables.items())


def _dictionary(found: Any) -> dict[str, Any]:
    return dict(found) if isinstance(found, dict) else {}


def _table(name: str, values: dict[str, Any]) -> str:
    """Strings, numbers and booleans, whose JSON form is their TOML form too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines]) + "\n\n"


def _rewritten(text: str, tables: dict[str, dict[str, Any]]) -> str:
    """With the values of `tables` in the places of the old ones, and what is missing at the end of its table."""
    missing = {name: dict(values) for name, values in tables.items()}
    written: list[str] = []
    name: str | None = None
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is not None:
            _end(written, missing.pop(name, {}) if name else {})
            name = header[1].strip("\"'")
        pair = _PAIR.match(line)
        if header is not None or pair is None or name not in tables:
            written.append(line)
        elif pair["key"] in missing.get(name, {}):
            value = json.dumps(missing[name].pop(pair["key"]), ensure_ascii=False)
            written.append(f"{pair['key']} = {value}" + (f"  {pair['comment']}" if pair["comment"] else ""))
        elif pair["comment"]:
            written.append(pair["comment"])
    _end(written, missing.pop(name, {}) if name else {})
    return "\n".join(written) + "\n" + "".join("\n" + _table(name, values) for name, values in missing.items())


def _end(written: list[str], values: dict[str, Any]) -> None:
    """Put the rest of a table above the empty lines and comments that lead to the next one."""
    place = len(written)
    while place and (not written[place - 1].strip() or written[place - 1].lstrip().startswith("#")):
        place -= 1
    written[place:place] = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


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
