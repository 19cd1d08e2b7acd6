"""What is wrong with the agent, for people: raised and cleared by whoever sees it, told with the status."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from wire.device import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from edge.clock import Clock
    from wire.device import AlarmCode

log = logging.getLogger(__name__)

Parameters = dict[str, str | int | float]
TEXT_LENGTH_MAX = 300


@dataclass(slots=True)
class _Raised:
    since: datetime
    told: datetime
    """When it was last raised again."""
    parameters: Parameters


class Alarms:
    """At most one of a code and a subject (a camera or a thread); may be used from any thread."""

    def __init__(self, clock: Clock, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._changed = changed
        self._lock = Lock()
        self._raised: dict[tuple[AlarmCode, str], _Raised] = {}

    def set(self, code: AlarmCode, parameters: Parameters | None, *, subject: str = "") -> None:
        """Raise it, or with `parameters` None clear it; what stands already is told again only when it says more."""
        key = code, subject
        told = None if parameters is None else {name: _short(value) for name, value in parameters.items()}
        with self._lock:
            before = self._raised.get(key)
            if told is None:
                self._raised.pop(key, None)
            else:
                now = self._clock.now()
                self._raised[key] = _Raised(now if before is None else before.since, now, told)
        named = f"{code} {subject}".rstrip()
        if before is None and told is not None:
            log.error("alarm: %s %s", named, told)
        elif before is not None and told is None:
            log.info("alarm over: %s", named)
        elif before is None or before.parameters == told:
            return
        self._changed()

    def replace(self, code: AlarmCode, wanted: Mapping[str, Parameters]) -> None:
        """Those subjects and no others have this alarm."""
        with self._lock:
            had = [subject for known, subject in self._raised if known == code]
        for subject in had:
            if subject not in wanted:
                self.set(code, None, subject=subject)
        for subject, parameters in wanted.items():
            self.set(code, parameters, subject=subject)

    def expire(self, code: AlarmCode, after: timedelta) -> None:
        """Clear those that nobody raised again for so long."""
        before = self._clock.now() - after
        with self._lock:
            old = [subject for (known, subject), one in self._raised.items() if known == code and one.told < before]
        for subject in old:
            self.set(code, None, subject=subject)

    def standing(self) -> list[Alarm]:
        """Oldest first."""
        with self._lock:
            raised = sorted(self._raised.items(), key=lambda one: one[1].since)
        return [
            Alarm(code=code, subject=subject, parameters=one.parameters, since=one.since)
            for (code, subject), one in raised
        ]


def _short(value: str | float) -> str | int | float:
    return value[:TEXT_LENGTH_MAX] if isinstance(value, str) else value
