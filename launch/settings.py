"""What `make run` is told by its user and what a data directory remembers between two starts."""

import json
import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from launch import places, rule_cameras
from launch.errors import LaunchError

PASSWORD_BYTES = 24
HIGHEST_PORT = 65_535
PORTS = range(20_000, 26_000)  # for the system's own use; Linux gives none of these to whoever connects somewhere
_given: set[int] = set()  # by this process: chosen, and perhaps not in use yet


@dataclass(frozen=True)
class Settings:
    """The variables of `make run`."""

    port: int
    data_directory: Path
    video: Path | None
    camera_url: str | None
    database_url: str | None
    rules_demo: frozenset[str] = frozenset()  # DEMO=rules, or rules:crowd,...: a camera for each, instead of the two

    @classmethod
    def of_environment(cls) -> "Settings":
        environment = {key: value.strip() for key, value in os.environ.items() if value.strip()}
        video, camera_url = environment.get("VIDEO"), environment.get("CAMERA")
        if video and camera_url:
            raise LaunchError("VIDEO and CAMERA are both set: name one of them.")
        return cls(
            port=_port(environment.get("PORT", "8080")),
            data_directory=Path(environment.get("DATA_DIR", places.PROJECT / "data")).expanduser().resolve(),
            video=_video(video) if video else None,
            camera_url=_camera_url(camera_url) if camera_url else None,
            database_url=_database_url(environment.get("TALAIA_DATABASE_URL")),
            rules_demo=_demo(environment.get("DEMO", "")),
        )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= HIGHEST_PORT:
        raise LaunchError(f"PORT is {text!r}: give a number from 1 to {HIGHEST_PORT}.")
    return int(text)


def _demo(text: str) -> frozenset[str]:
    """The rules that are to be shown."""
    name, _, chosen = text.partition(":")
    if not text:
        return frozenset()
    if name != "rules":
        raise LaunchError(f"DEMO is {text!r}: the only one is rules.")
    rules = frozenset(rule.strip() for rule in chosen.split(",") if rule.strip())
    unknown = sorted(rules - rule_cameras.RULES)
    if unknown:
        known = ", ".join(sorted(rule_cameras.RULES))
        raise LaunchError(f"DEMO is {text!r}: no clip shows {unknown[0]}; after rules: may come {known}.")
    return rules or rule_cameras.RULES


def _video(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if not path.is_file():
        raise LaunchError(f"VIDEO is {text!r}: there is no such file.")
    return path


def _camera_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"rtsp", "rtsps"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise LaunchError(f"CAMERA is {text!r}: give an address that begins with rtsp:// or rtsps://.")
    return text


def _database_url(text: str | None) -> str | None:
    if text and urlsplit(text).scheme not in {"postgresql", "postgres"}:
        raise LaunchError("TALAIA_DATABASE_URL does not begin with postgresql://.")
    return text


@dataclass
class Remembered:
    """`DATA_DIR/secrets.json` (0600): what must be the same at the next start of the same data directory."""

    user_password: str = field(default_factory=lambda: secrets.token_urlsafe(PASSWORD_BYTES))
    database_superuser_password: str = field(default_factory=lambda: secrets.token_urlsafe(PASSWORD_BYTES))
    database_password: str = field(default_factory=lambda: secrets.token_urlsafe(PASSWORD_BYTES))
    mqtt_room_password: str = field(default_factory=lambda: secrets.token_urlsafe(PASSWORD_BYTES))
    mqtt_device_password: str = field(default_factory=lambda: secrets.token_urlsafe(PASSWORD_BYTES))
    mqtt_keeper_password: str = field(default_factory=lambda: secrets.token_urlsafe(PASSWORD_BYTES))
    user: str = ""
    device_id: str = ""
    device_token: str = ""
    database_port: int = 0
    mqtt_port: int = 0
    mqtt_tls_port: int = 0
    rtsp_port: int = 0
    media_secret: str = field(default_factory=lambda: secrets.token_urlsafe(PASSWORD_BYTES))
    media_port: int = 0
    rtmp_port: int = 0
    timescaledb: str = ""  # the version the database was made with, empty for plain tables

    @classmethod
    def load(cls, data_directory: Path) -> "Remembered":
        path = data_directory / "secrets.json"
        try:
            stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return cls(**stored)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise LaunchError(f"{path} cannot be used: {error}.") from error

    def save(self, data_directory: Path) -> None:
        places.write_private(data_directory / "secrets.json", json.dumps(vars(self), indent=2) + "\n")


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def own_port(remembered: int) -> int:
    """The port of the last start where it is still free, else one that the system gives to no connection meanwhile."""
    if remembered and port_is_free(remembered):
        return remembered
    for port in secrets.SystemRandom().sample(PORTS, len(PORTS)):
        if port not in _given and port_is_free(port):
            _given.add(port)
            return port
    raise LaunchError(f"Every port from {PORTS.start} to {PORTS.stop - 1} is taken by another program.")
