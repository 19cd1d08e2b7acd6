"""Turns tracing on where the settings ask for it. Nothing of OpenTelemetry is imported before that."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from running.spans import Tracing

_PATH = "/v1/traces"
_NEEDED = "opentelemetry.exporter.otlp.proto.http"


class NotInstalledError(Exception):
    """The extra `tracing` is missing."""


def endpoint_fault(url: str) -> str | None:
    """What is allowed instead of this address; None: it can be used."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        sound = False
    return None if sound else "http(s)://HOST[:PORT] of a collector that takes OTLP over HTTP, or nothing"


def start(endpoint: str, share: float, *, service: str, instance: str) -> Tracing | None:
    """None where `endpoint` is empty.

    Args:
        endpoint: of the collector; without a path OTLP's own is meant.
        share: of the messages that are traced, 0 to 1.
        service: what kind of process this is.
        instance: which of them.

    Raises:
        NotInstalledError: as it says.
    """
    if not endpoint:
        return None
    try:
        is_there = importlib.util.find_spec(_NEEDED) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise NotInstalledError
    from running.spans import Tracing  # noqa: PLC0415 - an extra, and only where it is asked for

    url = endpoint if urlsplit(endpoint).path.strip("/") else endpoint.rstrip("/") + _PATH
    return Tracing(url, share, service=service, instance=instance)
