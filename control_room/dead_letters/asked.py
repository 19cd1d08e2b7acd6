"""The commands `dead-letters`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from control_room import command_line as line
from control_room import config
from control_room.database import pool

if TYPE_CHECKING:
    import argparse

_ROWS_MAX = 100_000


def add_to(room: line.Commands) -> None:
    commands = room.group("dead-letters", "Messages that could not be taken in.")
    show = commands.add("list", "List them, the newest first.", _dead_letters_list)
    show.add_argument("--limit", type=int, default=100, metavar="N")
    line.add_json(show)
    replay = commands.add("replay", "Take in again those that can be by now.", _dead_letters_replay)
    replay.add_argument("--id", type=UUID, dest="only", metavar="ID", help="only this one")
    line.add_json(replay)


def _dead_letters_list(options: argparse.Namespace) -> int:
    from control_room.dead_letters import service as dead_letters  # noqa: PLC0415 - only here

    if not 1 <= options.limit <= _ROWS_MAX:
        raise config.ConfigError(f"--limit: got {options.limit}; allowed: 1 to {_ROWS_MAX}")
    with line.connected(options) as connection:
        rows = dead_letters.page(connection, limit=options.limit)
    line.print_rows(rows, as_json=options.json)
    return line.OK


def _dead_letters_replay(options: argparse.Namespace) -> int:
    from control_room.dead_letters import service as dead_letters  # noqa: PLC0415 - only here

    with pool.connect(line.settings(options).database.url, autocommit=True) as connection:
        replayed = dead_letters.replay(connection, line.now(), options.only)
    if options.only is not None and not replayed:
        raise line.CommandError(f"{options.only}: no dead letter that waits for a replay")
    rows = [{"dead_letter_id": each.dead_letter_id, "result": each.result} for each in replayed]
    line.print_rows(rows, as_json=options.json)
    return line.OK
