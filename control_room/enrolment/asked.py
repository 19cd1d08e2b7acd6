"""The commands about the keys that devices are enrolled with. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from control_room import arguments as kinds
from control_room import command_line as line
from control_room import config

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    room.add("town-keys", "Make the keys that devices are enrolled with where they are missing.", _town_keys)
    certify = room.add("broker-certificate", "Write a certificate and key for the broker.", _broker_certificate)
    certify.add_argument("host", nargs="+", metavar="HOST", help="a name or address by which devices reach it")
    certify.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="ca.pem, broker.crt, broker.key")
    certify.add_argument("--days", type=kinds.at_least_one, default=397, metavar="N")


def _town_keys(options: argparse.Namespace) -> int:
    from control_room.enrolment import authority  # noqa: PLC0415 - only here

    settings = line.settings(options)
    town = authority.make(settings.enrolment, settings.town.name, line.now())
    sys.stdout.write(f"town key {town.town_key}\nauthority SHA-256 {town.sha256}\n")
    return line.OK


def _broker_certificate(options: argparse.Namespace) -> int:
    from control_room.enrolment import authority, broker_certificate  # noqa: PLC0415 - only here

    settings = line.settings(options)
    town = authority.make(settings.enrolment, settings.town.name, line.now())
    try:
        expires_at = broker_certificate.write(town, options.out, options.host, options.days, line.now())
    except OSError as error:
        raise config.ConfigError(f"--out: got {str(options.out)!r}; allowed: a folder to write ({error})") from None
    sys.stdout.write(f"valid until {expires_at:%Y-%m-%d}\n")
    return line.OK
