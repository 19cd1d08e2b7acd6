"""The command `fsck`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from control_room import command_line as line

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    line.add_json(room.add("fsck", "Check what is stored; exit 1 where something is missing or wrong.", _fsck))


def _fsck(options: argparse.Namespace) -> int:
    from control_room.fsck import report  # noqa: PLC0415 - only here
    from control_room.store import opening  # noqa: PLC0415 - only here

    with line.connected(options) as connection:
        found = report.check(connection, opening.open_store(line.settings(options).store), sys.stderr)
    if options.json:
        line.print_json(found.as_json())
    else:
        sys.stdout.writelines(f"{line}\n" for line in found.lines())
    return line.OK if found.is_sound else line.FAILED
