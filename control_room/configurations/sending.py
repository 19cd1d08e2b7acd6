"""The worker's part: configurations for devices that were away longer than a command is valid."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from control_room.configurations import service

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_room.commands.keys import Signer
    from control_room.database import pool

_EVERY_S = 10.0


class Returning:
    """Looks now and then whether one of them is back."""

    def __init__(self, signer: Signer | None) -> None:
        self._signer = signer
        self._due_s = time.monotonic()

    def is_due(self) -> bool:
        return self._signer is not None and time.monotonic() >= self._due_s

    def run(self, connect: Callable[[], pool.Connection], now: datetime) -> None:
        self._due_s = time.monotonic() + _EVERY_S
        connection = connect()
        if self._signer is not None:
            with connection.transaction():
                service.send_again(connection, self._signer, now)
