"""systemd's end of the notify socket."""

from __future__ import annotations

import contextlib
import socket
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
        """All the lines that came; waits so long for a further one."""
        self._socket.settimeout(for_s)
        with contextlib.suppress(TimeoutError):
            while True:
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
