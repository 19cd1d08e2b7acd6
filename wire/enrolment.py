"""How a device gets its identity over HTTPS: what it sends with its code, what it gets back, what is signed."""

from __future__ import annotations

import json
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from wire.identifiers import Identifier
from wire.message import UtcTime

CLOCKS_APART = timedelta(minutes=5)
"""A device whose clock is farther from the room's is not enrolled: nothing signed would be valid to it."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Request(_Document):
    """`POST /api/v1/enrolments`."""

    code: str = Field(min_length=1, max_length=64)
    device_id: Identifier | None = None
    """As whom it works already, if it does: the code of another device is not used up by mistake."""
    device_key: str = Field(max_length=64)
    """Ed25519 public key in base64; its private half never leaves the device."""
    csr: str = Field(max_length=8192)
    """PEM, of another key: that of TLS."""
    proof: str = Field(max_length=128)
    """Signature of `proof_bytes` by `device_key`, in base64."""
    clock: UtcTime
    """The device's."""


class Renewal(_Document):
    """`POST /api/v1/enrolments/renewal`, with the device's token."""

    csr: str = Field(max_length=8192)
    proof: str = Field(max_length=128)
    clock: UtcTime


class Certificate(_Document):
    """What a renewal brings."""

    certificate: str
    """PEM; below it those that sign it, without the root."""
    authority: str
    """PEM: whom the device believes when the broker shows its certificate."""
    expires_at: UtcTime


class Identity(Certificate):
    """What an enrolment brings."""

    device_id: Identifier
    name: str
    device_key: str
    town_key: str
    """The town's Ed25519 public key in base64."""
    town_signature: str
    """Of `statement_bytes`, in base64."""
    command_key: str | None
    """By which the device knows the room's commands."""
    token: str
    """For HTTP; the one before stops working."""
    mqtt_url: str
    """Without a password."""
    mqtt_password: str


def proof_bytes(csr: str, clock: UtcTime, code: str = "") -> bytes:
    """What a device signs to show that the key is its own, and that this request is of now."""
    content = {"purpose": "talaia.enrolment/1", "csr": csr, "clock": clock.isoformat(), "code": code}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def statement_bytes(device_id: str, device_key: str) -> bytes:
    """What the town signs: that this key is that device's."""
    content = {"purpose": "talaia.device/1", "device_id": device_id, "device_key": device_key}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
