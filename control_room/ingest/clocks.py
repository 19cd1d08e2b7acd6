"""Under which time a row is stored whose device's clock may be anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

EARLIEST = timedelta(days=40)
"""Before the receipt. A device keeps what it could not send; longer than any retention by default."""
LATEST = timedelta(hours=1)
"""After the receipt."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a row goes."""

    at: datetime
    """The device's time, or that of receipt where the device's cannot be."""
    device_time: datetime | None = None
    """What the device said, where that is not `at`."""
    fault: Literal["late", "future"] | None = None


def place(said: datetime, received_at: datetime) -> Placed:
    """`said` by the device's clock, `received_at` by the server's."""
    if said < received_at - EARLIEST:
        return Placed(received_at, said, "late")
    if said > received_at + LATEST:
        return Placed(received_at, said, "future")
    return Placed(said)
