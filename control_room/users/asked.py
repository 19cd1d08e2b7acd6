"""The commands `user`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from control_room import callers, config
from control_room import command_line as line

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    commands = room.group("user", "Accounts of people.")
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
    line.add_json(commands.add("list", "List the accounts.", _user_list))


def _user_add(options: argparse.Namespace) -> int:
    from control_room.users import service as users  # noqa: PLC0415 - argon2 only where it is needed

    password = None if options.password_file is None else _read_password(options.password_file)
    with line.connected(options) as connection:
        try:
            users.add(
                connection,
                options.name,
                options.role,
                password=password,
                by=callers.command(),
                now=line.now(),
                language=options.language,
            )
        except users.UserError as error:
            raise line.CommandError(str(error)) from None
    return line.OK


def _user_password(options: argparse.Namespace) -> int:
    from control_room.users import service as users  # noqa: PLC0415 - argon2 only where it is needed

    password = _read_password(options.password_file)
    with line.connected(options) as connection:
        try:
            users.set_password(connection, options.name, password, by=callers.command(), now=line.now())
        except users.UserError as error:
            raise line.CommandError(str(error)) from None
    return line.OK


def _user_link(options: argparse.Namespace) -> int:
    from control_room.sessions import service as sessions  # noqa: PLC0415 - only here
    from control_room.users.service import UserError  # noqa: PLC0415 - only here

    with line.connected(options) as connection:
        try:
            token = sessions.make_link(connection, options.name, by=callers.command(), now=line.now())
        except UserError as error:
            raise line.CommandError(str(error)) from None
    sys.stdout.write(f"{line.settings(options).http.url}/login?token={token}\n")
    return line.OK


def _user_list(options: argparse.Namespace) -> int:
    from control_room.users import service as users  # noqa: PLC0415 - argon2 only where it is needed

    with line.connected(options) as connection:
        rows = [
            {"name": user.name, "role": user.role, "language": user.language, "disabled_at": user.disabled_at}
            for user in users.listed(connection)
        ]
    line.print_rows(rows, as_json=options.json)
    return line.OK


def _read_password(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise config.ConfigError(f"--password-file: got {str(file)!r}; allowed: a text file ({error})") from None
