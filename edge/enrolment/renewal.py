"""Gets the next certificate before the present one expires."""

from __future__ import annotations

import logging
from threading import Event
from typing import TYPE_CHECKING

from edge import senders
from edge.enrolment import asking, identity
from edge.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge.clock import Clock
    from edge.config import Settings

log = logging.getLogger(__name__)

LEFT = 1 / 3
"""Of its time, when it is renewed."""
_LOOK_EVERY_S = 3600.0
_AGAIN_S = 300.0


class Renewal:
    """A thread that sleeps nearly always; a device that was never enrolled has nothing to renew."""

    def __init__(self, settings: Callable[[], Settings], clock: Clock, stop: Event) -> None:
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._renewed = Event()
        self.expires_at: datetime | None = None
        """Of the certificate that is in use; None where there is none."""

    def run(self) -> None:
        while not self._stop.is_set():
            wait_s = _LOOK_EVERY_S
            try:
                self.look()
            except EdgeError as error:
                log.warning("the certificate is not renewed: %s", error)
                wait_s = _AGAIN_S
            self._clock.wait(self._stop, wait_s)

    def take_renewed(self) -> bool:
        """Whether there is a new one since the last call."""
        renewed = self._renewed.is_set()
        self._renewed.clear()
        return renewed

    def look(self) -> None:
        """Renew where it is time.

        Raises:
            EdgeError: one line; the present one stays.
        """
        settings = self._settings()
        folder = settings.identity_dir
        if folder is None:
            self.expires_at = None
            return
        valid_from, self.expires_at = identity.validity(folder)
        left = (self.expires_at - self._clock.now()) / (self.expires_at - valid_from)
        if left > LEFT:
            return
        keys = identity.load_keys(folder)
        trust = senders.trust_of_room(settings)
        given = asking.renew(settings.room.url, settings.token(), keys, self._clock, trust)
        identity.renew(folder, given)
        _, self.expires_at = identity.validity(folder)
        log.info("the certificate is renewed, until %s", self.expires_at.isoformat())
        self._renewed.set()
