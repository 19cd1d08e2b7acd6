"""The command `broker-accounts`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from control_room import command_line as line
from control_room import config

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    accounts = room.add("broker-accounts", "Write the first accounts of Mosquitto's plug-in.", _broker_accounts)
    accounts.add_argument("--out", type=Path, required=True, metavar="FILE", help="its plugin_opt_config_file")


def _broker_accounts(options: argparse.Namespace) -> int:
    from control_room.broker_access import first_accounts  # noqa: PLC0415 - only here

    try:
        first_accounts.write(line.settings(options), options.out)
    except OSError as error:
        got = f"--out: got {str(options.out)!r}; allowed: a file that is not there yet"
        raise config.ConfigError(f"{got} ({error.strerror})") from None
    return line.OK
