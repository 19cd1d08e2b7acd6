"""The commands `device`. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from control_room import callers, config
from control_room import command_line as line

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    commands = room.group("device", "Devices that may speak to this room.")
    add = commands.add("add", "Add a device and print its token, which nobody can read again.", _device_add)
    add.add_argument("device_id", metavar="ID")
    _add_device_details(add, name_needed=True)
    line.add_json(add)
    line.add_json(commands.add("list", "List the devices.", _device_list))
    enrol = commands.add("enrol", "Print a one-time code, good for an hour, that lets a device in.", _device_enrol)
    enrol.add_argument("device_id", metavar="ID")
    _add_device_details(enrol, name_needed=False)
    line.add_json(enrol)
    revoke = commands.add("revoke", "Accept nothing of a device any more and cut its connection.", _device_revoke)
    revoke.add_argument("device_id", metavar="ID")
    revoke.add_argument("--reason", required=True)


def _add_device_details(parser: argparse.ArgumentParser, *, name_needed: bool) -> None:
    text = "what people call it" if name_needed else "what people call it: adds the device where it is not there"
    parser.add_argument("--name", required=name_needed, help=text)
    parser.add_argument("--place", help="where the box is")
    parser.add_argument("--owner", help="who answers for it")
    parser.add_argument("--purpose", help="what it is there for")


def _device_add(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here

    with line.connected(options) as connection:
        try:
            token = devices.add(
                connection, options.device_id, options.name, by=callers.command(), now=line.now(), **_details(options)
            )
        except devices.DeviceError as error:
            raise line.CommandError(str(error)) from None
    if options.json:
        line.print_json({"device_id": options.device_id, "name": options.name, "token": token})
    else:
        sys.stdout.write(f"{token}\n")
    return line.OK


def _device_list(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here

    with line.connected(options) as connection:
        rows = devices.items(connection)
    line.print_rows(rows, as_json=options.json)
    return line.OK


def _device_enrol(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here
    from control_room.enrolment import authority, service  # noqa: PLC0415 - only here

    settings = line.settings(options)
    if authority.load(settings.enrolment) is None:
        raise config.ConfigError("enrolment.directory: got no keys; allowed: a folder, and then talaia-room town-keys")
    with line.connected(options) as connection:
        try:
            if options.name is not None:
                given = _details(options)
                devices.add(connection, options.device_id, options.name, by=callers.command(), now=line.now(), **given)
            code, expires_at = service.make_code(connection, options.device_id, by=callers.command(), now=line.now())
        except devices.DeviceError as error:
            raise line.CommandError(str(error)) from None
        except devices.NoSuchDeviceError:
            raise line.CommandError(f"{options.device_id}: no such device; --name NAME adds it") from None
    if options.json:
        line.print_json({"device_id": options.device_id, "code": code, "expires_at": expires_at})
    else:
        sys.stdout.write(f"talaia-edge enrol --room {settings.http.url} --code {code} -c edge.toml\n")
    return line.OK


def _device_revoke(options: argparse.Namespace) -> int:
    from control_room.devices import service as devices  # noqa: PLC0415 - only here

    with line.connected(options) as connection:
        try:
            devices.revoke(connection, options.device_id, options.reason, by=callers.command(), now=line.now())
        except devices.NoSuchDeviceError:
            raise line.CommandError(f"{options.device_id}: no such device") from None
    return line.OK


def _details(options: argparse.Namespace) -> dict[str, Any]:
    """What is written of a device, and as what none may be added."""
    details = {"place": options.place, "owner": options.owner, "purpose": options.purpose}
    return {**details, "not_as": line.settings(options).broker_accounts}
