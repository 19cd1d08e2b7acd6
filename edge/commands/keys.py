"""The room's public key, by which a device knows its commands."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from wire.commands import signed_bytes

if TYPE_CHECKING:
    from wire.control import CommandMessage

_BYTES = 32


class RoomKey:
    """An Ed25519 public key."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def read(cls, text: str) -> Self:
        """The key as `talaia-room command-key` prints it: 32 bytes in base64.

        Raises:
            ValueError: it is no such key.
        """
        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("no base64") from None
        if len(raw) != _BYTES:
            raise ValueError(f"{len(raw)} bytes, not {_BYTES}")
        return cls(Ed25519PublicKey.from_public_bytes(raw))

    def has_signed(self, command: CommandMessage) -> bool:
        try:
            self._key.verify(base64.b64decode(command.signature, validate=True), signed_bytes(command))
        except (InvalidSignature, ValueError):  # binascii.Error is one
            return False
        return True
