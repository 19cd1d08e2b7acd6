"""Messages for tests that do not care what they say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import uuid_utils.compat

from edge.clock import Clock
from edge.outbox import Outbox, Place
from wire.event import EventMessage, ModelReference

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.event import Phase

MODEL = ModelReference(name="none", sha256="0" * 64)


def maker(clock: Clock, *, event_id: UUID | None = None, phase: Phase = "opened") -> Callable[[Place], EventMessage]:
    def make(place: Place) -> EventMessage:
        return EventMessage(
            message_id=uuid_utils.compat.uuid7(),
            event_id=event_id or uuid_utils.compat.uuid7(),
            outbox_id=place.outbox_id,
            sequence=place.sequence,
            device_id="dev-1",
            camera_id="placa",
            rule="illegal_dumping",
            phase=phase,
            occurred_at=clock.now(),
            sent_at=clock.now(),
            severity="high",
            confidence=0.5,
            objects=[],
            zone=None,
            location=None,
            evidence=[],
            model=MODEL,
            attributes={},
        )

    return make


def write_for_ever(path: Path) -> None:
    """Until killed; each sequence is printed once it is on the disk."""
    clock = Clock()
    outbox = Outbox(path, clock)
    while True:
        message = outbox.append(maker(clock))
        sys.stdout.write(f"{message.sequence}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]))
