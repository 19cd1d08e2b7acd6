"""The MQTT 5 broker of `make run`: Mosquitto where it is installed, else one that installs as a Python package.

Both listen on loopback. Mosquitto also speaks TLS with devices, whose accounts the room makes as they are enrolled, and
keeps sessions across a restart; the packaged broker does neither: it knows two users from its start, the room and the
device (docs/design/launch.md).
"""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launch import places
from launch.unprivileged import Account, own_directory

ROOM_USER = "room"
KEEPER_USER = "keeper-of-accounts"

SYSTEM_PROGRAMS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
START_S = 60.0  # on a busy machine; the packaged one begins with Python
MAX_PACKET_BYTES = 16 * places.MEBIBYTE
PLUGIN = "**/mosquitto_dynamic_security.so"
ACCOUNTS = "accounts.json"
CERTIFICATES = ("ca.pem", "broker.crt", "broker.key")


@dataclass(frozen=True)
class Broker:
    name: str
    argv: list[str]
    as_service_account: bool  # the packaged one runs in this project's environment, which that user may not reach
    enrols: bool  # it takes devices by TLS, with accounts that the room makes


@dataclass(frozen=True)
class Ports:
    room: int
    devices: int  # with TLS


def enrols() -> bool:
    """Whether Mosquitto is here, with its plug-in for accounts."""
    return _find("mosquitto") is not None and _plugin() is not None


def prepare(
    directory: Path,
    ports: Ports,
    passwords: Mapping[str, str],
    account: Account | None,
    make_files: Callable[[Path], None],
) -> Broker:
    """Write the broker's configuration into `directory`.

    `passwords` maps each user's name to the password; `make_files` lets the room write `accounts.json`, once, and
    `ca.pem`, `broker.crt` and `broker.key` into a folder.
    """
    mosquitto, plugin = _find("mosquitto"), _plugin()
    if mosquitto is None or plugin is None:
        return _packaged(places.make_directory(directory), ports.room, passwords)
    home = own_directory(directory, account)
    make_files(home)
    configuration = home / "mosquitto.conf"
    replaced = {
        "listener": f"{ports.room} 127.0.0.1",
        "user": (account.name if account else None) or None,
        "plugin": str(plugin),
        "plugin_opt_config_file": str(home / ACCOUNTS),
        "persistence_location": f"{home}/",
    }
    template = (places.PROJECT / "config" / "mosquitto.conf").read_text(encoding="utf-8")
    places.write_private(configuration, replace_settings(template, replaced) + _for_devices(ports.devices, home))
    for name in (configuration.name, ACCOUNTS, *CERTIFICATES):
        (home / name).chmod(0o600)
        if account is not None:
            os.chown(home / name, account.uid, account.gid)
    return Broker("Mosquitto", [str(mosquitto), "-c", str(configuration)], as_service_account=True, enrols=True)


def _for_devices(port: int, home: Path) -> str:
    return f"""\
listener {port} 127.0.0.1
cafile {home / "ca.pem"}
certfile {home / "broker.crt"}
keyfile {home / "broker.key"}
require_certificate true
use_username_as_clientid true
tls_version tlsv1.2
"""


def _plugin() -> Path | None:
    """Of Debian's package; elsewhere it lies beside the other libraries."""
    found = [path for place in ("/usr/lib", "/usr/local/lib") for path in sorted(Path(place).glob(PLUGIN))]
    return found[0] if found else None


def _find(program: str) -> Path | None:
    found = shutil.which(program) or shutil.which(program, path=SYSTEM_PROGRAMS)
    return Path(found) if found else None


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
    return Broker("iotcore", argv, as_service_account=False, enrols=False)


def url(user: str, password: str, port: int) -> str:
    return f"mqtt://{user}:{password}@127.0.0.1:{port}"


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True
