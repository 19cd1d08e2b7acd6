"""The worker's part of a message's trace: received, read, stored, acked. Only where tracing is on."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from control_room.ingest.reading import Accepted
from wire import trace as wire
from wire.event import EventMessage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from control_room.ingest.reading import Outcome
    from running.spans import Step, Tracing

_MOST_A_BATCH = 50
"""A flood is not made worse by what is told of it."""
_MOST_MARKS = 16


class TracedBatch:
    """Of a batch, the messages that are traced; what happens to the batch happens to each of them."""

    def __init__(self, tracing: Tracing, outcomes: Sequence[Outcome], taken_ns: int) -> None:
        self._tracing = tracing
        self._taken_ns = taken_ns
        self._size = len(outcomes)
        self._marks: list[tuple[str, int]] = []
        self._received: dict[UUID, tuple[Step, int]] = {}
        """With the time at which each came."""
        for outcome in outcomes:
            if len(self._received) == _MOST_A_BATCH:
                break
            if isinstance(outcome, Accepted) and isinstance(outcome.message, EventMessage):
                self._begin(outcome, outcome.message.message_id)
        self.mark("validate")

    def _begin(self, outcome: Accepted, message_id: UUID) -> None:
        if not self._tracing.takes(message_id) or message_id in self._received:
            return
        delivery = outcome.delivery
        came_ns = int(delivery.received_at.timestamp() * 1_000_000) * 1000
        said: dict[str, str | int] = {
            "messaging.message.body.size": len(delivery.payload),
            "messaging.batch.message_count": self._size,
            "talaia.device_id": outcome.device_id,
        }
        sent = wire.parent(delivery.traceparent, message_id)
        step = self._tracing.begin("receive", message_id, after=sent, kind="takes", at_ns=came_ns, said=said)
        self._received[message_id] = step, came_ns

    def mark(self, step: str) -> None:
        """This step has just ended, and the next one begins."""
        self._marks.append((step, time.time_ns()))

    def traceparent(self, message_id: UUID) -> str | None:
        """For what the screens are told of this message."""
        found = self._received.get(message_id)
        return None if found is None else found[0].traceparent

    def end(self) -> None:
        """Everything has happened: tell it."""
        told = self._marks if len(self._marks) <= _MOST_MARKS else [self._marks[0], *self._marks[-2:]]
        for message_id, (received, came_ns) in self._received.items():
            begun = [("", came_ns), ("wait", max(came_ns, self._taken_ns)), *told]
            for (_, from_ns), (name, until_ns) in pairwise(begun):
                self._tracing.begin(name, message_id, after=received.number, at_ns=from_ns).end(until_ns)
            received.end(told[-1][1])
