"""Whom the agent believes when a server shows its certificate."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from edge.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def context(key: str, ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities, or those of the file that the setting `key` names.

    Raises:
        ConfigurationError: the file cannot be read or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        said = error.strerror or type(error).__name__
        raise ConfigurationError(f"{key}: got {str(ca_file)!r}; allowed: a file of certificates ({said})") from None
