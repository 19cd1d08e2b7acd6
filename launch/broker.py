"""The MQTT 5 broker of `make run`: Mosquitto where it is installed, else one that installs as a Python package.

Both listen on loopback and know two users, the room and the device. Mosquitto also keeps each device to its
own topics and sessions across a restart; the packaged broker does neither (docs/design/launch.md).
"""

import os
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launch import commands, places
from launch.unprivileged import Account, own_directory
from wire import topics

ROOM_USER = "room"

SYSTEM_PROGRAMS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
START_S = 20.0
MAX_PACKET_BYTES = 8 * places.MEBIBYTE


@dataclass(frozen=True)
class Broker:
    name: str
    argv: list[str]
    as_service_account: bool  # the packaged one runs in this project's environment, which that user may not reach


def prepare(directory: Path, port: int, passwords: Mapping[str, str], account: Account | None, log: Path) -> Broker:
    """Write the broker's configuration into `directory`; `passwords` maps each user's name to the password."""
    mosquitto = _find("mosquitto")
    password_tool = _find("mosquitto_passwd")
    if mosquitto is None or password_tool is None:
        return _packaged(places.make_directory(directory), port, passwords)
    home = own_directory(directory, account)
    password_file, acl_file, configuration = (home / name for name in ("passwords", "acl", "mosquitto.conf"))
    places.write_private(password_file, "".join(f"{user}:{word}\n" for user, word in passwords.items()))
    commands.run([password_tool, "-U", password_file], purpose="hashing the broker's passwords", log=log)
    places.write_private(acl_file, _access_rules())
    run_as = account.name if account else ""
    replaced = {
        "listener": f"{port} 127.0.0.1",
        "user": run_as or None,
        "password_file": str(password_file),
        "acl_file": str(acl_file),
        "persistence_location": f"{home}/",
    }
    template = (places.PROJECT / "config" / "mosquitto.conf").read_text(encoding="utf-8")
    places.write_private(configuration, replace_settings(template, replaced))
    if account is not None:
        for path in (password_file, acl_file, configuration):
            os.chown(path, account.uid, account.gid)
    return Broker("Mosquitto", [str(mosquitto), "-c", str(configuration)], as_service_account=True)


def _find(program: str) -> Path | None:
    found = shutil.which(program) or shutil.which(program, path=SYSTEM_PROGRAMS)
    return Path(found) if found else None


def _access_rules() -> str:
    return f"user {ROOM_USER}\ntopic readwrite {topics.ROOT}/#\n\npattern readwrite {topics.ROOT}/%u/#\n"


def replace_settings(template: str, replaced: Mapping[str, str | None]) -> str:
    """The settings of `template` with the values of `replaced`; None leaves a setting out. Comments are dropped."""
    lines: list[str] = []
    for line in template.splitlines():
        key, _, value = line.strip().partition(" ")
        if not key or key.startswith("#"):
            continue
        chosen = replaced.get(key, value)
        if chosen is not None:
            lines.append(f"{key} {chosen}")
    return "\n".join(lines) + "\n"


def _packaged(directory: Path, port: int, passwords: Mapping[str, str]) -> Broker:
    """The broker of the package iotcore (rumqttd). MQTT 5 needs a file; its own default listens everywhere."""
    users = ", ".join(f'"{user}" = "{word}"' for user, word in passwords.items())
    text = f"""\
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = {16 * places.MEBIBYTE}
max_segment_count = 10

[v5.1]
name = "talaia"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 10000
max_payload_size = {MAX_PACKET_BYTES}
max_inflight_count = 100
auth = {{ {users} }}
"""
    configuration = directory / "iotcore.toml"
    places.write_private(configuration, text)
    # Below CRITICAL it writes several lines for every packet.
    argv = [sys.executable, "-P", "-m", "iotcore", "--config", str(configuration), "--log-level", "CRITICAL"]
    return Broker("iotcore", argv, as_service_account=False)


def url(user: str, password: str, port: int) -> str:
    return f"mqtt://{user}:{password}@127.0.0.1:{port}"


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True
