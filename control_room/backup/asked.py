"""What both commands take, and how they fail. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


class BackupError(Exception):
    """It cannot be made, read or restored; one line for whoever runs the command."""


def add_arguments(backup: argparse.ArgumentParser, restore: argparse.ArgumentParser) -> None:
    for parser in (backup, restore):
        parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="instead of backup.directory")
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="instead of backup.passphrase_file")
        parser.add_argument("--without-keys", action="store_true", help="leave the room's keys out")
        parser.add_argument("--json", action="store_true", help="print JSON")
    restore.add_argument("--name", metavar="NAME", help="not the newest but this one of FOLDER/backups")
