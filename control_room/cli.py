"""`talaia-room`: the service, its worker, the database, accounts and devices.

Exit status: 0 success, 1 a failure, 2 a wrong usage or configuration (one line on stderr).
"""

from __future__ import annotations

import argparse
import json
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

from control_room import arguments as kinds
from control_room import callers, config
from control_room.backup import asked
from control_room.database import migrate, pool
from control_room.flights import asked as flights

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
    except (asked.BackupError, CommandError, migrate.MigrationError, pool.UnreachableError, psycopg.Error) as error:
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
    worker = commands.add("worker", "Take in what devices send until told to stop.", _worker)
    worker.add_argument("--number", type=kinds.at_least_one, metavar="N", help="which of several workers this one is")
    migrating = commands.add("migrate", "Bring the database to the present schema.", _migrate)
    migrating.add_argument(
        "--only", choices=["pre", "post"], help="pre: while the old version runs; post: once it runs no more"
    )
    _add_users(commands.add("user", "Accounts of people."))
    _add_devices(commands.add("device", "Devices that may speak to this room."))
    commands.add(
        "command-key", "Make the key that signs commands where it is missing, and print its public half.", _command_key
    )
    commands.add("town-keys", "Make the keys that devices are enrolled with where they are missing.", _town_keys)
    certify = commands.add("broker-certificate", "Write a certificate and key for the broker.", _broker_certificate)
    certify.add_argument("host", nargs="+", metavar="HOST", help="a name or address by which devices reach it")
    certify.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="ca.pem, broker.crt, broker.key")
    certify.add_argument("--days", type=kinds.at_least_one, default=397, metavar="N")
    accounts = commands.add("broker-accounts", "Write the first accounts of Mosquitto's plug-in.", _broker_accounts)
    accounts.add_argument("--out", type=Path, required=True, metavar="FILE", help="its plugin_opt_config_file")
    copying = commands.add("backup", "Copy rows, files and keys into a folder.", _backup)
    bringing = commands.add("restore", "Bring a backup into an empty machine.", _restore)
    asked.add_arguments(copying, bringing)
    flights.add_arguments(
        commands.add("telemetry", "Print any supported telemetry as CSV.", _flight),
        commands.add("georeference", "Put pixels of footage or stills on the ground.", _flight),
    )
    fsck = commands.add("fsck", "Check what is stored; exit 1 where something is missing or wrong.", _fsck)
    _add_json(fsck)
    _add_dead_letters(commands.add("dead-letters", "Messages that could not be taken in."))
    _add_retention(commands.add("retention", "What is kept, and for how long."))
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
    _add_device_details(add, name_needed=True)
    _add_json(add)
    _add_json(commands.add("list", "List the devices.", _device_list))
    enrol = commands.add("enrol", "Print a one-time code, good for an hour, that lets a device in.", _device_enrol)
    enrol.add_argument("device_id", metavar="ID")
    _add_device_details(enrol, name_needed=False)
    _add_json(enrol)
    revoke = commands.add("revoke", "Accept nothing of a device any more and cut its connection.", _device_revoke)
    revoke.add_argument("device_id", metavar="ID")
    revoke.add_argument("--reason", required=True)


def _add_device_details(parser: argparse.ArgumentParser, *, name_needed: bool) -> None:
    text = "what people call it" if name_needed else "what people call it: adds the device where it is not there"
    parser.add_argument("--name", required=name_needed, help=text)
    parser.add_argument("--place", help="where the box is")
    parser.add_argument("--owner", help="who answers for it")
    parser.add_argument("--purpose", help="what it is there for")


def _add_dead_letters(parser: argparse.ArgumentParser) -> None:
    commands = _Commands(parser)
    show = commands.add("list", "List them, the newest first.", _dead_letters_list)
    show.add_argument("--limit", type=int, default=100, metavar="N")
    _add_json(show)
    replay = commands.add("replay", "Take in again those that can be by now.", _dead_letters_replay)
    replay.add_argument("--id", type=UUID, dest="only", metavar="ID", help="only this one")
    _add_json(replay)


