"""The town's keys: one signs what device a key is, one the TLS certificates of devices and the broker."""

from __future__ import annotations

import base64
import ipaddress
import os
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from control_room import config
from wire.enrolment import statement_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

TOWN_KEY, CA_KEY, CA_CERTIFICATE = "town.key", "ca.key", "ca.pem"
_CA_YEARS = 20
_BACKDATED = timedelta(days=1)
"""So that a certificate is valid at once to those whose clock is a little behind."""
_SignerKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_RSA_BITS_MIN = 2048
_PASSWORD_BYTES = 32


class BadRequestError(ValueError):
    """The device's request for a certificate is no such thing; one line."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and until when it is valid."""

    pem: str
    expires_at: datetime


class Authority:
    """Both keys of a town."""

    def __init__(
        self,
        town: ed25519.Ed25519PrivateKey,
        ca: x509.Certificate,
        ca_key: _SignerKey,
        above: Sequence[x509.Certificate],
    ) -> None:
        """`above`: what signed `ca`, up to the root, where the town's own authority is used."""
        self._town = town
        self._ca = ca
        self._ca_key = ca_key
        self._above = above

    @property
    def town_key(self) -> str:
        return base64.b64encode(self._town.public_key().public_bytes_raw()).decode()

    @property
    def certificate(self) -> str:
        """What devices and the broker believe, as PEM."""
        return "".join(_pem(one) for one in (self._ca, *self._above))

    @property
    def sha256(self) -> str:
        return self._ca.fingerprint(hashes.SHA256()).hex()

    def sign(self, device_id: str, device_key: str) -> str:
        return base64.b64encode(self._town.sign(statement_bytes(device_id, device_key))).decode()

    def password(self, device_id: str, generation: int) -> str:
        """Of a device at the broker: the same each time, so that a broker that lost its accounts gets them again."""
        derived = HKDF(hashes.SHA256(), _PASSWORD_BYTES, None, f"talaia broker {generation} {device_id}".encode())
        return base64.urlsafe_b64encode(derived.derive(self._town.private_bytes_raw())).decode().rstrip("=")

    def certify(self, csr_pem: str, device_id: str, days: int, now: datetime) -> Issued:
        """A client's certificate for the key of the request; nothing else of the request counts.

        Raises:
            BadRequestError: it is none, or of a weak key, or not signed by its own.
        """
        try:
            csr = x509.load_pem_x509_csr(csr_pem.encode())
            sound = csr.is_signature_valid
            key = csr.public_key()
        except (ValueError, TypeError, InvalidSignature) as error:
            raise BadRequestError(f"csr: no request for a certificate ({error})") from None
        strong = isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) or (
            isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS_MIN
        )
        if not (sound and strong):
            raise BadRequestError("csr: it must be signed by its own key, an elliptic one or RSA of 2048 bits or more")
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        return self._issue(csr.public_key(), device_id, [x509.DNSName(_dns(device_id))], usage, days, now)

    def certify_server(self, hosts: Sequence[str], days: int, now: datetime) -> tuple[Issued, str]:
        """A certificate for the broker by these names and addresses, and its key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [_host(host) for host in hosts]
        issued = self._issue(key.public_key(), hosts[0], names, ExtendedKeyUsageOID.SERVER_AUTH, days, now)
        return issued, _private_pem(key).decode()

    def _issue(  # noqa: PLR0917 - what a certificate says
        self,
        key: object,
        name: str,
        alternative: Sequence[x509.GeneralName],
        usage: x509.ObjectIdentifier,
        days: int,
        now: datetime,
    ) -> Issued:
        expires_at = min(now + timedelta(days=days), self._ca.not_valid_after_utc).replace(microsecond=0)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._ca.subject)
            .public_key(key)  # type: ignore[arg-type]  # each key of a request that was read is one
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - _BACKDATED, self._ca.not_valid_before_utc))
            .not_valid_after(expires_at)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
            .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
            .add_extension(_issuer_key(self._ca), critical=False)
            .sign(self._ca_key, _hash_for(self._ca_key))
        )
        return Issued(_pem(certificate) + "".join(_pem(one) for one in self._below_root()), expires_at)

    def _below_root(self) -> list[x509.Certificate]:
        return [one for one in (self._ca, *self._above) if one.subject != one.issuer]


def load(settings: config.Enrolment) -> Authority | None:
    """The keys of the settings; None where none are named or made.

    Raises:
        config.ConfigError: one line.
    """
    folder = Path(settings.directory)
    if not settings.directory or not (folder / TOWN_KEY).exists():
        return None
    ca_file, key_file = _ca_files(settings)
    town = _read_key("enrolment.directory", folder / TOWN_KEY)
    ca_key = _read_key("enrolment.ca_key" if settings.ca_key else "enrolment.directory", key_file)
    if not isinstance(town, ed25519.Ed25519PrivateKey):
        raise config.ConfigError(f"enrolment.directory: got a {TOWN_KEY} of another kind; allowed: an Ed25519 key")
    if not isinstance(ca_key, _SignerKey):
        raise config.ConfigError(f"enrolment.ca_key: got {str(key_file)!r}; allowed: an elliptic, RSA or Ed25519 key")
    try:
        chain = x509.load_pem_x509_certificates(ca_file.read_bytes())
    except (OSError, ValueError) as error:
        raise config.ConfigError(f"enrolment.ca_certificate: got {str(ca_file)!r}; allowed: PEM ({error})") from None
    if chain[0].public_key() != ca_key.public_key():
        raise config.ConfigError(
            "enrolment.ca_key: got another key than that of the first certificate in ca_certificate"
        )
    return Authority(town, chain[0], ca_key, chain[1:])


def make(settings: config.Enrolment, town_name: str, now: datetime) -> Authority:
    """The keys of the settings; made where their files are missing.

    Raises:
        config.ConfigError: no folder is named, or it cannot be used.
    """
    if not settings.directory:
        raise config.ConfigError(
            'enrolment.directory: got ""; allowed: the folder in which the town\'s keys are to lie'
        )
    folder = Path(settings.directory)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not settings.ca_certificate and not (folder / CA_CERTIFICATE).exists():
            key = ec.generate_private_key(ec.SECP384R1())
            _write_once(folder / CA_KEY, _private_pem(key))
            _write_once(folder / CA_CERTIFICATE, _pem(_root(key, town_name, now)).encode())
        if not (folder / TOWN_KEY).exists():
            _write_once(folder / TOWN_KEY, _private_pem(ed25519.Ed25519PrivateKey.generate()))
    except OSError as error:
        raise config.ConfigError(
            f"enrolment.directory: got {str(folder)!r}; allowed: a folder to write ({error.strerror})"
        ) from None
    found = load(settings)
    assert found is not None  # noqa: S101 - its folder is named and its files are made
    return found


def _ca_files(settings: config.Enrolment) -> tuple[Path, Path]:
    folder = Path(settings.directory)
    if settings.ca_certificate:
        return Path(settings.ca_certificate), Path(settings.ca_key)
    return folder / CA_CERTIFICATE, folder / CA_KEY


def _root(key: ec.EllipticCurvePrivateKey, town_name: str, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Talaia devices of {town_name}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=365 * _CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA384())
    )


def _issuer_key(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        known = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key())  # type: ignore[arg-type]  # of an authority
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)


def _read_key(setting: str, path: Path) -> object:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise config.ConfigError(f"{setting}: got {str(path)!r} that others may read; allowed: mode 0600")
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise config.ConfigError(f"{setting}: got {str(path)!r}; allowed: a private key as PEM ({error})") from None


def _write_once(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _private_pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _hash_for(key: _SignerKey) -> hashes.SHA256 | hashes.SHA384 | None:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    return hashes.SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) else hashes.SHA256()


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _dns(device_id: str) -> str:
    """An identifier as a name of DNS, which knows no underscore."""
    return device_id.replace("_", "-").lower()
