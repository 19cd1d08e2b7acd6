"""The agent's part of a message's trace: from its publish to the room's ack. Only where tracing is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from running.spans import Step, Tracing


class Traced:
    """Messages on their way; those in flight, so never many."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._steps: dict[UUID, Step] = {}

    def sent(self, message_id: UUID, payload_bytes: int) -> str | None:
        """The user property to send with it; None: it is not one of those that are traced."""
        if not self._tracing.takes(message_id):
            return None
        again = self._steps.pop(message_id, None)
        if again is not None:
            again.end(acked=False)
        said = {"messaging.message.body.size": payload_bytes}
        step = self._tracing.begin("publish", message_id, kind="sends", said=said)
        self._steps[message_id] = step
        return step.traceparent

    def acked(self, message_ids: Iterable[UUID]) -> None:
        for message_id in message_ids:
            step = self._steps.pop(message_id, None)
            if step is not None:
                step.end(acked=True)

    def lost(self) -> None:
        """The connection is gone: no ack will come over it."""
        for step in self._steps.values():
            step.end(acked=False)
        self._steps.clear()

    def close(self, within_s: float) -> None:
        self.lost()
        self._tracing.close(within_s)
