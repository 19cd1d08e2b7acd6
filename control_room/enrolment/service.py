"""One-time codes, what a device gets for one, and its next certificates."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from control_room import callers, problems
from control_room.attempts import service as attempts
from control_room.audit import service as audit
from control_room.database import sql
from control_room.devices import service as devices
from control_room.enrolment.authority import Authority, BadRequestError, Issued
from wire import enrolment as wire

if TYPE_CHECKING:
    from datetime import datetime

    from control_room import config
    from control_room.commands.keys import Signer
    from control_room.database import pool

LASTS = timedelta(hours=1)
"""A code."""
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs that are not taken for each other; 16 of them are 80 bits."""
_LENGTH, _GROUP = 16, 4
_GUESSES_AN_ADDRESS = 10

_QUERIES = sql.load(__file__)


class NoAuthorityError(problems.UnavailableError):
    """This room has no keys to enrol devices with; see enrolment.directory in its settings."""

    name = "no-authority"


class WrongCodeError(problems.ForbiddenError):
    """This code opens nothing: it was used, is older than an hour, another took its place, or it was mistyped."""

    name = "wrong-code"


class ClockError(problems.ConflictError):
    """The device's clock is wrong."""

    name = "clock-off"


class BadProofError(problems.UnprocessableError):
    """The device's keys do not prove what they must."""

    name = "bad-proof"


class OtherDeviceError(problems.ConflictError):
    """This code is of another device."""

    name = "other-device"


class NotEnrolledError(problems.ConflictError):
    """This device was never enrolled with a key of its own: it needs a code."""

    name = "not-enrolled"


class OtherKeysError(problems.ConflictError):
    """This room has other keys than those that the device was enrolled with: it must be enrolled anew, with a code."""

    name = "other-keys"


def take_guess(database: pool.Pool, address: str, now: datetime) -> None:
    """Count that an address tries a code.

    Raises:
        TooManyRequestsError: it did too often lately.
    """
    with database.connection() as connection:
        wait_s = attempts.take(connection, "enrolment", address, _GUESSES_AN_ADDRESS, now)
    if wait_s:
        raise problems.TooManyRequestsError("too many attempts to enrol", retry_after_s=wait_s)


def forgive_guesses(database: pool.Pool, address: str) -> None:
    with database.connection() as connection:
        attempts.forget(connection, "enrolment", address)


@dataclass(frozen=True, slots=True)
class Town:
    """With what devices are enrolled."""

    authority: Authority
    signer: Signer | None
    settings: config.Settings


def make_code(
    connection: pool.Connection, device_id: str, *, by: callers.Caller, now: datetime
) -> tuple[str, datetime]:
    """A code for a device, and until when it opens; one made before opens nothing any more.

    Raises:
        devices.NoSuchDeviceError: as it says.
    """
    if connection.execute(_QUERIES["device"], {"device_id": device_id}).fetchone() is None:
        raise devices.NoSuchDeviceError
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    code = "-".join(signs[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))
    given = {"device_id": device_id, "now": now, "made_by": by.name, "expires_at": now + LASTS}
    connection.execute(_QUERIES["close_codes"], given)
    connection.execute(_QUERIES["add_code"], {**given, "code_sha256": _digest(code)})
    audit.record(connection, by, "device.make_code", at=now, on=("device", device_id))
    return code, now + LASTS


def enrol(connection: pool.Connection, town: Town, request: wire.Request, address: str, now: datetime) -> wire.Identity:
    """Use up the code and let the device be who it says. All or nothing: what is refused uses up no code.

    Raises:
        ClockError, BadProofError, WrongCodeError, OtherDeviceError: as they say.
    """
    _check_clock(request.clock, now)
    _check_proof(request.device_key, request.proof, wire.proof_bytes(request.csr, request.clock, request.code))
    row = connection.execute(_QUERIES["use_code"], {"code_sha256": _digest(request.code), "now": now}).fetchone()
    if row is None:
        raise WrongCodeError
    device_id = str(row[0])
    if request.device_id not in {None, device_id}:
        raise OtherDeviceError(f"this code is of the device {device_id}; it is still good")
    issued = _certify(town, request.csr, device_id, now)
    token, secret_hash = devices.new_token(device_id)
    enrolled = connection.execute(
        _QUERIES["enrol"],
        {
            "device_id": device_id,
            "device_key": request.device_key,
            "town_key": town.authority.town_key,
            "authority_sha256": town.authority.sha256,
            "secret_hash": secret_hash,
            "expires_at": issued.expires_at,
            "now": now,
        },
    ).fetchone()
    if enrolled is None:
        raise WrongCodeError
    name, generation = enrolled
    caller = callers.Caller(kind="device", name=device_id, role=callers.Role.DEVICE, address=address)
    audit.record(connection, caller, "device.enrol", at=now, on=("device", device_id))
    return wire.Identity(
        certificate=issued.pem,
        authority=town.authority.certificate,
        expires_at=issued.expires_at,
        device_id=device_id,
        name=name,
        device_key=request.device_key,
        town_key=town.authority.town_key,
        town_signature=town.authority.sign(device_id, request.device_key),
        command_key=None if town.signer is None else town.signer.public,
        token=token,
        mqtt_url=_for_devices(town.settings.broker.device_url, device_id),
        mqtt_password=town.authority.password(device_id, generation),
    )


def renew(
    connection: pool.Connection, town: Town, request: wire.Renewal, caller: callers.Caller, now: datetime
) -> wire.Certificate:
    """The next certificate of a device that shows its token and signs with its key.

    Raises:
        NotEnrolledError, OtherKeysError, ClockError, BadProofError: as they say.
    """
    row = connection.execute(_QUERIES["known"], {"device_id": caller.name}).fetchone()
    if row is None:
        raise NotEnrolledError
    device_key, town_key = row
    if town_key != town.authority.town_key:
        raise OtherKeysError
    _check_clock(request.clock, now)
    _check_proof(device_key, request.proof, wire.proof_bytes(request.csr, request.clock))
    issued = _certify(town, request.csr, caller.name, now)
    given = {"device_id": caller.name, "expires_at": issued.expires_at, "authority_sha256": town.authority.sha256}
    connection.execute(_QUERIES["renew"], given)
    audit.record(connection, caller, "device.renew_certificate", at=now, on=("device", caller.name))
    return wire.Certificate(certificate=issued.pem, authority=town.authority.certificate, expires_at=issued.expires_at)


def _certify(town: Town, csr: str, device_id: str, now: datetime) -> Issued:
    try:
        return town.authority.certify(csr, device_id, town.settings.enrolment.certificate_days, now)
    except BadRequestError as error:
        raise BadProofError(str(error)) from None


def _check_clock(clock: datetime, now: datetime) -> None:
    if abs(clock - now) > wire.CLOCKS_APART:
        raise ClockError(
            f"the device's clock says {clock:%Y-%m-%d %H:%M:%S} UTC, the room's {now:%Y-%m-%d %H:%M:%S};"
            " set it (NTP) and try again, the code is still good",
            now=now.isoformat(),
        )


def _check_proof(device_key: str, proof: str, signed: bytes) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(device_key, validate=True))
        key.verify(base64.b64decode(proof, validate=True), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadProofError("proof: it is not the signature of this request by device_key") from None


def _digest(code: str) -> bytes:
    """Of the code as people type it: small letters, blanks and dashes do not matter."""
    return hashlib.sha256("".join(code.upper().replace("-", "").split()).encode()).digest()


def _for_devices(url: str, device_id: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{device_id}@{parts.netloc.rpartition('@')[2]}").geturl()
