"""Rules that say nothing until a time; what they would have said is counted, and its later messages are silent too."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from edge.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge.clock import Clock
    from edge.commands.ledger import Ledger
    from edge.pipeline import Deliver
    from vision.frame import Frame
    from vision.rules.base import Rule, RuleEvent

log = logging.getLogger(__name__)

ALL = ""
"""In place of a rule's name."""


class Mutes:
    """Of all cameras; from several threads."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lock = Lock()
        self._until = ledger.mutes()
        self._silent = ledger.silenced_open()

    def mute(self, camera_id: str, rule: str | None, until: datetime) -> int:
        """How many events of the camera were kept silent so far.

        Raises:
            LedgerError: it cannot be written down, so it does not hold.
        """
        self._ledger.mute(camera_id, rule or ALL, until)
        with self._lock:
            self._until[camera_id, rule or ALL] = until
        return self._ledger.silenced_count(camera_id)

    def filter(self, camera_id: str, deliver: Deliver) -> Deliver:
        """`deliver` without what is muted."""

        def delivered(event: RuleEvent, frame: Frame, rule: Rule) -> None:
            if not self._silences(camera_id, event):
                deliver(event, frame, rule)

        return delivered

    def _silences(self, camera_id: str, event: RuleEvent) -> bool:
        key = camera_id, event.rule, event.occurrence
        if event.phase == "opened":
            if not self._is_muted(camera_id, event.rule):
                return False
            with self._lock:
                self._silent.add(key)
            self._note(self._ledger.silence, key)
            return True
        with self._lock:
            if key not in self._silent:
                return False
            if event.phase == "closed":
                self._silent.discard(key)
        if event.phase == "closed":
            self._note(self._ledger.silence_over, key)
        return True

    def _is_muted(self, camera_id: str, rule: str) -> bool:
        now = self._clock.now()
        with self._lock:
            ends = [self._until.get((camera_id, name)) for name in (ALL, rule)]
        return any(until is not None and now < until for until in ends)

    @staticmethod
    def _note(write: Callable[[str, str, int], None], key: tuple[str, str, int]) -> None:
        """On a full disk it holds as long as the agent runs."""
        try:
            write(*key)
        except EdgeError as error:
            log.error("%s", error)  # noqa: TRY400 - said, not traced
