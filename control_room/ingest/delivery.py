"""A message as it came from the broker, before anybody has read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Session(Protocol):
    """The broker's session that a message came over."""

    @property
    def is_over(self) -> bool:
        """Whoever has it now gets the message again; here it may not be stored any more."""

    def settle(self, receipt: Receipt) -> None:
        """Tell the broker that the message is safe."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the broker must be told once the message is safe."""

    session: Session
    connection: int
    """Which connection of the session it came over; a packet id means nothing on the next one."""
    packet_id: int
    qos: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One publish."""

    topic: str
    payload: bytes
    received_at: datetime
    """The server's clock."""
    message_id_property: str | None = None
    """The MQTT 5 user property that names the message where its payload cannot be read."""
    traceparent: str | None = None
    """The MQTT 5 user property that names the device's part of the message's trace (`wire/trace.py`)."""
    receipt: Receipt | None = None
    """None: there is nobody to tell (a replayed dead letter)."""

    @property
    def is_ours(self) -> bool:
        """Nobody else may have taken its session over."""
        return self.receipt is None or not self.receipt.session.is_over

    def settle(self) -> None:
        """It is safe."""
        if self.receipt is not None:
            self.receipt.session.settle(self.receipt)
