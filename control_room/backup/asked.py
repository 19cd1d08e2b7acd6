"""The commands `backup` and `restore`, and how they fail. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from control_room import command_line as line

if TYPE_CHECKING:
    import argparse


class BackupError(line.CommandError):
    """It cannot be made, read or restored; one line for whoever runs the command."""


def add_to(room: line.Commands) -> None:
    backup = room.add("backup", "Copy rows, files and keys into a folder.", _backup)
    restore = room.add("restore", "Bring a backup into an empty machine.", _restore)
    for parser in (backup, restore):
        parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="instead of backup.directory")
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="instead of backup.passphrase_file")
        parser.add_argument("--without-keys", action="store_true", help="leave the room's keys out")
        line.add_json(parser)
    restore.add_argument("--name", metavar="NAME", help="not the newest but this one of FOLDER/backups")


def _backup(options: argparse.Namespace) -> int:
    from control_room.backup import command as backups  # noqa: PLC0415 - only here

    return _said(backups.backup(line.settings(options), options, line.now), as_json=options.json)


def _restore(options: argparse.Namespace) -> int:
    from control_room.backup import command as backups  # noqa: PLC0415 - only here

    return _said(backups.restore(line.settings(options), options, line.now()), as_json=options.json)


def _said(said: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        line.print_json(said)
    else:
        line.print_rows([said], as_json=False)
    return line.OK
