"""The room's keys in a backup: sealed with a passphrase (scrypt, AES-256-GCM), never in the clear."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from control_room.backup.asked import BackupError
from control_room.enrolment import authority

if TYPE_CHECKING:
    from control_room import config

_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_COST, _BLOCK, _PARALLEL = 2**16, 8, 1  # 64 MiB and a tenth of a second a guess
PASSPHRASE_MIN = 12


def places(settings: config.Settings) -> dict[str, Path]:
    """Where the keys of this room lie or are to lie, by their names in a backup."""
    found: dict[str, Path] = {}
    if settings.commands.key_file:
        found["commands.key_file"] = Path(settings.commands.key_file)
    enrolment = settings.enrolment
    if enrolment.directory:
        folder = Path(enrolment.directory)
        found["enrolment.town_key"] = folder / authority.TOWN_KEY
        found["enrolment.ca_key"] = Path(enrolment.ca_key) if enrolment.ca_key else folder / authority.CA_KEY
        found["enrolment.ca_certificate"] = (
            Path(enrolment.ca_certificate) if enrolment.ca_certificate else folder / authority.CA_CERTIFICATE
        )
    return found


def present(settings: config.Settings) -> dict[str, bytes]:
    """The keys that there are.

    Raises:
        BackupError: one cannot be read.
    """
    try:
        return {name: path.read_bytes() for name, path in places(settings).items() if path.exists()}
    except OSError as error:
        raise BackupError(f"a key cannot be read: {error}") from None


def read_passphrase(file: Path) -> bytes:
    """The first line of the file.

    Raises:
        BackupError: it cannot be read or is too short.
    """
    try:
        passphrase = file.read_bytes().split(b"\n", 1)[0].strip()
    except OSError as error:
        raise BackupError(f"the passphrase cannot be read: {error}") from None
    if len(passphrase) < PASSPHRASE_MIN:
        raise BackupError(f"{file}: a passphrase has {PASSPHRASE_MIN} characters or more")
    return passphrase


def seal(keys: dict[str, bytes], passphrase: bytes) -> bytes:
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    content = json.dumps({name: base64.b64encode(key).decode() for name, key in keys.items()}).encode()
    return salt + nonce + AESGCM(_derive(passphrase, salt)).encrypt(nonce, content, None)


def unseal(sealed: bytes, passphrase: bytes) -> dict[str, bytes]:
    """The keys by name.

    Raises:
        BackupError: another passphrase, or the file was changed.
    """
    salt, nonce = sealed[:_SALT_BYTES], sealed[_SALT_BYTES : _SALT_BYTES + _NONCE_BYTES]
    try:
        content = AESGCM(_derive(passphrase, salt)).decrypt(nonce, sealed[_SALT_BYTES + _NONCE_BYTES :], None)
    except (InvalidTag, ValueError):
        raise BackupError("the keys of the backup do not open: another passphrase, or they were changed") from None
    return {name: base64.b64decode(key) for name, key in json.loads(content).items()}


def check_free(keys: dict[str, bytes], settings: config.Settings) -> dict[Path, bytes]:
    """Where each is to be written.

    Raises:
        BackupError: another key lies there, or the settings name no place for it.
    """
    targets = places(settings)
    for name, key in keys.items():
        if name not in targets:
            raise BackupError(f"the backup has {name}, the settings name no place for it")
        if targets[name].exists() and targets[name].read_bytes() != key:
            raise BackupError(f"{targets[name]}: another key lies there; a backup goes into an empty machine")
    return {targets[name]: key for name, key in keys.items()}


def write(keys: dict[Path, bytes]) -> None:
    """Mode 0600; what is there already is the same.

    Raises:
        OSError: it cannot be written.
    """
    for path, key in keys.items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(descriptor)


def _derive(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt, _KEY_BYTES, _COST, _BLOCK, _PARALLEL).derive(passphrase)
