"""How far a long command is, for whoever looks at a terminal."""

from __future__ import annotations

import time
from typing import TextIO

_EVERY_S = 1.0


class Progress:
    """One line, written over; nothing where nobody looks."""

    def __init__(self, output: TextIO | None) -> None:
        self._output = output if output is not None and output.isatty() else None
        self._told_s = time.monotonic()
        self._done_bytes = 0
        self._what = ""

    def begin(self, what: str) -> None:
        self._what, self._done_bytes = what, 0

    def add(self, size_bytes: int) -> None:
        self._done_bytes += size_bytes
        if self._output is not None and time.monotonic() - self._told_s > _EVERY_S:
            self._told_s = time.monotonic()
            self._output.write(f"\r\033[K{self._what}: {self._done_bytes / 1e6:.0f} MB")
            self._output.flush()

    def end(self) -> None:
        if self._output is not None:
            self._output.write("\r\033[K")
            self._output.flush()
