"""Turns tracing on where the settings ask for it. Nothing of OpenTelemetry is imported before that."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from running.spans import Tracing

ONLY_WITH_EXTRA = "only where the extra `tracing` is installed, or nothing"
_PATH = "/v1/traces"


def is_installed() -> bool:
    """Whether the extra is there."""
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


def endpoint_fault(url: str) -> str | None:
    """What is allowed instead of this address; None: it can be used."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        sound = False
    return None if sound else "http(s)://HOST[:PORT] of a collector that takes OTLP over HTTP, or nothing"


def start(endpoint: str, share: float, *, service: str, instance: str) -> Tracing:
    """Only where the extra `is_installed`.

    Args:
        endpoint: of the collector; without a path OTLP's own is meant.
        share: of the messages that are traced, 0 to 1.
        service: what kind of process this is.
        instance: which of them.
    """
    from running.spans import Tracing  # noqa: PLC0415 - an extra, and only where it is asked for

    url = endpoint if urlsplit(endpoint).path.strip("/") else endpoint.rstrip("/") + _PATH
    return Tracing(url, share, service=service, instance=instance)
