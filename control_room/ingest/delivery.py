"""A message as it came from the broker, before anybody has read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the broker must be told once the message is safe."""

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
    receipt: Receipt | None = None
    """None: there is nobody to tell (a replayed dead letter)."""
