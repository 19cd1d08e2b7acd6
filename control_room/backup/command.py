"""The two commands."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from control_room import config
from control_room.backup import keys, making, restoring
from control_room.backup.asked import BackupError
from control_room.backup.progress import Progress
from control_room.store import opening

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime


def backup(settings: config.Settings, options: argparse.Namespace, clock: Callable[[], datetime]) -> dict[str, Any]:
    """Make one; what came of it.

    Raises:
        config.ConfigError, BackupError: one line.
    """
    has_keys = any(path.exists() for path in keys.places(settings).values())
    wanted = making.Wanted(
        _folder(settings, options),
        _passphrase(settings, options) if has_keys else None,
        settings.backup.keep_days,
    )
    _end_as_by_ctrl_c()
    try:
        made = making.make(settings, opening.open_store(settings.store), wanted, clock, Progress(sys.stderr))
    except OSError as error:
        raise BackupError(f"{wanted.folder}: {error.strerror or error}") from None
    manifest = made.backup.manifest
    said = {
        "backup": made.backup.path.name,
        "rows": sum(table.rows for table in manifest.tables),
        "files": manifest.files,
        "added_bytes": made.added_bytes,
        "forgotten": made.forgotten,
        "missing": manifest.missing,
    }
    if manifest.missing:
        raise BackupError(
            f"{said['backup']} is made, but {len(manifest.missing)} files that rows name are not in the store;"
            " see talaia-room fsck"
        )
    return said


def restore(settings: config.Settings, options: argparse.Namespace, now: datetime) -> dict[str, Any]:
    """Restore one; what came of it.

    Raises:
        config.ConfigError, BackupError: one line.
    """
    wanted = restoring.Wanted(_folder(settings, options), options.name, _passphrase(settings, options))
    _end_as_by_ctrl_c()
    try:
        restored = restoring.restore(settings, opening.open_store(settings.store), wanted, now, Progress(sys.stderr))
    except OSError as error:
        raise BackupError(f"{wanted.folder}: {error.strerror or error}") from None
    return {
        "backup": restored.backup.path.name,
        "rows": restored.rows,
        "files": restored.backup.manifest.files,
        "devices_to_ask": restored.devices_to_ask,
    }


def _folder(settings: config.Settings, options: argparse.Namespace) -> Path:
    if options.folder is not None:
        return Path(options.folder)
    if settings.backup.directory:
        return Path(settings.backup.directory)
    raise config.ConfigError("backup.directory: got ''; allowed: a folder, here or as the command's FOLDER")


def _passphrase(settings: config.Settings, options: argparse.Namespace) -> bytes | None:
    """None where the keys are to be left out."""
    if options.without_keys:
        return None
    named = options.passphrase_file or settings.backup.passphrase_file
    if not named:
        raise config.ConfigError(
            "backup.passphrase_file: got ''; allowed: a file with the passphrase that seals the room's keys,"
            " or --without-keys"
        )
    return keys.read_passphrase(Path(named))


def _end_as_by_ctrl_c() -> None:
    """Told to stop by a service manager too, it takes away what is half made."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
