"""Positions on their way to the room; those of a lost link wait for it, as many as a short flight has."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.device import PositionMessage

_WAITING_MAX = 1800
"""Half an hour at one a second; the oldest go."""


class Positions:
    """Of all cameras of the agent; put by their threads, taken by the publisher's."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: deque[PositionMessage] = deque(maxlen=_WAITING_MAX)

    def put(self, position: PositionMessage) -> None:
        self._waiting.append(position)
        self._wake()

    def take(self) -> list[PositionMessage]:
        """All that wait, the oldest first."""
        taken: list[PositionMessage] = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken
