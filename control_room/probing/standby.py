"""The service's end of `warm`: one that waits for a file is begun at the first, and again where it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_room.probing.result import Request

COMMAND = (sys.executable, "-I", "-m", "control_room.probing.warm")
ANSWER_BYTES = 64 * 1024
_STATUS_BYTES = 16
_BEGINS_WITHIN_S = 60.0
"""On a busy machine; only then is it taken for one that hangs."""


class NotBegunError(Exception):
    """No process could be begun, or it ended before it said how its child ended; one line."""


class Standby:
    """One process; for one thread at a time."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    def look(self, file: BinaryIO, request: Request) -> tuple[bytes, int]:
        """The child's answer, of more than `ANSWER_BYTES` only so much and one, and its exit status.

        Raises:
            NotBegunError: as it says; the next call begins another.
        """
        for begun_before in (self._process is not None, False):
            try:
                return self._asked(file, request)
            except OSError as error:
                self.close()
                if not begun_before:  # else it had waited for long, and ended as this came
                    raise NotBegunError(f"no process to look at files: {error}") from None
        raise NotBegunError("no process to look at files")

    @property
    def pid(self) -> int | None:
        """None: it is not begun."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """With the child that it may have."""
        if self._requests is not None:
            self._requests.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = self._requests = None

    def _asked(self, file: BinaryIO, request: Request) -> tuple[bytes, int]:
        requests = self._requests or self._begin()
        requests.settimeout(request.wall_s + _BEGINS_WITHIN_S)
        reading, writing = os.pipe()
        with open(reading, "rb", buffering=0) as answer:  # noqa: PTH123 - a descriptor
            try:
                socket.send_fds(requests, [request.model_dump_json().encode()], [file.fileno(), writing])
            finally:
                os.close(writing)
            hangs = threading.Timer(request.wall_s + _BEGINS_WITHIN_S, self._kill)
            hangs.start()
            try:
                said = _read(answer)
            finally:
                hangs.cancel()
        status = requests.recv(_STATUS_BYTES)
        if not status:
            raise ConnectionResetError("it ended")
        return said, int(status)

    def _begin(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        self._requests = ours
        return ours

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()  # its child ends with it


def _read(answer: BinaryIO) -> bytes:
    said = b""
    while len(said) <= ANSWER_BYTES and (piece := answer.read(ANSWER_BYTES + 1 - len(said))):
        said += piece
    return said