def _add_retention(parser: argparse.ArgumentParser) -> None:
    commands = _Commands(parser)
    run = commands.add("run", "Remove what is due, as the worker does by the hour.", _retention_run)
    run.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    run.add_argument("--now", type=kinds.moment, metavar="TIME", help="with --dry-run: what would be removed then")
    _add_json(run)


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--devices", type=kinds.at_least_one, required=True, metavar="N")
    parser.add_argument(
        "--rate", type=kinds.positive, required=True, metavar="R", help="messages a second, of all together"
    )
    parser.add_argument("--seconds", type=kinds.positive, required=True, metavar="S")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="the same town again")
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="one JSON line a message")
    _add_json(parser)


def _serve(options: argparse.Namespace) -> int:
    from control_room.health import shared  # noqa: PLC0415 - only what serves counts

    settings = _settings(options)
    _log_to_stderr(settings)
    with shared.sharing(wanted=settings.http.processes > 1):
        from control_room import processes, serving  # noqa: PLC0415 - FastAPI only where it is served

        try:
            serving.serve(settings)
        except (serving.ListenError, processes.NeverCameUpError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"store.directory: {error}") from None
    return OK


def _worker(options: argparse.Namespace) -> int:
    from control_room.ingest import worker  # noqa: PLC0415 - paho only where it is needed

    settings = _settings(options)
    if options.number is not None:
        settings = settings.model_copy(update={"ingest": _numbered(settings.ingest, options.number)})
    _log_to_stderr(settings)
    stop = threading.Event()

    def on_signal(*_: object) -> None:
        stop.set()
        worker.exit_if_stuck()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    worker.run(settings, stop)
    return OK


def _numbered(ingest: config.Ingest, number: int) -> config.Ingest:
    try:
        return config.Ingest.model_validate({**ingest.model_dump(), "worker": number})
    except pydantic_core.ValidationError:
        raise config.ConfigError(f"--number: got {number}; allowed: 1 to 1000") from None


def _migrate(options: argparse.Namespace) -> int:
    url = _settings(options).database.url
    for name in migrate.migrate(url, options.only):
        sys.stdout.write(f"{name}\n")
    with pool.connect(url) as connection:
        version = migrate.timescale_version(connection)
        missing = migrate.pending(connection)
    kind = "plain PostgreSQL" if version is None else f"TimescaleDB {version}"
    what = f"the database has yet to have {', '.join(missing)}" if missing else "the database has the present schema"
    sys.stdout.write(f"{what}, on {kind}\n")
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
            token = devices.add(
                connection, options.device_id, options.name, by=callers.command(), now=_now(), **_details(options)
            )
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


