"""The folder with the device's keys and what the room gave it. The private keys are made here and never leave it."""

from __future__ import annotations

import base64
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from edge.errors import ConfigurationError, EdgeError
from wire import enrolment as wire

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

DEVICE_KEY, TLS_KEY, TLS_CERTIFICATE, AUTHORITY = "device.key", "tls.key", "tls.crt", "ca.pem"
COMMAND_KEY, TOKEN, PASSWORD, STATEMENT = "command.pub", "token", "mqtt-password", "identity.json"
_FOLDER_KEY = "device.identity"


class IdentityError(EdgeError):
    """What the room gave is not this device's, or not that town's; one line."""


@dataclass(frozen=True, slots=True)
class Keys:
    """A device's own."""

    device: Ed25519PrivateKey
    tls: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls) -> Self:
        return cls(Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> str:
        return base64.b64encode(self.device.public_key().public_bytes_raw()).decode()

    def csr(self) -> str:
        """The room writes into the certificate who this is; the request only brings the key."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a device")])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.tls, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode()

    def prove(self, signed: bytes) -> str:
        return base64.b64encode(self.device.sign(signed)).decode()


def check(keys: Keys, given: wire.Identity) -> None:
    """Raises `IdentityError` unless the town signed this device's key and the certificate is for its TLS key."""
    if given.device_key != keys.public:
        raise IdentityError("the room answered with another device's key")
    try:
        town = Ed25519PublicKey.from_public_bytes(base64.b64decode(given.town_key, validate=True))
        signature = base64.b64decode(given.town_signature, validate=True)
        town.verify(signature, wire.statement_bytes(given.device_id, given.device_key))
    except (InvalidSignature, ValueError):
        raise IdentityError("the town's signature over this device's key is not sound") from None
    check_certificate(keys, given)


def check_certificate(keys: Keys, given: wire.Certificate) -> None:
    """Raises `IdentityError` unless it is for this device's TLS key."""
    try:
        certificate = x509.load_pem_x509_certificates(given.certificate.encode())[0]
        x509.load_pem_x509_certificates(given.authority.encode())
    except ValueError:
        raise IdentityError("the room's certificates cannot be read") from None
    if certificate.public_key() != keys.tls.public_key():
        raise IdentityError("the certificate is for another key")


def save(folder: Path, keys: Keys, given: wire.Identity) -> None:
    """Put everything into `folder`; what was there before stays beside it, under the name `....before`.

    Raises:
        ConfigurationError: it cannot be written.
    """
    part, before = folder.with_name(f"{folder.name}.part"), folder.with_name(f"{folder.name}.before")
    statement = given.model_dump_json(include={"device_id", "device_key", "town_key", "town_signature"})
    files = {
        DEVICE_KEY: _private_pem(keys.device),
        TLS_KEY: _private_pem(keys.tls),
        TLS_CERTIFICATE: given.certificate,
        AUTHORITY: given.authority,
        TOKEN: f"{given.token}\n",
        PASSWORD: f"{given.mqtt_password}\n",
        STATEMENT: f"{statement}\n",
    }
    if given.command_key is not None:
        files[COMMAND_KEY] = f"{given.command_key}\n"
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
        for name, content in files.items():
            _write(part / name, content)
        if folder.exists():
            shutil.rmtree(before, ignore_errors=True)
            folder.rename(before)
        part.rename(folder)
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be written: {error.strerror}") from None


def load_keys(folder: Path) -> Keys:
    """Raises `ConfigurationError`."""
    device, tls = (_read_key(folder / name) for name in (DEVICE_KEY, TLS_KEY))
    if not isinstance(device, Ed25519PrivateKey) or not isinstance(tls, ec.EllipticCurvePrivateKey):
        raise ConfigurationError(f"{_FOLDER_KEY}: got {str(folder)!r}; allowed: a folder that `talaia-edge enrol` made")
    return Keys(device, tls)


def renew(folder: Path, given: wire.Certificate) -> None:
    """Put the next certificate in place of the present one; the key stays, so either file of the two fits.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        _replace(folder / AUTHORITY, given.authority)
        _replace(folder / TLS_CERTIFICATE, given.certificate)
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be written: {error.strerror}") from None


def validity(folder: Path) -> tuple[datetime, datetime]:
    """From when until when the device's certificate is valid.

    Raises:
        ConfigurationError: it cannot be read.
    """
    path = folder / TLS_CERTIFICATE
    try:
        certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{_FOLDER_KEY}: got {str(path)!r}; allowed: a certificate ({error})") from None
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _read_key(path: Path) -> object:
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{_FOLDER_KEY}: got {str(path)!r}; allowed: a private key ({error})") from None


def _private_pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _replace(path: Path, content: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    _write(part, content)
    part.replace(path)


def _write(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
