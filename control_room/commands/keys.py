"""The room's private key, with which it signs commands."""

from __future__ import annotations

import base64
import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_room import config
from wire.commands import signed_bytes

if TYPE_CHECKING:
    from wire.control import CommandMessage

_ALLOWED = "a file that `talaia-room command-key` made"


class Signer:
    """An Ed25519 private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> str:
        """For `[room] command_key` of an agent: 32 bytes in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, command: CommandMessage) -> CommandMessage:
        signature = base64.b64encode(self._key.sign(signed_bytes(command))).decode()
        return command.model_copy(update={"signature": signature})


def load(settings: config.Commands) -> Signer | None:
    """The key of the settings; None where they name none.

    Raises:
        config.ConfigError: one line.
    """
    if not settings.key_file:
        return None
    path = Path(settings.key_file)
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise config.ConfigError(f"commands.key_file: got {str(path)!r} that others may read; allowed: mode 0600")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise config.ConfigError(f"commands.key_file: got {str(path)!r}; allowed: {_ALLOWED} ({error})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise config.ConfigError(f"commands.key_file: got a key of another kind; allowed: {_ALLOWED}")
    return Signer(key)


def make(settings: config.Commands) -> Signer:
    """The key of the settings; made where its file is missing.

    Raises:
        config.ConfigError: no file is named, or it cannot be made or read.
    """
    if not settings.key_file:
        raise config.ConfigError('commands.key_file: got ""; allowed: the file in which the key is to lie')
    path = Path(settings.key_file)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        _write_once(path, pem)
    except OSError as error:
        raise config.ConfigError(
            f"commands.key_file: got {str(path)!r}; allowed: a place to write ({error.strerror})"
        ) from None
    signer = load(settings)
    assert signer is not None  # noqa: S101 - a file is named
    return signer


def _write_once(path: Path, pem: bytes) -> None:
    """Where no key lies yet; the one that does is the room's, whoever made it a moment before."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
