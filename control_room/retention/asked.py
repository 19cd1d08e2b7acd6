"""The commands `retention`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from control_room import arguments as kinds
from control_room import callers, config
from control_room import command_line as line
from control_room.database import pool

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    commands = room.group("retention", "What is kept, and for how long.")
    run = commands.add("run", "Remove what is due, as the worker does by the hour.", _retention_run)
    run.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    run.add_argument("--now", type=kinds.moment, metavar="TIME", help="with --dry-run: what would be removed then")
    line.add_json(run)


def _retention_run(options: argparse.Namespace) -> int:
    from control_room.retention import limits, service  # noqa: PLC0415 - only here
    from control_room.store import opening  # noqa: PLC0415 - only here

    if options.now is not None and not options.dry_run:
        raise config.ConfigError("--now: got a time without --dry-run; allowed: together, else the present is meant")
    settings, now = line.settings(options), options.now or line.now()
    until = limits.at(now, settings.retention)
    with pool.connect(settings.database.url, autocommit=True) as connection:
        if options.dry_run:
            steps = service.plan(connection, until, now)
        else:
            run = service.Run(connection, opening.open_store(settings.store), until, now, callers.command())
            try:
                steps = list(run.steps())
            except service.BusyError:
                raise line.CommandError("another process removes what is due just now") from None
    if options.json:
        line.print_json([step.as_json() for step in steps])
    else:
        sys.stdout.writelines(f"{step.line()}\n" for step in steps)
    return line.OK
