"""What the commands of `talaia-room` have in common: `-c FILE`, one transaction, JSON or lines, one line for a failure.

Each feature's `asked.py` adds its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic_core

from control_room import config
from control_room.database import pool

if TYPE_CHECKING:
    from collections.abc import Callable

OK, FAILED, WRONG = 0, 1, 2
CONFIG_VARIABLE = "TALAIA_ROOM_CONFIG"


class CommandError(Exception):
    """The command cannot do it; one line for whoever runs it."""


class Commands:
    """Adds subcommands that all take `-c FILE`."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        _add_config(parser)
        self._group = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(self, name: str, text: str, command: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        one = self._group.add_parser(name, help=text, description=text)
        _add_config(one)
        one.set_defaults(command=command)
        return one

    def group(self, name: str, text: str) -> Commands:
        """Commands of the second word."""
        return Commands(self._group.add_parser(name, help=text, description=text))


def _add_config(parser: argparse.ArgumentParser) -> None:
    text = f"the room's TOML; without it the file that {CONFIG_VARIABLE} names, else the defaults"
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=text)


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def settings(options: argparse.Namespace) -> config.Settings:
    named = getattr(options, "config", None) or os.environ.get(CONFIG_VARIABLE) or None
    return config.load(None if named is None else Path(named), os.environ)


def connected(options: argparse.Namespace) -> pool.Connection:
    """One transaction for the command, committed at the end of its `with` block."""
    return pool.connect(settings(options).database.url)


def now() -> datetime:
    return datetime.now(UTC)


def print_json(content: Any) -> None:
    sys.stdout.write(pydantic_core.to_json(content, indent=1).decode() + "\n")


def print_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    for row in rows:
        shown = json.loads(pydantic_core.to_json(row))
        sys.stdout.write("  ".join(f"{key}={value}" for key, value in shown.items() if value is not None) + "\n")


def log_to_stderr(settings: config.Settings) -> None:
    from control_room.health import logs  # noqa: PLC0415 - only what goes on for long logs

    logs.start(settings.logs.format)
