"""`talaia-room`: the service, its worker, the database, accounts and devices.

Exit status: 0 success, 1 a failure, 2 a wrong usage or configuration (one line on stderr).
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

import psycopg
import pydantic_core

from control_room import arguments as kinds
from control_room import command_line as line
from control_room import config
from control_room.backup import asked as backup
from control_room.broker_access import asked as broker_access
from control_room.commands import asked as commands
from control_room.database import migrate, pool
from control_room.dead_letters import asked as dead_letters
from control_room.devices import asked as devices
from control_room.enrolment import asked as enrolment
from control_room.flights import asked as flights
from control_room.fsck import asked as fsck
from control_room.media import asked as media
from control_room.retention import asked as retention
from control_room.simulate import asked as simulate
from control_room.users import asked as users

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_INTERRUPTED = 130
_FEATURES = (
    users,
    devices,
    commands,
    enrolment,
    broker_access,
    backup,
    fsck,
    dead_letters,
    retention,
    simulate,
    media,
)


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
        return _say(error, line.WRONG)
    except (line.CommandError, migrate.MigrationError, pool.UnreachableError, psycopg.Error) as error:
        return _say(_in_words(error), line.FAILED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has gone; Python must not complain when it closes it
        return line.FAILED
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


def _parser() -> _Parser:
    parser = _Parser(prog="talaia-room", description="The control room.")
    room = line.Commands(parser)
    room.add("serve", "Serve the web interface until told to stop.", _serve)
    worker = room.add("worker", "Take in what devices send until told to stop.", _worker)
    worker.add_argument("--number", type=kinds.at_least_one, metavar="N", help="which of several workers this one is")
    analyst = room.add("analyst", "Read telemetry and look through footage until told to stop.", _analyst)
    analyst.add_argument("--once", action="store_true", help="only what waits now")
    migrating = room.add("migrate", "Bring the database to the present schema.", _migrate)
    migrating.add_argument(
        "--only", choices=["pre", "post"], help="pre: while the old version runs; post: once it runs no more"
    )
    for feature in _FEATURES:
        feature.add_to(room)
    flights.add_arguments(
        room.add("telemetry", "Print any supported telemetry as CSV.", _flight),
        room.add("georeference", "Put pixels of footage or stills on the ground.", _flight),
        room.add("analyse-footage", "Find places in footage that a person should look at.", _flight),
    )
    show = room.add("config", "Print every setting with its default.", _config)
    show.add_argument("--example", action="store_true", required=True, help="the commented file")
    return parser


def _serve(options: argparse.Namespace) -> int:
    from control_room.health import shared  # noqa: PLC0415 - only what serves counts

    settings = line.settings(options)
    line.log_to_stderr(settings)
    with shared.sharing(wanted=settings.http.processes > 1):
        from control_room import processes, serving  # noqa: PLC0415 - FastAPI only where it is served

        try:
            serving.serve(settings)
        except (serving.ListenError, processes.NeverCameUpError) as error:
            raise line.CommandError(str(error)) from None
        except OSError as error:
            raise line.CommandError(f"store.directory: {error}") from None
    return line.OK


def _worker(options: argparse.Namespace) -> int:
    from control_room.ingest import worker  # noqa: PLC0415 - paho only where it is needed

    settings = line.settings(options)
    if options.number is not None:
        settings = settings.model_copy(update={"ingest": _numbered(settings.ingest, options.number)})
    line.log_to_stderr(settings)
    stop = threading.Event()

    def on_signal(*_: object) -> None:
        stop.set()
        worker.exit_if_stuck()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    worker.run(settings, stop)
    return line.OK


def _analyst(options: argparse.Namespace) -> int:
    from control_room.analyses import analyst  # noqa: PLC0415 - vision and models only where they are needed

    settings = line.settings(options)
    line.log_to_stderr(settings)
    stop = threading.Event()
    put_back = analyst.stop_on_signals(stop)
    try:
        analyst.run(settings, stop, once=options.once)
    except OSError as error:
        raise line.CommandError(f"store.directory: {error}") from None
    finally:
        put_back()
    return line.OK


def _numbered(ingest: config.Ingest, number: int) -> config.Ingest:
    try:
        return config.Ingest.model_validate({**ingest.model_dump(), "worker": number})
    except pydantic_core.ValidationError:
        raise config.ConfigError(f"--number: got {number}; allowed: 1 to 1000") from None


def _migrate(options: argparse.Namespace) -> int:
    url = line.settings(options).database.url
    for name in migrate.migrate(url, options.only):
        sys.stdout.write(f"{name}\n")
    with pool.connect(url) as connection:
        version = migrate.timescale_version(connection)
        missing = migrate.pending(connection)
    kind = "plain PostgreSQL" if version is None else f"TimescaleDB {version}"
    what = f"the database has yet to have {', '.join(missing)}" if missing else "the database has the present schema"
    sys.stdout.write(f"{what}, on {kind}\n")
    return line.OK


def _flight(options: argparse.Namespace) -> int:
    try:
        options.run_flight(options, line.settings(options).town)
    except flights.FlightError as error:
        raise line.CommandError(str(error)) from None
    return line.OK


def _config(_options: argparse.Namespace) -> int:
    sys.stdout.write(config.example())
    return line.OK


def _say(error: object, status: int) -> int:
    sys.stderr.write(f"talaia-room: {error}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
