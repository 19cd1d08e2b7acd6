"""The traces of this process, where the settings ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room import config
from running import tracing

if TYPE_CHECKING:
    from running.spans import Tracing


def start(settings: config.Tracing, *, service: str, instance: str) -> Tracing | None:
    """None: nothing is traced.

    Raises:
        config.ConfigError: the extra is not installed.
    """
    if not settings.endpoint:
        return None
    if not tracing.is_installed():
        raise config.ConfigError(f"tracing.endpoint: got {settings.endpoint!r}; allowed: {tracing.ONLY_WITH_EXTRA}")
    return tracing.start(settings.endpoint, settings.share, service=service, instance=instance)
