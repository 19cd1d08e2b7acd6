"""systemd's end of the notify socket."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from tests.control_room import services


class Supervisor:
    """Hears what a process says of itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def listen(self, for_s: float = 0.05) -> list[str]:
        """All the lines that came until now and for so long; what lies there in any case, however late it is."""
        until_s = time.monotonic() + for_s
        with contextlib.suppress(TimeoutError, BlockingIOError):
            while True:
                self._socket.settimeout(max(0.0, until_s - time.monotonic()))
                self.heard += self._socket.recv(4096).decode().splitlines()
        return self.heard

    def wait_for(self, word: str, times: int = 1, within_s: float = 120) -> None:
        services.wait_until(lambda: self.listen().count(word) >= times, within_s, word)

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def supervising(folder: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(folder / "notify")
    try:
        yield supervisor
    finally:
        supervisor.close()
