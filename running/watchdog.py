"""Tells systemd that a process is ready and well (sd_notify(3)); does nothing where nobody listens."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

_AT_MOST_EVERY_S = 2.0


class Watchdog:
    """One datagram a call; the supervisor ends a process that stops saying that it is well."""

    def __init__(
        self, environment: Mapping[str, str] = os.environ, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._monotonic_s = monotonic_s
        self._status = ""
        self._again_s = -float("inf")

    def ready(self) -> None:
        self._say("READY=1")

    def well(self, status: str) -> None:
        """Every thread comes round."""
        self._say("WATCHDOG=1", status)

    def turn(self, status: Callable[[], str] | None = None) -> None:
        """As `well`, for a loop that comes round often: tells it every two seconds at the most."""
        if self._address and self._monotonic_s() >= self._again_s:
            self._again_s = self._monotonic_s() + _AT_MOST_EVERY_S
            self._say("WATCHDOG=1", "" if status is None else status())

    def ill(self, status: str) -> None:
        """Something hangs: without `WATCHDOG=1` it is only a matter of time."""
        self._status = ""
        self._say("", status)

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, word: str, status: str = "") -> None:
        lines = [word] if word else []
        if status and status != self._status:
            self._status = status
            lines.append(f"STATUS={' '.join(status.split())}")
        if not self._address or not lines:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("the supervisor cannot be told: %s", error.strerror)