def _device_enrol(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here
    from control_room.enrolment import authority, service  # noqa: PLC0415 - only here

    settings = _settings(options)
    if authority.load(settings.enrolment) is None:
        raise config.ConfigError("enrolment.directory: got no keys; allowed: a folder, and then talaia-room town-keys")
    with _connected(options) as connection:
        try:
            if options.name is not None:
                given = _details(options)
                devices.add(connection, options.device_id, options.name, by=callers.command(), now=_now(), **given)
            code, expires_at = service.make_code(connection, options.device_id, by=callers.command(), now=_now())
        except devices.DeviceError as error:
            raise CommandError(str(error)) from None
        except devices.NoSuchDeviceError:
            raise CommandError(f"{options.device_id}: no such device; --name NAME adds it") from None
    if options.json:
        _print_json({"device_id": options.device_id, "code": code, "expires_at": expires_at})
    else:
        sys.stdout.write(f"talaia-edge enrol --room {settings.http.url} --code {code} -c edge.toml\n")
    return OK


def _device_revoke(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here

    with _connected(options) as connection:
        try:
            devices.revoke(connection, options.device_id, options.reason, by=callers.command(), now=_now())
        except devices.NoSuchDeviceError:
            raise CommandError(f"{options.device_id}: no such device") from None
    return OK


def _town_keys(options: argparse.Namespace) -> int:
    from control_room.enrolment import authority  # noqa: PLC0415 - only here

    settings = _settings(options)
    town = authority.make(settings.enrolment, settings.town.name, _now())
    sys.stdout.write(f"town key {town.town_key}\nauthority SHA-256 {town.sha256}\n")
    return OK


def _broker_certificate(options: argparse.Namespace) -> int:
    from control_room.enrolment import authority, broker_certificate  # noqa: PLC0415 - only here

    settings = _settings(options)
    town = authority.make(settings.enrolment, settings.town.name, _now())
    try:
        expires_at = broker_certificate.write(town, options.out, options.host, options.days, _now())
    except OSError as error:
        raise config.ConfigError(f"--out: got {str(options.out)!r}; allowed: a folder to write ({error})") from None
    sys.stdout.write(f"valid until {expires_at:%Y-%m-%d}\n")
    return OK


def _broker_accounts(options: argparse.Namespace) -> int:
    from control_room.broker_access import first_accounts  # noqa: PLC0415 - only here

    try:
        first_accounts.write(_settings(options), options.out)
    except OSError as error:
        got = f"--out: got {str(options.out)!r}; allowed: a file that is not there yet"
        raise config.ConfigError(f"{got} ({error.strerror})") from None
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


def _backup(options: argparse.Namespace) -> int:
    from control_room.backup import command as backups  # noqa: PLC0415 - only here

    return _print_said(backups.backup(_settings(options), options, _now), as_json=options.json)


def _restore(options: argparse.Namespace) -> int:
    from control_room.backup import command as backups  # noqa: PLC0415 - only here

    return _print_said(backups.restore(_settings(options), options, _now()), as_json=options.json)


def _flight(options: argparse.Namespace) -> int:
    try:
        options.run_flight(options, _settings(options).town)
    except flights.FlightError as error:
        raise CommandError(str(error)) from None
    return OK


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


def _retention_run(options: argparse.Namespace) -> int:
    from control_room.retention import limits, service  # noqa: PLC0415 - only here
    from control_room.store import opening  # noqa: PLC0415 - only here

    if options.now is not None and not options.dry_run:
        raise config.ConfigError("--now: got a time without --dry-run; allowed: together, else the present is meant")
    settings, now = _settings(options), options.now or _now()
    until = limits.at(now, settings.retention)
    with pool.connect(settings.database.url, autocommit=True) as connection:
        if options.dry_run:
            steps = service.plan(connection, until, now)
        else:
            run = service.Run(connection, opening.open_store(settings.store), until, now, callers.command())
            try:
                steps = list(run.steps())
            except service.BusyError:
                raise CommandError("another process removes what is due just now") from None
    if options.json:
        _print_json([step.as_json() for step in steps])
    else:
        sys.stdout.writelines(f"{step.line()}\n" for step in steps)
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


def _details(options: argparse.Namespace) -> dict[str, Any]:
    """What is written of a device, and as what none may be added."""
    details = {"place": options.place, "owner": options.owner, "purpose": options.purpose}
    return {**details, "not_as": _settings(options).broker_accounts}


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


def _print_said(said: dict[str, Any], *, as_json: bool) -> int:
    _print_json(said) if as_json else _print_rows([said], as_json=False)
    return OK


def _print_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        shown = json.loads(pydantic_core.to_json(row))
        sys.stdout.write("  ".join(f"{key}={value}" for key, value in shown.items() if value is not None) + "\n")


def _log_to_stderr(settings: config.Settings) -> None:
    from control_room.health import logs  # noqa: PLC0415 - only what goes on for long logs

    logs.start(settings.logs.format)


def _now() -> datetime:
    return datetime.now(UTC)


def _say(error: object, status: int) -> int:
    sys.stderr.write(f"talaia-room: {error}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
