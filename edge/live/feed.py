"""Between the thread that reads a camera and the one that sends: a short queue that never makes a camera wait."""

from __future__ import annotations

import asyncio
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.live.outlet import LivePacket

LIMIT_BYTES = 12 * 1024 * 1024
"""A whole group of pictures fits, and what comes while it is sent."""
LIMIT_PACKETS = 1500


class Feed:
    """Where nobody takes quickly enough, all that waits is let go, and it goes on at the next key frame."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, limit_bytes: int = LIMIT_BYTES) -> None:
        """`loop`: of whoever takes; all its calls but `take` come from there."""
        self.dropped = 0
        self.taken_bytes = 0
        self._loop = loop
        self._limit_bytes = limit_bytes
        self._lock = Lock()
        self._waiting: deque[LivePacket] = deque()
        self._waiting_bytes = 0
        self._awaits_key = True
        self._told = False
        self._some = asyncio.Event()

    def take(self, packet: LivePacket) -> None:
        """From any thread."""
        with self._lock:
            if self._awaits_key and not packet.key:
                self.dropped += not packet.ahead
                return
            self._awaits_key = False
            if self._waiting_bytes + len(packet.data) > self._limit_bytes or len(self._waiting) >= LIMIT_PACKETS:
                self.dropped += len(self._waiting) + 1
                self._let_go()
                return
            self._waiting.append(packet)
            self._waiting_bytes += len(packet.data)
            if self._told:
                return
            self._told = True
        try:
            self._loop.call_soon_threadsafe(self._some.set)
        except RuntimeError:  # the loop is closed: nobody will take any more
            return

    def clear(self) -> None:
        """Go on at a key frame; what waited is not counted as lost."""
        with self._lock:
            self._let_go()

    async def next(self) -> LivePacket:
        while True:
            with self._lock:
                if self._waiting:
                    packet = self._waiting.popleft()
                    self._waiting_bytes -= len(packet.data)
                    self.taken_bytes += len(packet.data)
                    return packet
                self._told = False
                self._some.clear()
            await self._some.wait()

    def _let_go(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0
        self._awaits_key = True
