"""The command `simulate`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from control_room import arguments as kinds
from control_room import command_line as line

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    parser = room.add("simulate", "Send messages as a town of devices would.", _simulate)
    parser.add_argument("--devices", type=kinds.at_least_one, required=True, metavar="N")
    parser.add_argument(
        "--rate", type=kinds.positive, required=True, metavar="R", help="messages a second, of all together"
    )
    parser.add_argument("--seconds", type=kinds.positive, required=True, metavar="S")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="the same town again")
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="one JSON line a message")
    line.add_json(parser)


def _simulate(options: argparse.Namespace) -> int:
    from control_room.simulate import town  # noqa: PLC0415 - paho only where it is needed

    plan = town.Plan(devices=options.devices, rate=options.rate, seconds=options.seconds, seed=options.seed)
    try:
        result = town.run(line.settings(options), plan, options.ledger, progress=sys.stderr)
    except town.SimulationError as error:
        raise line.CommandError(str(error)) from None
    if options.json:
        line.print_json(result)
    else:
        sys.stdout.write(" ".join(f"{key} {value}" for key, value in result.items()) + "\n")
    return line.OK if result["unacked"] == 0 else line.FAILED
