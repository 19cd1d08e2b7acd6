"""What was sent and waits for the room's ack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

IN_FLIGHT_MAX = 100
_ACK_FIRST_S, _ACK_LONGEST_S = 15.0, 60.0


class InFlight:
    """Messages that were sent and wait for the room's ack; never more than `IN_FLIGHT_MAX`."""

    def __init__(self) -> None:
        self._again_at_s: dict[UUID, float] = {}
        self._wait_s: dict[UUID, float] = {}

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._again_at_s)

    @property
    def room(self) -> int:
        return IN_FLIGHT_MAX - len(self._again_at_s)

    def sent(self, message_id: UUID, now_s: float) -> None:
        wait_s = self._wait_s.get(message_id, _ACK_FIRST_S)
        self._again_at_s[message_id] = now_s + wait_s
        self._wait_s[message_id] = min(wait_s * 2, _ACK_LONGEST_S)

    def acked(self, message_ids: Iterable[UUID]) -> None:
        """Forget these. The room is there: what was waited for longest need not wait out its time."""
        for message_id in message_ids:
            self._again_at_s.pop(message_id, None)
            self._wait_s.pop(message_id, None)

    def hurry(self, now_s: float) -> None:
        """The room answers again: send what it has not answered soon."""
        for message_id, wait_s in self._wait_s.items():
            if wait_s > 2 * _ACK_FIRST_S and message_id in self._again_at_s:
                self._again_at_s[message_id] = now_s
                self._wait_s[message_id] = _ACK_FIRST_S

    def lost(self) -> None:
        """The connection is gone: everything must be sent again."""
        self._again_at_s.clear()
        self._wait_s.clear()

    def drop_overdue(self, now_s: float) -> int:
        """Forget what waited too long, so that it is sent again."""
        overdue = [message_id for message_id, at_s in self._again_at_s.items() if at_s <= now_s]
        for message_id in overdue:
            del self._again_at_s[message_id]
        return len(overdue)

    def next_s(self) -> float | None:
        return min(self._again_at_s.values(), default=None)
