"""What the files of passwords, tokens and keys held when the settings were read: another content is another setting."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge.config import Settings

Digests = dict[str, bytes | None]
_CAMERA = "camera "


def of(settings: Settings) -> dict[str, Path]:
    """The files by the setting that names them."""
    named = {
        "room.token_file": settings.room.token_file,
        "room.command_key_file": settings.room.command_key_file,
        "mqtt.password_file": settings.mqtt.password_file,
        **{f"{_CAMERA}{camera.id}": camera.password_file for camera in settings.camera},
    }
    return {key: settings.path(name) for key, name in named.items() if name is not None}


def digests(files: Mapping[str, Path]) -> Digests:
    return {key: digest(path) for key, path in files.items()}


def of_senders(old: Digests, new: Digests) -> bool:
    """Whether one of the room or the broker holds something else."""
    was, now = ({key: one for key, one in each.items() if not key.startswith(_CAMERA)} for each in (old, new))
    return was != now


def of_cameras(old: Digests, new: Digests) -> set[str]:
    """Cameras whose password is another one."""
    changed = {key for key in old.keys() & new.keys() if old[key] != new[key]}
    return {key.removeprefix(_CAMERA) for key in changed if key.startswith(_CAMERA)}


def digest(path: Path) -> bytes | None:
    """SHA-256 of the content; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return None
