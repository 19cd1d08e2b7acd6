"""Whom the agent believes when a server shows its certificate."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from edge.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def show(trust: ssl.SSLContext, key: str, certificate: Path, private_key: Path) -> None:
    """Let the device show a certificate of its own.

    Raises:
        ConfigurationError: the files cannot be read, or do not belong to each other.
    """
    try:
        trust.load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as error:
        said = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"{key}: got {str(certificate)!r}; allowed: a certificate and its key ({said})"
        ) from None


def context(key: str, ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities, or those of the file that the setting `key` names. TLS 1.2 at least.

    Raises:
        ConfigurationError: the file cannot be read or holds no certificate.
    """
    try:
        trust = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        said = error.strerror or type(error).__name__
        raise ConfigurationError(f"{key}: got {str(ca_file)!r}; allowed: a file of certificates ({said})") from None
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    return trust
