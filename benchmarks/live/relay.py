"""A bad line between a viewer and the media process: every packet comes late, and some do not come. Seeded."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_CANDIDATE = re.compile(r"^(a=candidate:\S+ 1 udp \d+ )(\S+) (\d+) ", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """How bad it is, each way."""

    loss: float
    delay_s: float
    seed: int


class Relay:
    """Of one viewer: whoever sends to it first is the viewer."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._random = random.Random(line.seed)
        self._near, self._far = _socket(), _socket()
        self._viewer: tuple[str, int] | None = None
        self._waiting: list[tuple[float, int, socket.socket, bytes, tuple[str, int]]] = []
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._target: tuple[str, int] | None = None
        self.passed = self.lost = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self, sdp: str) -> str:
        """The media process's answer with this in its place."""
        found = _CANDIDATE.search(sdp)
        if found is None:
            raise ValueError("the answer has no candidate")
        self._target = found[2], int(found[3])
        port = self._near.getsockname()[1]
        return _CANDIDATE.sub(rf"\g<1>127.0.0.1 {port} ", sdp)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()
        self._near.close()
        self._far.close()

    def _run(self) -> None:
        self._loop.add_reader(self._near, self._from_viewer)
        self._loop.add_reader(self._far, self._from_room)
        self._loop.run_forever()
        self._loop.remove_reader(self._near)
        self._loop.remove_reader(self._far)

    def _from_viewer(self) -> None:
        for content, sender in _all(self._near):
            self._viewer = sender
            if self._target is not None:
                self._pass(self._far, content, self._target)

    def _from_room(self) -> None:
        for content, _ in _all(self._far):
            if self._viewer is not None:
                self._pass(self._near, content, self._viewer)

    def _pass(self, by: socket.socket, content: bytes, to: tuple[str, int]) -> None:
        if self._random.random() < self._line.loss:
            self.lost += 1
            return
        self.passed += 1
        due_s = self._loop.time() + self._line.delay_s
        heapq.heappush(self._waiting, (due_s, next(self._numbers), by, content, to))
        self._loop.call_at(due_s, self._send)

    def _send(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._loop.time() + 0.0005:
            _, _, by, content, to = heapq.heappop(self._waiting)
            try:
                by.sendto(content, to)
            except OSError:
                self.lost += 1


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    made.bind(("127.0.0.1", 0))
    return made


def _all(source: socket.socket) -> Iterator[tuple[bytes, tuple[str, int]]]:
    while True:
        try:
            yield source.recvfrom(65_536)
        except OSError:
            return


@contextmanager
def relaying(line: Line) -> Iterator[Relay]:
    relay = Relay(line)
    try:
        yield relay
    finally:
        relay.close()
