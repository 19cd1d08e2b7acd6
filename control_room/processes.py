"""Several serving processes behind one port: each accepts by itself, the kernel deals new connections among them.

The parent only holds the sockets, speaks to the supervisor, and starts a process again that ended by itself, or that it
had to end because it no longer came round; what was dealt to it waits in its socket meanwhile.
"""

from __future__ import annotations

import logging
import mmap
import os
import signal
import struct
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from types import FrameType

    from running.watchdog import Watchdog

    Serve = Callable[[socket.socket, Callable[[], None]], None]

_LOG = logging.getLogger(__name__)
_AGAIN_AFTER_S = 1.0
_CAME_UP_S = 10.0
_STOP_WITHIN_S = 10
_LOOK_EVERY_S = 1.0
HANGS_AFTER_S = 60.0
"""A process that has not come round for so long is ended."""
_STARTS_WITHIN_S = 300.0


class NeverCameUpError(Exception):
    """The first processes ended as soon as they had begun; one line, each of them said why."""


def run(
    listeners: Sequence[socket.socket],
    serve: Serve,
    watchdog: Watchdog,
    *,
    ended: Callable[[int], None],
    hangs_after_s: float = HANGS_AFTER_S,
) -> None:
    """`serve` each of them in a process of its own until a signal says to stop. No thread may run in this one.

    Args:
        listeners: sockets that listen on the one port.
        serve: it is given what it must call whenever it comes round.
        watchdog: who is told how all of them are.
        ended: called with the number of a process that is no more.
        hangs_after_s: one that has not come round for so long is ended.

    Raises:
        NeverCameUpError: as it says.
    """
    _Family(listeners, serve, watchdog, ended, hangs_after_s).run()


class _Pulses:
    """When each process came round last, in memory that all of them share."""

    _PLACE = struct.Struct("d")

    def __init__(self, count: int) -> None:
        self._memory = mmap.mmap(-1, count * self._PLACE.size)
        self._begun_s = [0.0] * count

    def begin(self, number: int) -> None:
        """Another process has the place."""
        self._begun_s[number] = time.monotonic()
        self._PLACE.pack_into(self._memory, number * self._PLACE.size, 0.0)

    def beat(self, number: int) -> None:
        self._PLACE.pack_into(self._memory, number * self._PLACE.size, time.monotonic())

    def has_come_up(self, number: int) -> bool:
        return self._at_s(number) > 0

    def silent_s(self, number: int) -> float:
        """Since it came round, or since its start."""
        return time.monotonic() - (self._at_s(number) or self._begun_s[number])

    def _at_s(self, number: int) -> float:
        at_s: float = self._PLACE.unpack_from(self._memory, number * self._PLACE.size)[0]
        return at_s


class _Family:
    def __init__(
        self,
        listeners: Sequence[socket.socket],
        serve: Serve,
        watchdog: Watchdog,
        ended: Callable[[int], None],
        hangs_after_s: float,
    ) -> None:
        self._serve = serve
        self._listeners = listeners
        self._watchdog = watchdog
        self._ended = ended
        self._hangs_after_s = hangs_after_s
        self._pulses = _Pulses(len(listeners))
        self._children: dict[int, int] = {}
        """Process -> number of its listener."""
        self._is_ready = self._is_stopping = False

    def run(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # it is waited for
        for number in range(len(self._listeners)):
            self._start(number)
        began_s = time.monotonic()
        fault = ""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid not in self._children:
                self._look()
                continue
            number = self._children.pop(pid)
            self._ended(pid)
            if self._is_stopping:
                continue
            if time.monotonic() - began_s < _CAME_UP_S and not _was_killed(status):
                fault = f"a serving process ended as soon as it had begun ({_why(status)})"
                self._stop()
                continue
            _LOG.error("a serving process ended by itself (%s), another takes its place", _why(status))
            time.sleep(_AGAIN_AFTER_S)
            if not self._is_stopping:
                self._start(number)
        if fault:
            raise NeverCameUpError(fault)

    def _look(self) -> None:
        """How the others are; then wait a moment, or until one of them has ended."""
        numbers = self._children.values()
        if not self._is_ready and all(self._pulses.has_come_up(number) for number in numbers):
            self._is_ready = True
            self._watchdog.ready()
        if not self._is_stopping:
            if self._is_ready:
                self._watchdog.turn(lambda: f"{len(numbers)} processes serve")
            for pid, number in self._children.items():
                limit_s = self._hangs_after_s if self._pulses.has_come_up(number) else _STARTS_WITHIN_S
                if self._pulses.silent_s(number) > limit_s:
                    _LOG.error("a serving process hangs, it is ended")
                    os.kill(pid, signal.SIGKILL)
        signal.sigtimedwait({signal.SIGCHLD}, _LOOK_EVERY_S)

    def _start(self, number: int) -> None:
        self._pulses.begin(number)
        listener, parent = self._listeners[number], os.getpid()
        pid = os.fork()
        if pid:
            self._children[pid] = number
            return
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for other in self._listeners:
            if other is not listener:
                other.close()
        status = 1
        try:
            self._serve(listener, lambda: self._come_round(number, parent))
            status = 0
        except Exception as error:  # noqa: BLE001 - no traceback of a setting; the parent says what becomes of it
            _LOG.error("a serving process cannot go on: %s", " ".join(str(error).split()))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _come_round(self, number: int, parent: int) -> None:
        """In the process itself; it ends where the parent was killed, for nobody would look after it."""
        self._pulses.beat(number)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    def _stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._watchdog.stopping()
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
