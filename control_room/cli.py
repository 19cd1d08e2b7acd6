"""`talaia-room`: the service, its worker, the database, accounts and devices.

Exit status: 0 success, 1 a failure, 2 a wrong usage or configuration (one line on stderr).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

import psycopg
import pydantic_core

from control_room import callers, config
from control_room.database import migrate, pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OK, FAILED, WRONG = 0, 1, 2
_INTERRUPTED = 130
_ROWS_MAX = 100_000
CONFIG_VARIABLE = "TALAIA_ROOM_CONFIG"

Command = "Callable[[argparse.Namespace], int]"


class CommandError(Exception):
    """The command cannot do it; one line for whoever runs it."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line instead of argparse's page."""
        raise config.ConfigError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except config.ConfigError as error:
        return _say(error, WRONG)
    except (CommandError, migrate.MigrationError, pool.UnreachableError, psycopg.Error) as error:
        return _say(_in_words(error), FAILED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has gone; Python must not complain when it closes it
        return FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _in_words(error: Exception) -> str:
    if isinstance(error, pool.UnreachableError):
        return f"the database cannot be reached: {error}"
    if isinstance(error, psycopg.errors.UndefinedTable):
        return "the database has not the present schema; run talaia-room migrate"
    if isinstance(error, psycopg.Error):
        return f"the database refuses: {pool.one_line(error)}"
    return str(error)


class _Commands:
    """Adds subcommands that all take `-c FILE`."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        _add_config(parser)
        self._group = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        self, name: str, text: str, command: Callable[[argparse.Namespace], int] | None = None
    ) -> argparse.ArgumentParser:
        one = self._group.add_parser(name, help=text, description=text)
        if command is not None:
            _add_config(one)
            one.set_defaults(command=command)
        return one


def _add_config(parser: argparse.ArgumentParser) -> None:
    text = f"the room's TOML; without it the file that {CONFIG_VARIABLE} names, else the defaults"
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=text)


def _parser() -> _Parser:
    parser = _Parser(prog="talaia-room", description="The control room.")
    commands = _Commands(parser)
    commands.add("serve", "Serve the web interface until told to stop.", _serve)
    commands.add("worker", "Take in what devices send until told to stop.", _worker)
    commands.add("migrate", "Bring the database to the present schema.", _migrate)
    _add_users(commands.add("user", "Accounts of people."))
    _add_devices(commands.add("device", "Devices that may speak to this room."))
    commands.add(
        "command-key", "Make the key that signs commands where it is missing, and print its public half.", _command_key
    )
    fsck = commands.add("fsck", "Check what is stored; exit 1 where something is missing or wrong.", _fsck)
    _add_json(fsck)
    _add_dead_letters(commands.add("dead-letters", "Messages that could not be taken in."))
    _add_simulate(commands.add("simulate", "Send messages as a town of devices would.", _simulate))
    show = commands.add("config", "Print every setting with its default.", _config)
    show.add_argument("--example", action="store_true", required=True, help="the commented file")
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_users(parser: argparse.ArgumentParser) -> None:
    commands = _Commands(parser)
    add = commands.add("add", "Make an account; without a password only a login link opens it.", _user_add)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=sorted(str(role) for role in callers.PEOPLE))
    add.add_argument("--language", default="ca", choices=["ca", "es", "en"])
    add.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password and nothing else")
    password = commands.add("password", "Set another password; ends the account's sessions.", _user_password)
    password.add_argument("name", metavar="NAME")
    password.add_argument("--password-file", type=Path, metavar="FILE", required=True)
    link = commands.add("login-link", "Print an address that logs the account in, once, for 15 minutes.", _user_link)
    link.add_argument("name", metavar="NAME")
    _add_json(commands.add("list", "List the accounts.", _user_list))


def _add_devices(parser: argparse.ArgumentParser) -> None:
    commands = _Commands(parser)
    add = commands.add("add", "Add a device and print its token, which nobody can read again.", _device_add)
    add.add_argument("device_id", metavar="ID")
    add.add_argument("--name", required=True, help="what people call it")
    _add_json(add)
    _add_json(commands.add("list", "List the devices.", _device_list))


def _add_dead_letters(parser: argparse.ArgumentParser) -> None:
    commands = _Commands(parser)
    show = commands.add("list", "List them, the newest first.", _dead_letters_list)
    show.add_argument("--limit", type=int, default=100, metavar="N")
    _add_json(show)
    replay = commands.add("replay", "Take in again those that can be by now.", _dead_letters_replay)
    replay.add_argument("--id", type=UUID, dest="only", metavar="ID", help="only this one")
    _add_json(replay)


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--devices", type=_at_least_one, required=True, metavar="N")
    parser.add_argument("--rate", type=_positive, required=True, metavar="R", help="messages a second, of all together")
    parser.add_argument("--seconds", type=_positive, required=True, metavar="S")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="the same town again")
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="one JSON line a message")
    _add_json(parser)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text}; allowed: a whole number, 1 or more")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text}; allowed: a number above 0")
    return number


def _serve(options: argparse.Namespace) -> int:
    from control_room import serving  # noqa: PLC0415 - FastAPI only where it is served

    settings = _settings(options)
    _log_to_stderr()
    try:
        serving.serve(settings)
    except serving.ListenError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"store.directory: {error}") from None
    return OK


def _worker(options: argparse.Namespace) -> int:
    from control_room.ingest import worker  # noqa: PLC0415 - paho only where it is needed

    settings = _settings(options)
    _log_to_stderr()
    stop = threading.Event()

    def on_signal(*_: object) -> None:
        stop.set()
        worker.exit_if_stuck()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    worker.run(settings, stop)
    return OK


def _migrate(options: argparse.Namespace) -> int:
    url = _settings(options).database.url
    for name in migrate.migrate(url):
        sys.stdout.write(f"{name}\n")
    with pool.connect(url) as connection:
        version = migrate.timescale_version(connection)
    kind = "plain PostgreSQL" if version is None else f"TimescaleDB {version}"
    sys.stdout.write(f"the database has the present schema, on {kind}\n")
    return OK


def _user_add(options: argparse.Namespace) -> int:
    from control_room.users import service as users  # noqa: PLC0415 - argon2 only where it is needed

    password = None if options.password_file is None else _read_password(options.password_file)
    with _connected(options) as connection:
        try:
            users.add(
                connection,
                options.name,
                options.role,
                password=password,
                by=callers.command(),
                now=_now(),
                language=options.language,
            )
        except users.UserError as error:
            raise CommandError(str(error)) from None
    return OK


def _user_password(options: argparse.Namespace) -> int:
    from control_room.users import service as users  # noqa: PLC0415 - argon2 only where it is needed

    password = _read_password(options.password_file)
    with _connected(options) as connection:
        try:
            users.set_password(connection, options.name, password, by=callers.command(), now=_now())
        except users.UserError as error:
            raise CommandError(str(error)) from None
    return OK


def _user_link(options: argparse.Namespace) -> int:
    from control_room.sessions import service as sessions  # noqa: PLC0415 - only here
    from control_room.users.service import UserError  # noqa: PLC0415 - only here

    with _connected(options) as connection:
        try:
            token = sessions.make_link(connection, options.name, by=callers.command(), now=_now())
        except UserError as error:
            raise CommandError(str(error)) from None
    sys.stdout.write(f"{_settings(options).http.url}/login?token={token}\n")
    return OK


def _user_list(options: argparse.Namespace) -> int:
    from control_room.users import service as users  # noqa: PLC0415 - argon2 only where it is needed

    with _connected(options) as connection:
        rows = [
            {"name": user.name, "role": user.role, "language": user.language, "disabled_at": user.disabled_at}
            for user in users.listed(connection)
        ]
    _print_rows(rows, as_json=options.json)
    return OK


def _device_add(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here

    with _connected(options) as connection:
        try:
            token = devices.add(connection, options.device_id, options.name, by=callers.command(), now=_now())
        except devices.DeviceError as error:
            raise CommandError(str(error)) from None
    if options.json:
        _print_json({"device_id": options.device_id, "name": options.name, "token": token})
    else:
        sys.stdout.write(f"{token}\n")
    return OK


def _device_list(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here

    with _connected(options) as connection:
        rows = devices.items(connection)
    _print_rows(rows, as_json=options.json)
    return OK


def _command_key(options: argparse.Namespace) -> int:
    from control_room.commands import keys  # noqa: PLC0415 - only here

    sys.stdout.write(f"{keys.make(_settings(options).commands).public}\n")
    return OK


def _fsck(options: argparse.Namespace) -> int:
    from control_room.fsck import report  # noqa: PLC0415 - only here
    from control_room.store import opening  # noqa: PLC0415 - only here

    with _connected(options) as connection:
        found = report.check(connection, opening.open_store(_settings(options).store), sys.stderr)
    if options.json:
        _print_json(found.as_json())
    else:
        sys.stdout.writelines(f"{line}\n" for line in found.lines())
    return OK if found.is_sound else FAILED


def _dead_letters_list(options: argparse.Namespace) -> int:
    from control_room.dead_letters import service as dead_letters  # noqa: PLC0415 - only here

    if not 1 <= options.limit <= _ROWS_MAX:
        raise config.ConfigError(f"--limit: got {options.limit}; allowed: 1 to {_ROWS_MAX}")
    with _connected(options) as connection:
        rows = dead_letters.page(connection, limit=options.limit)
    _print_rows(rows, as_json=options.json)
    return OK


def _dead_letters_replay(options: argparse.Namespace) -> int:
    from control_room.dead_letters import service as dead_letters  # noqa: PLC0415 - only here

    with pool.connect(_settings(options).database.url, autocommit=True) as connection:
        replayed = dead_letters.replay(connection, _now(), options.only)
    if options.only is not None and not replayed:
        raise CommandError(f"{options.only}: no dead letter that waits for a replay")
    rows = [{"dead_letter_id": each.dead_letter_id, "result": each.result} for each in replayed]
    _print_rows(rows, as_json=options.json)
    return OK


def _simulate(options: argparse.Namespace) -> int:
    from control_room.simulate import town  # noqa: PLC0415 - paho only where it is needed

    plan = town.Plan(devices=options.devices, rate=options.rate, seconds=options.seconds, seed=options.seed)
    try:
        result = town.run(_settings(options), plan, options.ledger, progress=sys.stderr)
    except town.SimulationError as error:
        raise CommandError(str(error)) from None
    if options.json:
        _print_json(result)
    else:
        sys.stdout.write(" ".join(f"{key} {value}" for key, value in result.items()) + "\n")
    return OK if result["unacked"] == 0 else FAILED


def _config(_options: argparse.Namespace) -> int:
    sys.stdout.write(config.example())
    return OK


def _settings(options: argparse.Namespace) -> config.Settings:
    named = getattr(options, "config", None) or os.environ.get(CONFIG_VARIABLE) or None
    return config.load(None if named is None else Path(named), os.environ)


def _connected(options: argparse.Namespace) -> pool.Connection:
    """One transaction for the command, committed at the end of its `with` block."""
    return pool.connect(_settings(options).database.url)


def _read_password(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise config.ConfigError(f"--password-file: got {str(file)!r}; allowed: a text file ({error})") from None


def _print_json(content: Any) -> None:
    sys.stdout.write(pydantic_core.to_json(content, indent=1).decode() + "\n")


def _print_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        shown = json.loads(pydantic_core.to_json(row))
        sys.stdout.write("  ".join(f"{key}={value}" for key, value in shown.items() if value is not None) + "\n")


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)


def _now() -> datetime:
    return datetime.now(UTC)


def _say(error: object, status: int) -> int:
    sys.stderr.write(f"talaia-room: {error}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
