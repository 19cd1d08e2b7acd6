"""Ports of loopback that nobody else is given between being chosen and being used, be it in an instant or a minute."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import tempfile
from pathlib import Path

_RANGE = range(26_000, 32_000)
"""Below those that Linux gives to whoever asks for any, or connects somewhere; `make run` chooses below these."""
_FOLDER = Path(tempfile.gettempdir()) / f"talaia-ports-{os.getuid()}"
_held: list[int] = []
"""Descriptors; what is locked through them stays so until the process ends."""


def free_port() -> int:
    """One of TCP and UDP that is this process's until it ends: others that ask here, in any process, get others."""
    _FOLDER.mkdir(exist_ok=True)
    for port in secrets.SystemRandom().sample(_RANGE, len(_RANGE)):
        lock = os.open(_FOLDER / str(port), os.O_CREAT | os.O_RDWR, 0o600)
        if _is_ours(lock) and _is_free(port):
            _held.append(lock)
            return port
        os.close(lock)
    raise OSError(f"every port from {_RANGE.start} to {_RANGE.stop - 1} is taken")


def _is_ours(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
