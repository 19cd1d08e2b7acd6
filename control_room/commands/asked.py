"""The command `command-key`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from control_room import command_line as line

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    text = "Make the key that signs commands where it is missing, and print its public half."
    room.add("command-key", text, _command_key)


def _command_key(options: argparse.Namespace) -> int:
    from control_room.commands import keys  # noqa: PLC0415 - only here

    sys.stdout.write(f"{keys.make(line.settings(options).commands).public}\n")
    return line.OK
