"""The account and the device that `make run` makes in the control room once, with its own commands."""

import json
import os
import secrets
import subprocess
from pathlib import Path

from uuid_utils import compat

from launch import places
from launch.errors import LaunchError
from launch.preparation import PROGRAMS
from launch.settings import Remembered

USER = "operator"
ROLE = "administrator"  # an operator's rights and the administrator's pages
DEVICE_NAME = "Aquest ordinador"


class Room:
    """Runs `talaia-room` with the settings of this start."""

    def __init__(self, settings_file: Path) -> None:
        self._settings_file = settings_file

    def run(self, *words: str | Path) -> str:
        """Returns what it prints; raises LaunchError with its own sentence."""
        argv = [PROGRAMS / "talaia-room", words[0], "-c", self._settings_file, *words[1:]]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, env=clean_environment())
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
            raise LaunchError(f"talaia-room {words[0]} failed: {lines[-1]}")
        return done.stdout


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of Talaia: those of a start are in its own files."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TALAIA_")}
    kept["TALAIA_CACHE_DIR"] = str(places.cache_directory())
    kept["PYTHONUNBUFFERED"] = "1"
    return kept


def make_user(room: Room, remembered: Remembered, data_directory: Path) -> None:
    """Make the account once. A database that others use too may have the name: then it gets an ending of its own."""
    if remembered.user:
        return
    password_file = data_directory / "password.part"
    places.write_private(password_file, remembered.user_password)
    try:
        name = USER
        try:
            room.run("user", "add", name, "--role", ROLE, "--password-file", password_file)
        except LaunchError as error:
            if "taken" not in str(error):
                raise
            name = f"{USER}-{secrets.token_hex(2)}"
            room.run("user", "add", name, "--role", ROLE, "--password-file", password_file)
    finally:
        password_file.unlink(missing_ok=True)
    remembered.user = name
    remembered.save(data_directory)


def name_device(remembered: Remembered, data_directory: Path) -> None:
    """Choose the agent's id once; the broker knows it before the room does."""
    if not remembered.device_id:
        remembered.device_id = str(compat.uuid7())
        remembered.save(data_directory)


def make_device(room: Room, remembered: Remembered, data_directory: Path) -> None:
    """Register the agent once and keep its token."""
    if remembered.device_token:
        return
    added = json.loads(room.run("device", "add", remembered.device_id, "--name", DEVICE_NAME, "--json"))
    remembered.device_token = str(added["token"])
    remembered.save(data_directory)


def make_broker_files(room: Room, folder: Path, names: tuple[str, ...], accounts: str) -> None:
    """The broker's certificate, anew for each start, and its first accounts, once."""
    room.run("broker-certificate", *names, "--out", folder)
    if not (folder / accounts).exists():
        room.run("broker-accounts", "--out", folder / accounts)


def enrol_device(room: Room, room_url: str, remembered: Remembered, data_directory: Path) -> Path:
    """Enrol the agent once, as a person would on a device; the folder with its keys."""
    folder = data_directory / "enrolled"
    identity = folder / "identity"
    if not identity.is_dir():
        places.make_directory(folder)
        made = json.loads(room.run("device", "enrol", remembered.device_id, "--json"))
        argv = [
            PROGRAMS / "talaia-edge",
            "enrol",
            "--room",
            room_url,
            "--code",
            made["code"],
            "-c",
            folder / "edge.toml",
        ]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, env=clean_environment())
        if done.returncode != 0:
            raise LaunchError(f"enrolling this computer failed: {done.stderr.strip() or 'it said nothing'}")
    remembered.device_token = (identity / "token").read_text(encoding="utf-8").strip()
    remembered.save(data_directory)
    return identity


def make_command_key(room: Room, public_file: Path) -> None:
    """Let the room make the key that it signs commands with, once, and write its public half for the agent."""
    places.write_private(public_file, room.run("command-key"))


def login_link(room: Room, user: str) -> str:
    return room.run("user", "login-link", user).strip().splitlines()[-1]
