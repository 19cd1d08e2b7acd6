"""Several serving processes behind one port: each accepts by itself, the kernel deals new connections among them.

The parent only holds the sockets and starts a process again that ended by itself; what was dealt to it waits in its
socket meanwhile.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from types import FrameType

_LOG = logging.getLogger(__name__)
_AGAIN_AFTER_S = 1.0
_CAME_UP_S = 10.0
_STOP_WITHIN_S = 10


class NeverCameUpError(Exception):
    """The first processes ended as soon as they had begun; one line, each of them said why."""


def run(listeners: Sequence[socket.socket], serve: Callable[[socket.socket], None]) -> None:
    """`serve` each of them in a process of its own until a signal says to stop. No thread may run in this one.

    Raises:
        NeverCameUpError: as it says.
    """
    _Family(listeners, serve).run()


class _Family:
    def __init__(self, listeners: Sequence[socket.socket], serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listeners = listeners
        self._children: dict[int, socket.socket] = {}
        self._is_stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for listener in self._listeners:
            self._start(listener)
        began_s = time.monotonic()
        fault = ""
        while self._children:
            pid, status = os.wait()
            if pid not in self._children:
                continue
            listener = self._children.pop(pid)
            if self._is_stopping:
                continue
            if time.monotonic() - began_s < _CAME_UP_S and not _was_killed(status):
                fault = f"a serving process ended as soon as it had begun ({_why(status)})"
                self._stop()
                continue
            _LOG.error("a serving process ended by itself (%s), another takes its place", _why(status))
            time.sleep(_AGAIN_AFTER_S)
            if not self._is_stopping:
                self._start(listener)
        if fault:
            raise NeverCameUpError(fault)

    def _start(self, listener: socket.socket) -> None:
        pid = os.fork()
        if pid:
            self._children[pid] = listener
            return
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        for other in self._listeners:
            if other is not listener:
                other.close()
        status = 1
        try:
            self._serve(listener)
            status = 0
        except Exception as error:  # noqa: BLE001 - no traceback of a setting; the parent says what becomes of it
            _LOG.error("a serving process cannot go on: %s", " ".join(str(error).split()))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            signal.signal(signal.SIGALRM, self._kill)
            signal.alarm(_STOP_WITHIN_S)
        self._tell(signal.SIGTERM)

    def _kill(self, _number: int, _frame: FrameType | None) -> None:
        self._tell(signal.SIGKILL)

    def _tell(self, number: signal.Signals) -> None:
        for pid in list(self._children):
            os.kill(pid, number)


def _was_killed(status: int) -> bool:
    """By a signal from elsewhere: that says nothing of its settings."""
    return os.waitstatus_to_exitcode(status) < 0


def _why(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
