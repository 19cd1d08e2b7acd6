"""What set-up and `make run` say to the person at the terminal: one line a step, with its seconds."""

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

REFRESH_S = 1.0
WIDTH = 100


def say(line: str, stream: TextIO | None = None) -> None:
    out = stream or sys.stdout
    out.write(line + "\n")
    out.flush()


def complain(line: str) -> None:
    say(f"talaia: {line}", sys.stderr)


class Step:
    """A step of set-up: `[  3.2 s] web pages: built`. On a terminal the line is alive while it runs."""

    def __init__(self, name: str, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._stream = stream or sys.stdout
        self._clock = clock
        self._word = "working"
        self._outcome = "done"
        self._ended = threading.Event()
        self._refresher: threading.Thread | None = None
        self._begun_s = clock()

    def working(self, word: str) -> None:
        """Say what is happening now (shown on a terminal only)."""
        self._word = word

    def done(self, outcome: str) -> None:
        """Say how it ended; printed when the step is left."""
        self._outcome = outcome

    def __enter__(self) -> Self:
        self._begun_s = self._clock()
        if self._stream.isatty():
            self._refresher = threading.Thread(target=self._refresh, daemon=True)
            self._refresher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._refresher is not None:
            self._refresher.join()
        clear = "\r\033[K" if self._refresher is not None else ""
        outcome = self._outcome if kind is None else "stopped"
        self._stream.write(f"{clear}{self._line(outcome)}\n")
        self._stream.flush()

    def _line(self, word: str) -> str:
        return f"[{self._clock() - self._begun_s:6.1f} s] {self._name}: {word}"[:WIDTH]

    def _refresh(self) -> None:
        while not self._ended.wait(REFRESH_S):
            self._stream.write(f"\r\033[K{self._line(self._word + ' ...')}")
            self._stream.flush()
